"""labelme: one JSON file beside each photo.

Format: https://github.com/wkentaro/labelme, ``labelme/label_file.py``: ``imagePath``, ``imageWidth``, ``imageHeight``
and ``shapes``, each with ``label``, ``shape_type`` and ``points`` in pixels; a shape of the type ``mask`` also has
``mask``, a PNG in base 64 that fills the box of its two points.
"""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from PIL import Image

from mmtutorial.annotations.shapes import Annotated, Ellipse, Painted, Polygon, Shape, rectangle
from mmtutorial.errors import InputError

_WITHOUT_AREA = ("line", "linestrip", "point", "points")


def is_labelme(value: Any) -> bool:
    """Whether a JSON value is a labelme file."""
    return isinstance(value, dict) and "shapes" in value and "imagePath" in value


def read_labelme(value: dict[str, Any], path: Path) -> Annotated:
    """Reads one file.

    Args:
        value: Its JSON.
        path: Where it was read, for messages.

    Raises:
        InputError: A shape has no area or a type unknown here, or the file is no labelme file after all.
    """
    try:
        shapes = tuple(_shape(shape, path) for shape in value["shapes"])
        # Windows writes the path with backslashes.
        photo = PureWindowsPath(value["imagePath"]).name
        wide, high = value.get("imageWidth"), value.get("imageHeight")
        size = None if wide is None or high is None else (int(wide), int(high))
    except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
        raise InputError(f"{path} is not as labelme writes it ({error!r}); save it again with labelme") from error
    return Annotated(photo, shapes, str(path), size)


def _shape(shape: dict[str, Any], path: Path) -> Shape:
    label, kind = str(shape["label"]), shape.get("shape_type") or "polygon"
    points = tuple((float(x), float(y)) for x, y in shape["points"])
    if kind in _WITHOUT_AREA or (kind == "polygon" and len(points) < 3):
        raise InputError(f"{path}: the shape '{label}' is a {kind} without an area; draw it as a polygon or delete it")
    if kind in ("polygon", "oriented_rectangle"):  # The latter, of labelme 6, lists its four corners.
        return Polygon(label, points)
    (x0, y0), (x1, y1) = points[:2]
    if kind == "rectangle":
        return rectangle(label, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    if kind == "circle":
        radius = math.hypot(x1 - x0, y1 - y0)
        return Ellipse(label, (x0 - radius, y0 - radius, x0 + radius, y0 + radius))
    if kind == "mask":
        with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as picture:
            inside = np.array(picture.convert("L")) > 0
        return Painted(label, inside, round(min(x0, x1)), round(min(y0, y1)))
    raise InputError(f"{path}: the shape '{label}' has the type '{kind}', unknown here; draw it as a polygon")
