"""Masks that are there already: a picture for each photo whose pixels are ids, palette entries or colours.

So do PASCAL VOC and what labelme's ``labelme2voc`` and CVAT's "Segmentation mask" make in its likeness
(``SegmentationClass/``), Roboflow (``a_mask.png`` and ``_classes.csv``), and many by hand. What the numbers or colours
mean stands in one of :data:`_TABLES`; where none is there, ids are called ``class 1``, ``class 2`` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmtutorial.annotations.findings import Fault, Findings
from mmtutorial.annotations.labels import BACKGROUND, VOID_LABEL, meaning, numbered
from mmtutorial.annotations.photos import Place, Reference, files_below
from mmtutorial.annotations.records import Annotated, Entries, read_text
from mmtutorial.annotations.shapes import Painted, Shape
from mmtutorial.datasets.classes import VOID
from mmtutorial.datasets.files import MASK_SUFFIXES
from mmtutorial.datasets.labels import unlikely_ids
from mmtutorial.datasets.pictures import opened, read_mask
from mmtutorial.errors import InputError

_ENDING = re.compile(r"[-_. ](mask|masks|label|labels|labelids|seg|segmentation|gt)$", re.IGNORECASE)
_FOLDERS = ("SegmentationClass", "SegmentationClassPNG", "masks", "labels", "annotations")
_TABLES = ("labelmap.txt", "label_colors.txt", "_classes.csv", "class_names.txt", "classes.txt", "labels.txt")
_COLOURED = re.compile(
    r"^(?P<name>[^:#]+):(?P<rgb>\d+,\d+,\d+)|^(?P<rgb2>\d+[ ,\t]+\d+[ ,\t]+\d+)[ ,\t]+(?P<name2>\S.*)$"
)
_NUMBERED = re.compile(r"^\s*(?P<id>\d+)\s*,\s*(?P<name>\S.*)$")

_NAME_ALL = "name every value, with --classes or in a file beside the masks"


@dataclass(frozen=True)
class Table:
    """What the values of masks mean.

    Attributes:
        ids: name of each id.
        colours: name of each colour, ``(r << 16) + (g << 8) + b``; empty where colours mean nothing.
        path: where it stands, None for what the command line says or for nothing at all.
    """

    ids: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    path: Path | None = None


def mask_files(folder: Path) -> list[Path]:
    """Return the masks of a folder: all in ``SegmentationClass`` or ``masks``.

    Where there is no such folder, photos may lie beside their masks, and names such as ``a_mask.png`` count alone.
    """
    base = next((folder / name for name in _FOLDERS if (folder / name).is_dir()), folder)
    found = [path for path in files_below(base) if path.suffix.lower() in MASK_SUFFIXES]
    return found if base.name in _FOLDERS else [path for path in found if _ENDING.search(path.stem)] or found


def read_masks(folder: Path, findings: Findings, classes: Sequence[str] | None) -> Iterator[Annotated]:
    """Read all masks of a folder.

    Args:
        folder: a folder of masks, or one that holds such.
        findings: where faults and remarks go.
        classes: names of the ids 1, 2, ..., used where no table tells them.
    """
    _values.cache_clear()  # A file may have changed since the last call.
    seen: dict[Path, NDArray[np.int64]] = {}
    try:
        table = _table(folder)
    except Fault as fault:
        findings.fault(str(folder), str(fault), fault.remedy)
        return
    coloured = bool(table.colours)
    paths = mask_files(folder)
    for path in paths:
        try:
            seen[path] = np.unique(_values(path, coloured))
        except InputError as error:
            findings.error(error)
        except Fault as fault:
            findings.fault(str(path), str(fault), fault.remedy)
    if any(_ENDING.search(path.stem) for path in paths):
        for path in sorted(set(files_below(folder)) - set(paths)):
            if path.suffix.lower() in MASK_SUFFIXES and path.parent in {mask.parent for mask in paths}:
                findings.remark("taken for photos: pictures beside masks with names such as a_mask.png", str(path))
    names = table.colours or _named(table, seen, classes, findings)
    for path, values in seen.items():
        entries = Entries(str(path), "the program", findings)
        for value in values.tolist():
            entries.add(_shape, path, value, coloured, names, table)
        height, width = _values(path, coloured).shape
        yield Annotated((_reference(path, folder),), entries.shapes(), str(path), (width, height), mask=path)


def _reference(path: Path, folder: Path) -> Reference:
    parts = tuple(part for part in path.relative_to(folder).with_suffix("").parts if part not in _FOLDERS)
    short = (*parts[:-1], _ENDING.sub("", parts[-1]))
    return Reference(path.name, tuple(dict.fromkeys((Place(parts), Place(short)))))


def _shape(path: Path, value: int, coloured: bool, names: Mapping[int, str], table: Table, entries: Entries) -> Shape:
    if value not in names:
        what = f"colour {(value >> 16, value >> 8 & 255, value & 255)}" if coloured else f"id {value}"
        source = f"which {table.path} does not name" if table.path else "which has no name"
        raise Fault(f"it holds the {what}, {source}", _NAME_ALL)
    return Painted(meaning(names[value]), lambda: _values(path, coloured) == value, shape=_values(path, coloured).shape)


# One entry: all shapes of a mask are drawn one after another.
@lru_cache(maxsize=1)
def _values(path: Path, coloured: bool) -> NDArray[np.int64]:
    """Return ids ``(H, W)``, or colours as numbers.

    A palette is only looked at where colours count: the index says more than its colour, and is never converted.

    Raises:
        InputError: the file cannot be read.
        Fault: it holds colours where ids are expected.
    """
    with opened(path, "mask") as picture:
        rgb = coloured or picture.mode in ("RGB", "RGBA")
        pixels = np.array(picture.convert("RGB")).astype(np.int64) if rgb else None
    if pixels is None:
        return read_mask(path).astype(np.int64)
    red, green, blue = pixels[:, :, 0], pixels[:, :, 1], pixels[:, :, 2]
    if coloured:
        return (red << 16) + (green << 8) + blue
    if not ((red == green) & (green == blue)).all():
        colours = np.unique(pixels.reshape(-1, 3), axis=0)
        some = ", ".join(str(tuple(one)) for one in colours[:4].tolist()) + (", ..." if len(colours) > 4 else "")
        raise Fault(
            f"it holds colours ({some}), and no file says what they mean",
            "write labelmap.txt beside the masks, with lines such as leaf:0,128,0",
        )
    return red


def _named(
    table: Table, seen: Mapping[Path, NDArray[np.int64]], classes: Sequence[str] | None, findings: Findings
) -> dict[int, str]:
    """Return the name of each id that has one."""
    values = {value for found in seen.values() for value in found.tolist()}
    names = dict(table.ids)
    if not names:
        given = classes if classes is not None else [f"class {value}" for value in range(1, VOID)]
        guess = unlikely_ids(sorted(values)) if classes is None and len(values) > 2 else ""
        if guess:
            findings.fault(
                str(next(iter(seen))), f"ids without names go up to {max(values - {VOID})}{guess}", _NAME_ALL
            )
        names = {0: BACKGROUND} | dict(enumerate(given, start=1))
    elif max(values - {VOID}, default=0) == len(names) and meaning(names[0]) not in (BACKGROUND, VOID_LABEL):
        # A list of the classes alone; background, 0, goes without saying.
        names = {0: BACKGROUND} | {value + 1: name for value, name in names.items()}
    if values == {0, VOID} and 1 in names and VOID not in names:
        findings.remark("0 and 255 alone: 255 was taken for the object, not for void", str(next(iter(seen))))
        return {0: names[0], VOID: names[1]}
    return {VOID: VOID_LABEL} | names


def _table(folder: Path) -> Table:
    """Return what a file in the folder or beside it says of the values.

    Raises:
        Fault: the file cannot be read.
    """
    near = (folder, folder.parent, *(path for path in sorted(folder.iterdir()) if path.is_dir()))
    for path in (place / name for place in near for name in _TABLES):
        lines = [line.strip() for line in read_text(path).splitlines()] if path.is_file() else []
        lines = [line for line in lines if line and not line.startswith("#")]
        if not lines:
            continue
        if path.name in ("labelmap.txt", "label_colors.txt"):
            matches = [match for match in map(_COLOURED.match, lines) if match]
            colours = {_code(m["rgb"] or m["rgb2"]): (m["name"] or m["name2"]).strip() for m in matches}
            if colours:
                return Table(colours=colours, path=path)
        elif path.suffix == ".csv":
            matches = [match for match in map(_NUMBERED.match, lines) if match]
            return Table({int(match["id"]): match["name"].strip() for match in matches}, path=path)
        else:  # labelme's lists begin with what it gives the number -1.
            return Table(dict(enumerate(numbered(lines[lines[0] == "__ignore__" :], path))), path=path)
    return Table()


def _code(text: str) -> int:
    red, green, blue = map(int, re.split(r"[ ,\t]+", text.strip()))
    return (red << 16) + (green << 8) + blue
