"""From photos and an export of an annotation program to a data set of the kind ``folder``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from mmtutorial.annotations.label_studio import is_label_studio, read_label_studio
from mmtutorial.annotations.labelme import is_labelme, read_labelme
from mmtutorial.annotations.shapes import Annotated, Painted, draw_mask
from mmtutorial.datasets.classes import VOID, voc_palette
from mmtutorial.datasets.files import PHOTO_SUFFIXES, by_stem
from mmtutorial.datasets.pictures import palette_png, read_image
from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes

VOID_LABELS = ("void", "ignore", "unlabeled")
"""Labels of regions that nobody shall be judged by."""
BACKGROUND = "background"


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes:
        out: The folder.
        names: Class names, the first for id 0.
        masks: Number of photos with a mask.
        unlabeled: Number of photos without an annotation; they lie in ``unlabeled/``, for a proxy task.
    """

    out: Path
    names: tuple[str, ...]
    masks: int
    unlabeled: int


def convert(annotations: Path, photos: Path, out: Path, classes: Sequence[str] | None = None) -> Converted:
    """Writes ``images/``, ``masks/``, ``unlabeled/`` and ``classes.toml``.

    What no shape covers is background. A shape labelled void, ignore or unlabeled becomes void. Photos are copied.

    Args:
        annotations: A folder of labelme's JSON files, or one JSON file of Label Studio.
        photos: Folder of the photos.
        out: Folder for the data set; it must not exist, or be empty.
        classes: Names of the classes after background, in order; by default those found, in alphabetical order.

    Raises:
        InputError: The export cannot be read, names a photo that is not there or a label not in ``classes``; the
            message names the file and the remedy. Nothing is written then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already and not empty; give a new folder")
    found = list(_read(annotations))
    there = by_stem(photos, PHOTO_SUFFIXES)
    by_photo = _paired(found, there, photos)
    names = _names(found, classes)
    ids = {name: i for i, name in enumerate(names)} | dict.fromkeys(VOID_LABELS, VOID)
    drawn = tqdm(by_photo.items(), "masks", delay=1, leave=False)
    # All of them before anything is written; as PNG, since masks of many photos do not fit into memory.
    masks = {stem: palette_png(_mask(one, there[stem], ids), voc_palette(256)) for stem, one in drawn}
    for stem, photo in tqdm(there.items(), "writing", delay=1, leave=False):
        part = "images" if stem in masks else "unlabeled"
        write_bytes(out / part / photo.name, photo.read_bytes())
        if stem in masks:
            write_bytes(out / "masks" / f"{stem}.png", masks[stem])
    table = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
    write_bytes(out / "classes.toml", f"names = [{table}]\n".encode())
    return Converted(out, names, len(masks), len(there) - len(masks))


def _read(annotations: Path) -> Iterable[Annotated]:
    paths = sorted(annotations.glob("*.json")) if annotations.is_dir() else [annotations]
    if not paths:
        raise InputError(f"{annotations} holds no JSON files; give the folder in which labelme saved, or a file")
    for path in paths:
        value = _json(path)
        if is_labelme(value):
            yield read_labelme(value, path)
        elif is_label_studio(value):
            yield from read_label_studio(value, path)
        else:
            raise InputError(
                f"{path} is neither from labelme nor from Label Studio; export polygons or brush strokes as JSON"
            )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}; export it again") from error


def _paired(found: Sequence[Annotated], there: dict[str, Path], photos: Path) -> dict[str, Annotated]:
    """Annotations by the stem of their photo."""
    pairs: dict[str, Annotated] = {}
    for one in found:
        stem = Path(one.photo).stem
        if stem not in there:
            raise InputError(f"{one.where} belongs to the photo {one.photo}, which is not in {photos}; put it there")
        if stem in pairs:
            raise InputError(f"{one.where} and {pairs[stem].where} belong to the same photo {one.photo}; remove one")
        pairs[stem] = one
    if not pairs:
        raise InputError("no photo is annotated; annotate some, then export again")
    return pairs


def _names(found: Sequence[Annotated], classes: Sequence[str] | None) -> tuple[str, ...]:
    """Background and the classes."""
    used = {shape.label: one.where for one in found for shape in one.shapes if shape.label not in VOID_LABELS}
    if classes is None:
        return (BACKGROUND, *sorted(used.keys() - {BACKGROUND}))
    names = (BACKGROUND, *(name for name in classes if name != BACKGROUND))
    for label, where in used.items():
        if label not in names:
            raise InputError(f"{where} has the label '{label}', which is not among the classes {', '.join(names[1:])}")
    return names


def _mask(one: Annotated, photo: Path, ids: dict[str, int]) -> NDArray[np.uint8]:
    height, width = read_image(photo).shape[1:]
    if one.size is not None and one.size != (width, height):
        raise InputError(
            f"{one.where} was drawn on {one.size[0]}x{one.size[1]} pixels, but {photo} has {width}x{height}; "
            "give the photos on which it was drawn"
        )
    for shape in one.shapes:
        if isinstance(shape, Painted) and (shape.inside.shape[0] > height or shape.inside.shape[1] > width):
            raise InputError(f"{one.where}: the painted region '{shape.label}' is larger than {photo}; draw it again")
    return draw_mask(one.shapes, (width, height), ids, rest=0)
