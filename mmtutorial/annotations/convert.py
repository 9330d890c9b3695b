"""From photos and an export of an annotation program to a data set of the kind ``folder``."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from mmtutorial.annotations.findings import Fault, Findings
from mmtutorial.annotations.formats import read
from mmtutorial.annotations.labels import VOID_LABEL, class_names
from mmtutorial.annotations.photos import Photos
from mmtutorial.annotations.records import Annotated
from mmtutorial.annotations.shapes import Painted, Polygon, Shape, coordinates, cover, extent, scaled
from mmtutorial.datasets.classes import VOID, voc_palette
from mmtutorial.datasets.files import UPRIGHT
from mmtutorial.datasets.pictures import palette_png, read_image
from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes

_FAR = 1e7
"""Pixels from which on a coordinate is a slip, as is what is no number at all."""


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes:
        out: the folder.
        names: class names, the first for id 0.
        masks: number of photos with a mask.
        unlabeled: number of photos without an annotation; they lie in ``unlabeled/``, for a proxy task.
        remarks: what was passed over or taken in one of two ways, a line for each kind, with counts.
    """

    out: Path
    names: tuple[str, ...]
    masks: int
    unlabeled: int
    remarks: tuple[str, ...] = ()


def convert(
    annotations: Path,
    photos: Path,
    out: Path,
    classes: Sequence[str] | None = None,
    form: str | None = None,
    attribute: str | None = None,
) -> Converted:
    """Write ``images/``, ``masks/``, ``unlabeled/`` and ``classes.toml``.

    What no shape covers is background. A shape labelled void, ignore or unlabeled becomes void. Photos are copied.

    Args:
        annotations: a file or folder of an export; see :data:`mmtutorial.annotations.formats.FORMATS`.
        photos: folder of the photos; its sub-folders are looked through as well.
        out: folder for the data set; it must not exist, or be empty.
        classes: names of the classes after background, in order; by default those found, in alphabetical order.
        form: the format; None recognises it.
        attribute: for VIA, the attribute of a region that holds its class.

    Raises:
        InputError: the export cannot be read, names a photo that is not there or a label not in ``classes``, or has
            other faults. The message tells all of them; nothing is written then.
    """
    if out.exists() and (not out.is_dir() or os.listdir(out)):
        raise InputError(f"{out} is there already and not empty; give a new folder")
    findings = Findings()
    if classes is not None:
        classes = class_names((), classes)[1:]
    found = list(read(annotations, form, findings, classes, attribute))
    pile = Photos(photos, frozenset(one.mask.resolve() for one in found if one.mask))
    by_photo = _paired(found, pile, findings)
    names = _names(found, classes, findings)
    masks = _masks(by_photo, pile, names, findings)
    files = _file_names(pile, findings)
    findings.refuse()
    _write(out, pile, files, masks, names)
    return Converted(out, names, len(masks), len(pile.paths) - len(masks), findings.remarks)


def _paired(found: Sequence[Annotated], pile: Photos, findings: Findings) -> dict[Path, Annotated]:
    """Return annotations by their photo, without those that nobody has worked on."""
    pairs: dict[Path, Annotated] = {}
    for one in found:
        if not one.finished:
            findings.remark("taken as unlabelled: photos listed without an outline", one.where)
            continue
        try:
            photo = _photo(one, pile)
        except Fault as fault:
            findings.fault(one.where, str(fault), fault.remedy)
            continue
        if photo in pairs:
            what = f"it and {pairs[photo].where} belong to the same photo {photo}"
            findings.fault(one.where, what, "give an export that has each photo once")
        pairs.setdefault(photo, one)
    if not pairs and not findings.faulty:
        seen = f" ({'; '.join(findings.remarks)})" if findings.remarks else ""
        raise InputError(f"no photo is annotated{seen}; annotate some, then export again")
    return pairs


def _photo(one: Annotated, pile: Photos) -> Path:
    """Return the photo of an annotation.

    Raises:
        Fault: it is not there, or it may be one of several.
    """
    fitting = [pile.find(reference) for reference in one.references]
    chosen = {path for paths in fitting for path in paths}
    text = " or ".join(reference.text for reference in one.references)
    if not chosen:
        near = pile.nearest(one.references[0])
        hint = f", where the nearest name is {near}" if near else ""
        raise Fault(f"it belongs to the photo {text}, which is not in {pile.folder}{hint}", "put it there")
    if len(chosen) > 1:
        named = " and ".join(str(pile.folder / path) for path in sorted(chosen))
        raise Fault(
            f"it belongs to {text}, which may be {named}", "rename one of them, or give a folder with one alone"
        )
    return chosen.pop()


def _names(found: Sequence[Annotated], classes: Sequence[str] | None, findings: Findings) -> tuple[str, ...]:
    """Return background and the classes."""
    used = {shape.label: one.where for one in reversed(found) for shape in one.shapes}
    try:
        names = class_names(used, classes)
    except InputError as error:
        findings.error(error)
        return ()
    for label, where in used.items():
        if label not in (*names, VOID_LABEL):
            what = f"the label '{label}' is not among the classes {', '.join(names[1:])}"
            findings.fault(where, what, "correct it, or name it in --classes")
    alike = Counter(name.casefold() for name in names)
    for name in names:
        if alike[name.casefold()] > 1:
            findings.remark("labels that differ by capital letters alone, taken as different classes", f"'{name}'")
    return names


def _masks(
    by_photo: dict[Path, Annotated], pile: Photos, names: Sequence[str], findings: Findings
) -> dict[Path, bytes]:
    """Return masks as PNG, since arrays of many photos do not fit into memory; all, before anything is written."""
    ids = {name: i for i, name in enumerate(names)} | {VOID_LABEL: VOID}
    masks = {}
    for photo, one in tqdm(by_photo.items(), "masks", delay=1, leave=False):
        try:
            height, width = read_image(pile.folder / photo).shape[1:]
            _check_size(one, pile.folder / photo, (width, height))
            masks[photo] = palette_png(_draw(one, (width, height), ids, findings), voc_palette(256))
        except InputError as error:
            findings.error(error)
        except Fault as fault:
            findings.fault(one.where, str(fault), fault.remedy)
    return masks


def _check_size(one: Annotated, photo: Path, size: tuple[int, int]) -> None:
    if one.size is not None and one.size != size:
        raise Fault(
            f"it was drawn on {one.size[0]}x{one.size[1]} pixels, but {photo} has {size[0]}x{size[1]}",
            UPRIGHT if one.size == size[::-1] else "give the photos on which it was drawn",
        )


def _draw(one: Annotated, size: tuple[int, int], ids: dict[str, int], findings: Findings) -> NDArray[np.uint8]:
    """Return the mask ``(H, W)``; a shape that cannot be drawn is a fault, and none vanishes without a word."""
    mask = np.zeros((size[1], size[0]), dtype=np.uint8)
    for shape in one.shapes:
        try:
            shape = scaled(shape, *size) if one.relative else shape
            _check_shape(shape, size)
            window, inside = cover(shape, size)
        except Fault as fault:
            findings.fault(one.where, str(fault), fault.remedy)
            continue
        if not inside.any():
            findings.remark(
                "passed over: shapes too small to cover the middle of a pixel", f"'{shape.label}', {one.where}"
            )
        if _reaches_beyond(shape, size):
            findings.remark("cut off: shapes that reach beyond their photo", f"'{shape.label}', {one.where}")
        # A label without an id is a fault already.
        mask[window][inside] = ids.get(shape.label, 0)
    return mask


def _check_shape(shape: Shape, size: tuple[int, int]) -> None:
    """Refuse a shape without an area, without a place, or outside its photo.

    Raises:
        Fault: it is such.
    """
    if isinstance(shape, Polygon) and len(shape.points) < 3:
        raise Fault(
            f"the shape '{shape.label}' has {len(shape.points)} points, without an area", "draw it as a polygon"
        )
    strange = [value for value in coordinates(shape) if not abs(value) < _FAR]
    if strange:
        raise Fault(f"the shape '{shape.label}' has a corner at {strange[0]}, no place on a photo", "draw it again")
    left, top, right, bottom = extent(shape)
    if isinstance(shape, Painted) and (shape.shape[1] > size[0] or shape.shape[0] > size[1]):
        raise Fault(f"the painted region '{shape.label}' is larger than its photo", "draw it again")
    if right <= 0 or bottom <= 0 or left >= size[0] or top >= size[1]:
        raise Fault(
            f"the shape '{shape.label}' lies outside the photo, which has {size[0]}x{size[1]} pixels", "draw it again"
        )


def _reaches_beyond(shape: Shape, size: tuple[int, int]) -> bool:
    """Return whether a shape is cut by more than a pixel, which programs round away."""
    left, top, right, bottom = extent(shape)
    return min(left, top) < -1 or right > size[0] + 1 or bottom > size[1] + 1


def _file_names(pile: Photos, findings: Findings) -> dict[Path, str]:
    """Return the name of each photo in the data set, and remark on what else lies in the folder."""
    for path in pile.others:
        findings.remark("passed over: files that are no photos", str(pile.folder / path))
    for folder in sorted({path.parent.as_posix() for path in pile.paths} - {"."}):
        findings.remark("photos taken from sub-folders", folder)
    try:
        return pile.names()
    except InputError as error:
        findings.error(error)
        return {}


def _write(out: Path, pile: Photos, files: dict[Path, str], masks: dict[Path, bytes], names: Sequence[str]) -> None:
    """Write all into a folder beside ``out`` that then gets its name: whole, or not at all.

    Raises:
        InputError: the place cannot be written.
    """
    place = out.resolve()  # It may be ``.``, or a link.
    part = place.with_name(f".{place.name[:200]}.{os.getpid()}.part")
    try:
        for photo, name in tqdm(files.items(), "writing", delay=1, leave=False):
            there = "images" if photo in masks else "unlabeled"
            write_bytes(part / there / name, (pile.folder / photo).read_bytes())
            if photo in masks:
                write_bytes(part / "masks" / f"{Path(name).stem}.png", masks[photo])
        table = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
        write_bytes(part / "classes.toml", f"names = [{table}]\n".encode())
        if place.exists():  # The folder itself stays: a terminal may be in it.
            for one in sorted(part.iterdir(), reverse=True):
                one.rename(place / one.name)
        else:
            part.rename(place)
    except InputError as error:  # It names a place that nobody gave.
        raise InputError(str(error).replace(str(part), str(out))) from None
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}; free space or choose another --out") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
