"""Label Studio: one JSON file for all photos (Export, JSON).

Format: https://labelstud.io/guide/export: a list of tasks, each with ``data`` (where the photo is) and ``annotations``,
whose ``result`` lists regions. Places are in percent of the photo's sides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from mmtutorial.annotations.brush import decode_brush
from mmtutorial.annotations.shapes import Annotated, Ellipse, Painted, Polygon, Shape
from mmtutorial.errors import InputError

# Label Studio puts eight hexadecimal digits and a hyphen before the name of an uploaded file.
_UPLOAD = re.compile(r"^[0-9a-f]{8}-")


def is_label_studio(value: Any) -> bool:
    """Whether a JSON value is an export of Label Studio."""
    return isinstance(value, list) and all(isinstance(task, dict) and "annotations" in task for task in value)


def read_label_studio(tasks: list[dict[str, Any]], path: Path) -> Iterator[Annotated]:
    """Reads the tasks that someone has annotated; of several annotations of a task, the newest.

    Args:
        tasks: The JSON of the file.
        path: Where it was read, for messages.

    Raises:
        InputError: A region is of a kind unknown here, or the file is no such export after all.
    """
    for number, task in enumerate(tasks, start=1):
        where = f"{path}, task {task.get('id', number)}"
        try:
            kept = [one for one in task["annotations"] if not one.get("was_cancelled")]
            if kept:
                newest = max(kept, key=lambda one: str(one.get("updated_at") or one.get("created_at") or ""))
                yield _task(task, newest["result"], where)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise InputError(
                f"{where} is not as Label Studio writes it ({error!r}); export it again, in the format JSON"
            ) from error


def _task(task: dict[str, Any], result: list[dict[str, Any]], where: str) -> Annotated:
    places = [value for value in task["data"].values() if isinstance(value, str)]
    photo = _UPLOAD.sub("", PurePosixPath(unquote(urlparse(places[0]).path)).name)
    regions = [one for one in result if one.get("type", "").endswith("labels")]
    sizes = {(int(one["original_width"]), int(one["original_height"])) for one in regions}
    shapes = tuple(_shape(one, where) for one in regions)
    return Annotated(photo, shapes, where, sizes.pop() if sizes else None)


def _shape(region: dict[str, Any], where: str) -> Shape:
    value, kind = region["value"], region["type"]
    wide, high = region["original_width"] / 100, region["original_height"] / 100
    label = str(value[kind][0])
    if kind == "polygonlabels":
        return Polygon(label, tuple((x * wide, y * high) for x, y in value["points"]))
    if kind == "brushlabels":
        return Painted(label, decode_brush(value["rle"], (region["original_height"], region["original_width"])))
    if kind == "rectanglelabels":
        x, y = value["x"] * wide, value["y"] * high
        return Polygon(label, _turned(x, y, value["width"] * wide, value["height"] * high, value.get("rotation", 0)))
    if kind == "ellipselabels" and not value.get("rotation"):
        x, y, dx, dy = value["x"] * wide, value["y"] * high, value["radiusX"] * wide, value["radiusY"] * high
        return Ellipse(label, (x - dx, y - dy, x + dx, y + dy))
    raise InputError(
        f"{where}: the region '{label}' is of a kind unknown here ({kind}); draw it with a polygon or a brush"
    )


def _turned(x: float, y: float, wide: float, high: float, degrees: float) -> tuple[tuple[float, float], ...]:
    """Corners of a rectangle turned clockwise about its upper left corner."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = ((0.0, 0.0), (wide, 0.0), (wide, high), (0.0, high))
    return tuple((x + a * cosine - b * sine, y + a * sine + b * cosine) for a, b in corners)
