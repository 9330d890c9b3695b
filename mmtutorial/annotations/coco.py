"""COCO: one JSON file with lists of images, annotations and categories; Roboflow and many others export it.

Format: https://cocodataset.org/#format-data. A ``segmentation`` is a list of polygons, which lie side by side, or run
lengths down columns, as numbers or as text; only run lengths can have holes. What is marked ``iscrowd`` is a region of
the class all the same, and lies below what is outlined one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.annotations.findings import Fault
from mmtutorial.annotations.photos import written
from mmtutorial.annotations.records import Annotated, Entries, Export, pairs, picture_size
from mmtutorial.annotations.run_lengths import coco_counts, unroll
from mmtutorial.annotations.shapes import Painted, Polygon, Shape, rectangle

_REMEDY = "export it again, in the format COCO"


def is_coco(value: Any) -> bool:
    """Return whether a JSON value is an export in COCO's format."""
    return isinstance(value, dict) and all(isinstance(value.get(key), list) for key in ("images", "annotations"))


def read_coco(value: dict[str, Any], export: Export) -> Iterator[Annotated]:
    """Read all images; one without an annotation counts as not looked at."""
    where = str(export.path)
    names = {str(one["id"]): one["name"] for one in value.get("categories") or ()}
    of_image: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for annotation in value["annotations"]:
        of_image[str(annotation["image_id"])].append(annotation)
    images = {str(image["id"]): image for image in value["images"]}
    if len(images) < len(value["images"]):
        export.findings.fault(where, "two images have the same id", _REMEDY)
    for lost in of_image.keys() - images.keys():
        export.findings.fault(where, f"annotations belong to image {lost}, which is not listed", _REMEDY)
    for number, image in images.items():
        yield _annotated(image, of_image[number], names, f"{where}, image {image.get('file_name', number)}", export)


def _annotated(
    image: dict[str, Any], annotations: list[dict[str, Any]], names: dict[str, Any], where: str, export: Export
) -> Annotated:
    reference = written(image["file_name"], export.beside)
    size = picture_size(image.get("width"), image.get("height"))
    entries = Entries(where, "a program for COCO", export.findings)
    for one in sorted(annotations, key=lambda one: not one.get("iscrowd")):
        entries.add(_shapes, one, names)
    shapes = entries.shapes()
    # Run lengths are of the whole photo.
    painted = {(shape.shape[1], shape.shape[0]) for shape in shapes if isinstance(shape, Painted)}
    if len(painted | {size} - {None}) > 1:
        export.findings.fault(where, "run lengths are of another size than their image", _REMEDY)
        shapes = ()
    return Annotated((reference,), shapes, where, size or next(iter(painted), None), finished=bool(annotations))


def _shapes(annotation: dict[str, Any], names: dict[str, Any], entries: Entries) -> Iterator[Shape]:
    category = str(annotation["category_id"])
    if category not in names:
        raise Fault(f"an annotation has the category {category}, which is not listed", _REMEDY)
    label = entries.label([names[category]], "category")
    outline = annotation.get("segmentation")
    if isinstance(outline, dict):
        yield _painted(label, outline, entries)
    elif outline:
        polygons = outline if isinstance(outline[0], list | tuple) else [outline]
        for polygon in polygons:
            points = polygon if isinstance(polygon[0], list | tuple) else pairs(polygon)
            yield Polygon(label, tuple((float(x), float(y)) for x, y in points))
    elif annotation.get("bbox"):
        left, top, wide, high = map(float, annotation["bbox"])
        entries.findings.remark("drawn as filled rectangles: boxes without an outline", entries.where)
        yield rectangle(label, left, top, left + wide, top + high)
    else:
        raise Fault(f"an annotation '{label}' has no outline", "draw its outline, then export again")


def _painted(label: str, outline: dict[str, Any], entries: Entries) -> Painted:
    high, wide = outline["size"]
    counts, size = outline["counts"], picture_size(wide, high)
    if size is None:
        raise ValueError("its run lengths lack their size")
    width, height = size

    def decode() -> NDArray[np.bool_]:
        return unroll(coco_counts(counts) if isinstance(counts, str) else counts, (height, width), "F")

    return Painted(label, entries.pixels(label, decode), shape=(height, width))
