"""labelme: one JSON file beside each photo.

Format: https://github.com/wkentaro/labelme, ``labelme/label_file.py``: ``imagePath``, ``imageWidth``, ``imageHeight``
and ``shapes``, each with ``label``, ``shape_type`` and ``points`` in pixels; a shape of the type ``mask`` also has
``mask``, a PNG in base 64 that fills the box of its two points.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mmtutorial.annotations.photos import written
from mmtutorial.annotations.records import Annotated, Entries, Export, picture_size
from mmtutorial.annotations.shapes import Ellipse, Painted, Polygon, Shape, rectangle


def is_labelme(value: Any) -> bool:
    """Return whether a JSON value is a labelme file."""
    return isinstance(value, dict) and "shapes" in value and "imagePath" in value


def read_labelme(value: dict[str, Any], export: Export) -> Iterator[Annotated]:
    """Read one file."""
    entries = Entries(str(export.path), "labelme", export.findings)
    if not isinstance(value["shapes"], list):
        raise TypeError("its shapes are no list")
    for shape in value["shapes"]:
        if isinstance(shape, dict) and shape.get("shape_type") in ("point", "points"):
            entries.point()
        else:
            entries.add(_shape, shape)
    size = picture_size(value.get("imageWidth"), value.get("imageHeight"))
    yield Annotated((written(value["imagePath"], export.beside),), entries.shapes(), str(export.path), size)


def _shape(shape: dict[str, Any], entries: Entries) -> Shape:
    kind = shape.get("shape_type") or "polygon"
    label = entries.label([shape["label"]], kind)
    points = tuple((float(x), float(y)) for x, y in shape["points"])
    if kind in ("line", "linestrip"):
        raise entries.line(label, kind)
    # Turned rectangles list their four corners: of labelme 6, and of programs that write its format.
    if kind in ("polygon", "oriented_rectangle", "rotation") or (kind == "rectangle" and len(points) == 4):
        return Polygon(label, points)
    if kind not in ("rectangle", "circle", "mask"):
        raise entries.unknown(label, kind)
    (x0, y0), (x1, y1) = points
    if kind == "rectangle":
        return rectangle(label, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    if kind == "circle":
        radius = math.hypot(x1 - x0, y1 - y0)
        return Ellipse(label, (x0 - radius, y0 - radius, x0 + radius, y0 + radius))
    png = base64.b64decode(shape["mask"] or "")
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
            width, height = picture.size
    except UnidentifiedImageError:
        raise ValueError("its mask is no PNG") from None
    left, top = min(round(x0), round(x1)), min(round(y0), round(y1))
    return Painted(label, entries.pixels(label, lambda: _pixels(png)), left, top, (height, width))


def _pixels(png: bytes) -> NDArray[np.bool_]:
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        return np.array(picture.convert("L")) > 0
