"""The formats that are understood, and which of them a file or a folder is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mmtutorial.annotations.coco import is_coco, read_coco
from mmtutorial.annotations.cvat import read_cvat
from mmtutorial.annotations.findings import Fault, Findings
from mmtutorial.annotations.label_studio import is_label_studio, read_label_studio
from mmtutorial.annotations.labelme import is_labelme, read_labelme
from mmtutorial.annotations.masks import mask_files, read_masks
from mmtutorial.annotations.photos import files_below
from mmtutorial.annotations.records import DAMAGE, Annotated, Export, read_json, reason
from mmtutorial.annotations.via import is_via, read_via
from mmtutorial.annotations.yolo import has_labels, label_files, read_yolo
from mmtutorial.errors import InputError, unknown

_JSON: dict[str, tuple[str, Callable[[Any], bool], Callable[[Any, Export], Iterator[Annotated]]]] = {
    "labelme": ("labelme", is_labelme, read_labelme),
    "label-studio": ("Label Studio", is_label_studio, read_label_studio),
    "coco": ("a program for COCO", is_coco, read_coco),
    "via": ("VIA", is_via, read_via),
}
FORMATS = (*_JSON, "cvat", "yolo", "masks")
"""Names for ``--format``."""

_REMEDY = "give what labelme saved, masks, or an export of Label Studio, COCO, CVAT, VIA or YOLO"


def read(
    given: Path, form: str | None, findings: Findings, classes: Sequence[str] | None, attribute: str | None
) -> Iterator[Annotated]:
    """Read an export, a photo at a time.

    Args:
        given: a file or a folder of an export.
        form: one of :data:`FORMATS`; None recognises it.
        findings: where faults and remarks go.
        classes: names of the classes after background, if given.
        attribute: for VIA, the attribute that holds the class.

    Raises:
        InputError: the format is unknown or cannot be told, or nothing is there.
    """
    if form is not None and form not in FORMATS:
        raise unknown("format", form, FORMATS)
    if not given.exists():
        raise InputError(f"{given} is not there; give the file or folder of an export")
    root = given if given.is_dir() else given.parent
    form = form or _recognised(given)
    if form == "yolo":
        yield from read_yolo(root, findings)
    elif form == "masks":
        yield from read_masks(root, findings, classes)
    else:
        paths = _of_suffix(given, ".xml" if form == "cvat" else ".json")
        if not paths:
            raise InputError(f"{given} holds no {'XML' if form == 'cvat' else 'JSON'} files; {_REMEDY}")
        for path in paths:
            yield from _one_file(form, Export(path, root, findings, attribute))


def _one_file(form: str, export: Export) -> Iterator[Annotated]:
    if form == "cvat":
        yield from read_cvat(export)
        return
    try:
        value = read_json(export.path)
        fitting = [name for name, (_, fits, _) in _JSON.items() if fits(value) and form in (name, "json")]
        if not fitting:
            wanted = f"in the format {form}" if form != "json" else "from labelme nor from Label Studio, COCO or VIA"
            if isinstance(value, list) and value and isinstance(value[0], dict) and "annotation_id" in value[0]:
                raise Fault("it is Label Studio's JSON-MIN, which leaves things out", "export it as JSON")
            raise Fault(f"it is neither {wanted}" if form == "json" else f"it is not {wanted}", _REMEDY)
    except Fault as fault:
        export.findings.fault(str(export.path), str(fault), fault.remedy)
        return
    program, _, reader = _JSON[fitting[0]]
    try:
        yield from reader(value, export)
    except InputError:
        raise
    except DAMAGE as error:
        what = f"the file is not as {program} writes it ({reason(error)})"
        export.findings.fault(str(export.path), what, f"save or export it again with {program}")


def _of_suffix(given: Path, suffix: str) -> list[Path]:
    if given.is_dir():
        return [path for path in files_below(given) if path.suffix.lower() == suffix]
    return [given]


def _recognised(given: Path) -> str:
    """Return the format, ``json`` where each file says it itself.

    Raises:
        InputError: it is none of those known.
    """
    if given.is_dir():
        form = next((form for is_it, form in _SIGNS if is_it(given)), None)
    else:
        form = _OF_SUFFIX.get(given.suffix.lower())
    if form is None:
        if given.suffix.lower() in (".zip", ".tar", ".gz", ".rar", ".7z"):
            raise InputError(f"{given} is packed; unpack it and give the folder")
        what = (
            "holds no JSON files, XML of CVAT, YOLO labels or masks" if given.is_dir() else "is in no format known here"
        )
        raise InputError(f"{given} {what}; {_REMEDY}")
    return form


_OF_SUFFIX = {".json": "json", ".xml": "cvat", ".txt": "yolo", ".yaml": "yolo", ".yml": "yolo"}


def _has_json(folder: Path) -> bool:
    """Return whether there is JSON of a format known here, or damaged, rather than other notes."""
    for path in _of_suffix(folder, ".json"):
        try:
            value = read_json(path)
        except Fault:
            return True
        if any(fits(value) for _, fits, _ in _JSON.values()):
            return True
    return False


def _has_cvat(folder: Path) -> bool:
    return any(b"<annotations" in path.read_bytes()[:4096] for path in _of_suffix(folder, ".xml"))


def _has_yolo(folder: Path) -> bool:
    return any(map(has_labels, label_files(folder)))


# In this order: folders of JSON or text often hold the photos as well, which could be taken for masks.
_SIGNS: tuple[tuple[Callable[[Path], bool], str], ...] = (
    (_has_json, "json"),
    (_has_cvat, "cvat"),
    (_has_yolo, "yolo"),
    (lambda folder: bool(mask_files(folder)), "masks"),
    # JSON of no known format: reading it says so, for each file.
    (lambda folder: bool(_of_suffix(folder, ".json")), "json"),
)
