"""Label Studio: one JSON file for all photos (Export, JSON).

Format: https://labelstud.io/guide/export: a list of tasks, each with ``data`` (where the photo is) and ``annotations``,
whose ``result`` lists regions. Places are in percent of the photo's sides. With ``<Polygon>`` and ``<Labels>`` in the
set-up in place of ``<PolygonLabels>``, a region is two entries with one ``id``: its outline and its label.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlparse

from mmtutorial.annotations.brush import decode_brush
from mmtutorial.annotations.findings import Fault
from mmtutorial.annotations.photos import Place, Reference, parts_of
from mmtutorial.annotations.records import DAMAGE, Annotated, Entries, Export, picture_size, reason
from mmtutorial.annotations.shapes import Ellipse, Painted, Polygon, Shape, rectangle, turned

# Label Studio puts eight hexadecimal digits and a hyphen before the name of an uploaded file.
_UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")
# With storage of one's own, the photo stands in the query: a path, or an address in base 64.
_QUERY = re.compile(r"[?&](d|filepath|fileuri)=")

_AREAS = ("polygon", "brush", "rectangle", "ellipse")
_POINTS = ("keypoint",)
_NO_REGION = frozenset(
    {"choices", "textarea", "rating", "taxonomy", "number", "datetime", "pairwise", "ranker", "relation"}
)
_REMEDY = "save or export it again with Label Studio"


def is_label_studio(value: Any) -> bool:
    """Return whether a JSON value is an export of Label Studio."""
    return isinstance(value, list) and all(isinstance(task, dict) and "annotations" in task for task in value)


def read_label_studio(tasks: list[dict[str, Any]], export: Export) -> Iterator[Annotated]:
    """Read the tasks that someone has annotated; of several annotations of a task, one."""
    for number, task in enumerate(tasks, start=1):
        where = f"{export.path}, task {task.get('id', number)}"
        try:
            chosen = _annotation(task, where, export)
            if chosen is not None:
                yield _annotated(task["data"], chosen["result"], where, export)
        except Fault as fault:
            export.findings.fault(where, str(fault), fault.remedy)
        except DAMAGE as error:
            export.findings.fault(where, f"the task is not as Label Studio writes it ({reason(error)})", _REMEDY)


def _annotation(task: dict[str, Any], where: str, export: Export) -> dict[str, Any] | None:
    """Return the annotation that counts: marked as the truth, or else the newest that was not cancelled."""
    kept: list[dict[str, Any]] = [one for one in task["annotations"] if not one.get("was_cancelled")]
    if not kept:
        if task["annotations"]:
            export.findings.remark("taken as unlabelled: tasks that were skipped in Label Studio", where)
        elif task.get("predictions"):
            export.findings.remark("taken as unlabelled: tasks that have predictions only", where)
        return None
    if len(kept) > 1:
        export.findings.remark("tasks annotated several times, of which the truth or else the newest was taken", where)
    return max(
        kept, key=lambda one: (bool(one.get("ground_truth")), str(one.get("updated_at") or one.get("created_at") or ""))
    )


def _annotated(data: dict[str, Any], result: list[dict[str, Any]], where: str, export: Export) -> Annotated:
    entries = Entries(where, "Label Studio", export.findings)
    regions: dict[object, list[dict[str, Any]]] = defaultdict(list)
    for number, entry in enumerate(result):
        if entry["type"] not in _NO_REGION:
            regions[entry.get("id") or number].append(entry)
    for region in regions.values():
        kinds = {_kind(entry) for entry in region}
        if kinds & set(_POINTS) and not kinds & set(_AREAS):
            entries.point()
        else:
            entries.add(_shape, region)
    drawn = [entry for region in regions.values() for entry in region]
    return Annotated(
        _references(data, {str(entry.get("to_name")) for entry in drawn}), entries.shapes(), where, _size(drawn)
    )


def _kind(entry: dict[str, Any]) -> str:
    """Return ``polygon`` for an entry of the type ``polygon`` or ``polygonlabels``; a label alone says by its value."""
    kind = str(entry["type"]).removesuffix("labels")
    if kind:
        return kind
    value = entry["value"]
    marks = {"points": "polygon", "rle": "brush", "radiusX": "ellipse", "height": "rectangle", "x": "keypoint"}
    return next((kind for mark, kind in marks.items() if mark in value), "")


def _size(entries: list[dict[str, Any]]) -> tuple[int, int] | None:
    """Return the size of the photo on which regions were drawn."""
    sizes = {picture_size(entry["original_width"], entry["original_height"]) for entry in entries}
    if len(sizes) > 1:
        raise ValueError(f"its regions were drawn on photos of {len(sizes)} sizes")
    rotations = {entry.get("image_rotation") or 0 for entry in entries} - {0}
    if rotations:
        raise Fault(
            f"the photo was turned by {rotations.pop()} degrees while it was drawn", "turn it back in Label Studio"
        )
    return sizes.pop() if sizes else None


def _shape(region: list[dict[str, Any]], entries: Entries) -> Shape:
    labels = [label for entry in region for label in entry["value"].get(entry["type"], ())]
    areas = [entry for entry in region if _kind(entry) in _AREAS]
    drawn = next((entry for entry in areas if entry["type"] != "labels"), areas[0] if areas else region[0])
    kind = _kind(drawn)
    label = entries.label(labels, "region")
    if kind not in _AREAS:
        raise entries.unknown(label, str(drawn["type"]))
    value, size = drawn["value"], picture_size(drawn["original_width"], drawn["original_height"])
    if size is None:
        raise ValueError("its photo has no size")
    wide, high = size
    x, y = wide / 100, high / 100
    if kind == "brush":
        return Painted(
            label, entries.pixels(label, lambda: decode_brush(value["rle"], (high, wide))), shape=(high, wide)
        )
    if kind == "polygon":
        return Polygon(label, tuple((a * x, b * y) for a, b in value["points"]))
    left, top, degrees = value["x"] * x, value["y"] * y, float(value.get("rotation") or 0)
    if kind == "ellipse":
        dx, dy = value["radiusX"] * x, value["radiusY"] * y
        return Ellipse(label, (left - dx, top - dy, left + dx, top + dy), degrees)
    upright = rectangle(label, left, top, left + value["width"] * x, top + value["height"] * y)
    return Polygon(label, turned(upright.points, (left, top), degrees))


def _references(data: dict[str, Any], drawn_on: set[str]) -> tuple[Reference, ...]:
    """Return what may name the photo: the entry on which regions were drawn, or else every text."""
    texts = {key: value for key, value in data.items() if isinstance(value, str) and value}
    named = [texts.get(key) for key in drawn_on if key in data]
    if not texts or None in named:
        raise Fault("its data name no photo", "import the photos into Label Studio as single images")
    return tuple(Reference(text, _places(text)) for text in named or texts.values() if text)


def _places(text: str) -> tuple[Place, ...]:
    query = _QUERY.search(text)
    if query:
        rest = text[query.end() :]
        readings = [rest, rest.split("&")[0]]
        if query[1] == "fileuri":
            readings = [_from_base64(unquote(one)) for one in readings]
    else:
        readings = [text, urlparse(text).path if "://" in text or "?" in text or "#" in text else text]
    paths = [parts_of(form) for one in readings for form in (one, unquote(one))]
    places = [Place(path) for path in dict.fromkeys(paths) if path]
    uploads = [
        Place((_UPLOAD.sub("", path[-1]),), uploaded=True)
        for path in dict.fromkeys(paths)
        if path and (_UPLOAD.match(path[-1]) or "upload" in path[:-1])
    ]
    return tuple(dict.fromkeys((*places, *uploads)))


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
