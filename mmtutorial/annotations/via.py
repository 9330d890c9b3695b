"""VIA, the VGG Image Annotator: a project file, or the JSON that it exports.

Format: https://www.robots.ox.ac.uk/~vgg/software/via/: for each file its ``regions``, a list (version 2) or a
dictionary (version 1), each with ``shape_attributes`` in pixels and ``region_attributes`` that the annotator has named.
One of these holds the class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mmtutorial.annotations.findings import Fault
from mmtutorial.annotations.photos import written
from mmtutorial.annotations.records import Annotated, Entries, Export
from mmtutorial.annotations.shapes import Ellipse, Polygon, Shape, rectangle

_METADATA = "_via_img_metadata"
_USUAL = ("class", "label", "category", "type", "name", "object")


def is_via(value: Any) -> bool:
    """Return whether a JSON value is a project of VIA or what it exports."""
    if not isinstance(value, dict):
        return False
    files = value.get(_METADATA, value)
    return bool(isinstance(files, dict) and (files or _METADATA in value)) and all(
        isinstance(one, dict) and "filename" in one and "regions" in one for one in files.values()
    )


def read_via(value: dict[str, Any], export: Export) -> Iterator[Annotated]:
    """Read all files of a project; one without a region counts as not looked at."""
    files = [(one, _regions(one)) for one in value.get(_METADATA, value).values()]
    try:
        attribute = _class_attribute([region for _, regions in files for region in regions], export)
    except Fault as fault:
        export.findings.fault(str(export.path), str(fault), fault.remedy)
        return
    for one, regions in files:
        where = f"{export.path}, {one['filename']}"
        entries = Entries(where, "VIA", export.findings)
        for region in regions:
            if _kind(region) == "point":
                entries.point()
            else:
                entries.add(_shape, region, attribute)
        reference = written(one["filename"], export.beside)
        yield Annotated((reference,), entries.shapes(), where, finished=bool(regions))


def _regions(one: dict[str, Any]) -> list[Any]:
    regions = one["regions"]
    return list(regions.values() if isinstance(regions, dict) else regions or ())


def _kind(region: Any) -> object:
    shape = region.get("shape_attributes") if isinstance(region, dict) else None
    return shape.get("name") if isinstance(shape, dict) else None


def _class_attribute(regions: list[Any], export: Export) -> str:
    """Return the attribute that holds the class: the one named by the user, the only one, or one of a usual name.

    Raises:
        Fault: several could be it.
    """
    if export.attribute is not None:
        return export.attribute
    there: dict[str, None] = {
        name: None for region in regions if isinstance(region, dict) for name in region.get("region_attributes") or ()
    }
    usual = [name for name in there if name.casefold() in _USUAL]
    if len(there) <= 1:
        return next(iter(there), "")
    if len(usual) == 1:
        return usual[0]
    raise Fault(f"its regions have the attributes {', '.join(there)}", "say which holds the class: --attribute NAME")


def _shape(region: dict[str, Any], attribute: str, entries: Entries) -> Shape:
    value = (region.get("region_attributes") or {}).get(attribute)
    # Check boxes: a dictionary of those that are ticked.
    given = [name for name, ticked in value.items() if ticked] if isinstance(value, dict) else [value]
    label = entries.label(given, "region")
    shape, kind = region["shape_attributes"], _kind(region)
    if kind == "polygon":
        return Polygon(
            label, tuple(zip(map(float, shape["all_points_x"]), map(float, shape["all_points_y"]), strict=True))
        )
    if kind == "polyline":
        raise entries.line(label, "polyline")
    if kind == "rect":
        left, top, wide, high = (float(shape[name]) for name in ("x", "y", "width", "height"))
        return rectangle(label, left, top, left + wide, top + high)
    if kind in ("circle", "ellipse"):
        x, y = float(shape["cx"]), float(shape["cy"])
        dx, dy = (float(shape["r"]),) * 2 if kind == "circle" else (float(shape["rx"]), float(shape["ry"]))
        return Ellipse(label, (x - dx, y - dy, x + dx, y + dy), math.degrees(shape.get("theta") or 0))
    raise entries.unknown(label, str(kind))
