"""YOLO: a text file for each photo, a line for each object: the number of its class, then x y x y ... of its outline.

Format: https://docs.ultralytics.com/datasets/segment/. Places are parts of the photo's sides, from 0 to 1. Names of the
classes stand in ``data.yaml`` or, one a line, in ``classes.txt``. A line of four numbers is a box: middle and size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from mmtutorial.annotations.findings import Fault, Findings
from mmtutorial.annotations.labels import numbered
from mmtutorial.annotations.photos import Place, Reference, files_below
from mmtutorial.annotations.records import Annotated, Entries, pairs, read_text
from mmtutorial.annotations.shapes import Polygon, Shape, rectangle

_NO_LABELS = ("classes", "labels", "names", "train", "val", "valid", "test", "readme", "notes", "requirements")
_NAMES = "write such as names: [leaf, stem] into it"
_REMEDY = "put data.yaml or classes.txt with the names of the classes beside the labels"


def label_files(folder: Path) -> list[Path]:
    """Return the text files that hold outlines: those in a folder ``labels``, if there is one, or else all.

    Elsewhere than in ``labels``, a text called as lists and notes are counts if it begins with an outline.
    """
    texts = [path for path in files_below(folder) if path.suffix.lower() == ".txt"]
    within = [path for path in texts if "labels" in path.relative_to(folder.parent).parts[:-1]]
    return within or [path for path in texts if path.stem.lower().split(".")[0] not in _NO_LABELS or has_labels(path)]


def has_labels(path: Path) -> bool:
    """Return whether a text begins with a line of YOLO's.

    Raises:
        Fault: it cannot be read.
    """
    words = read_text(path).split("\n")[0].split()
    return len(words) >= 5 and words[0].isdecimal()


def class_list(folder: Path) -> list[str] | None:
    """Return the names of the classes, in the order of their numbers; None where no file tells them.

    Raises:
        Fault: the file cannot be read, or has no names.
    """
    for near in (folder, folder.parent):
        for path in (*sorted(near.glob("*.y*ml")), near / "classes.txt", near / "labels.txt"):
            names = _from_yaml(path) if path.suffix != ".txt" else _from_lines(path)
            if names:
                return names
    return None


def _from_yaml(path: Path) -> list[str]:
    try:
        names = (yaml.safe_load(read_text(path)) or {}).get("names") or []
    except (yaml.YAMLError, AttributeError) as error:
        raise Fault(f"cannot read {path} ({error})", _NAMES) from None
    if isinstance(names, dict):
        by_number = {str(number): name for number, name in names.items()}
        names = [by_number.get(str(number)) for number in range(len(names))]
        if set(by_number) != set(map(str, range(len(names)))):
            raise Fault(f"{path} has names for {', '.join(by_number)}", "number them 0, 1, 2 and so on")
    if not isinstance(names, list):
        raise Fault(f"{path} has the names {names!r}, which are no list", _NAMES)
    return numbered(names, path)


def _from_lines(path: Path) -> list[str]:
    lines = read_text(path).splitlines() if path.is_file() else []
    return numbered([line.strip() for line in lines if line.strip()], path)


def read_yolo(folder: Path, findings: Findings) -> Iterator[Annotated]:
    """Read all text files of a folder; an empty one says that its photo shows nothing but background."""
    try:
        names = class_list(folder)
        if names is None:
            raise Fault("no file tells the names of the classes", _REMEDY)
    except Fault as fault:
        findings.fault(str(folder), str(fault), fault.remedy)
        return
    for path in label_files(folder):
        try:
            lines = read_text(path).splitlines()
        except Fault as fault:
            findings.fault(str(path), str(fault), fault.remedy)
            continue
        entries = Entries(str(path), "a program for YOLO", findings)
        for line in lines:
            if line.strip():
                entries.add(_shape, line, names)
        yield Annotated((_reference(path.relative_to(folder)),), entries.shapes(), str(path), relative=True)


def _reference(path: Path) -> Reference:
    """Return the photo of a text file: of its name, in a folder ``images`` where the text is in ``labels``."""
    parts = path.with_suffix("").parts
    swapped = tuple("images" if part == "labels" else part for part in parts)
    return Reference(path.stem, (Place(swapped), Place(tuple(part for part in parts if part != "labels"))))


def _shape(line: str, names: list[str], entries: Entries) -> Shape:
    first, *numbers = line.split()
    if not first.isdecimal() or int(first) >= len(names):
        raise Fault(f"a line has the class {first!a}, where there are 0 to {len(names) - 1}", _REMEDY)
    label = entries.label([names[int(first)]], "line")
    if len(numbers) == 4:
        x, y, wide, high = map(float, numbers)
        entries.findings.remark("drawn as filled rectangles: boxes without an outline", entries.where)
        return rectangle(label, x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    return Polygon(label, pairs(numbers))
