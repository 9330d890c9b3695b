"""What all formats have in common: labelled shapes on a photo, and how they become a mask.

Places are x, y in pixels; (0, 0) is the photo's upper left corner, so that the middle of its first pixel is (0.5, 0.5).
A pixel belongs to a shape if its middle does: nothing is smoothed, and no outline makes a shape fatter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Bools = NDArray[np.bool_]
Window = tuple[slice, slice]
"""Rows and columns of a mask."""


@dataclass(frozen=True)
class Polygon:
    """A filled outline; where it crosses itself, what it encloses twice is outside (even-odd).

    Attributes:
        label: name of its class.
        points: corners x, y.
    """

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Ellipse:
    """A filled ellipse.

    Attributes:
        label: name of its class.
        box: left, top, right, bottom of the ellipse before it is turned.
        degrees: how far it is turned clockwise about its middle.
    """

    label: str
    box: tuple[float, float, float, float]
    degrees: float = 0.0


@dataclass(frozen=True)
class Painted:
    """Painted pixels.

    Attributes:
        label: name of its class.
        inside: ``(h, w)``, or what makes it when it is needed: an export holds more masks than memory does.
        left: column of the photo at which it begins.
        top: row of the photo at which it begins.
        shape: ``h, w``, told beforehand where the pixels are made later.
    """

    label: str
    inside: Bools | Callable[[], Bools]
    left: int = 0
    top: int = 0
    shape: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if not callable(self.inside):
            object.__setattr__(self, "shape", self.inside.shape)

    def pixels(self) -> Bools:
        """Return ``(h, w)``."""
        return self.inside() if callable(self.inside) else self.inside


Shape = Polygon | Ellipse | Painted


def rectangle(label: str, left: float, top: float, right: float, bottom: float) -> Polygon:
    """Return an upright rectangle."""
    return Polygon(label, ((left, top), (right, top), (right, bottom), (left, bottom)))


def turned(points: Sequence[Point], about: Point, degrees: float) -> tuple[Point, ...]:
    """Return points turned clockwise, as seen on a screen, about one of them or another."""
    if degrees == 0:
        return tuple(points)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x0, y0 = about
    return tuple(
        (x0 + (x - x0) * cosine - (y - y0) * sine, y0 + (x - x0) * sine + (y - y0) * cosine) for x, y in points
    )


def scaled(shape: Shape, width: int, height: int) -> Shape:
    """Return a polygon whose places are parts of the photo's sides in pixels."""
    if not isinstance(shape, Polygon):
        return shape
    return Polygon(shape.label, tuple((x * width, y * height) for x, y in shape.points))


def coordinates(shape: Shape) -> tuple[float, ...]:
    """Return all numbers that say where a shape lies."""
    if isinstance(shape, Polygon):
        return tuple(value for point in shape.points for value in point)
    return (*shape.box, shape.degrees) if isinstance(shape, Ellipse) else (shape.left, shape.top)


def extent(shape: Shape) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of what a shape can cover."""
    if isinstance(shape, Painted):
        return shape.left, shape.top, shape.left + shape.shape[1], shape.top + shape.shape[0]
    if isinstance(shape, Polygon):
        xs, ys = zip(*shape.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)
    (x, y), (a, b), cosine, sine = _axes(shape)
    wide, high = math.hypot(a * cosine, b * sine), math.hypot(a * sine, b * cosine)
    return x - wide, y - high, x + wide, y + high


def cover(shape: Shape, size: tuple[int, int]) -> tuple[Window, Bools]:
    """Return the part of a photo in which a shape lies, and which of its pixels the shape covers.

    Args:
        shape: it may reach beyond the photo and is cut off there.
        size: width and height of the photo in pixels.
    """
    if isinstance(shape, Painted):
        window = _window(extent(shape), size)
        rows, columns = window
        cut = shape.pixels()[max(-shape.top, 0) :, max(-shape.left, 0) :]
        return window, cut[: rows.stop - rows.start, : columns.stop - columns.start]
    window = _window(extent(shape), size)
    fill = _fill_polygon(shape.points, window) if isinstance(shape, Polygon) else _fill_ellipse(shape, window)
    return window, fill


def draw_mask(shapes: Sequence[Shape], size: tuple[int, int], ids: Mapping[str, int], rest: int) -> NDArray[np.uint8]:
    """Draw shapes over one another.

    Args:
        shapes: the last covers the earlier ones.
        size: width and height in pixels.
        ids: the id of each label.
        rest: the id of pixels in no shape.

    Returns:
        ``(H, W)`` ids. Never smoothed: a pixel has one id or another.
    """
    mask = np.full((size[1], size[0]), rest, dtype=np.uint8)
    for shape in shapes:
        window, inside = cover(shape, size)
        mask[window][inside] = ids[shape.label]
    return mask


def _window(box: tuple[float, float, float, float], size: tuple[int, int]) -> Window:
    left, right = (min(max(edge, 0), size[0]) for edge in (math.floor(box[0]), math.ceil(box[2])))
    top, bottom = (min(max(edge, 0), size[1]) for edge in (math.floor(box[1]), math.ceil(box[3])))
    return slice(top, bottom), slice(left, right)


def _fill_polygon(points: Sequence[Point], window: Window) -> Bools:
    """Fill row by row: between the first and the second side that the row's middle line meets, and so on."""
    rows, columns = window
    height, width = rows.stop - rows.start, columns.stop - columns.start
    sides_left = np.zeros((height, width + 1), dtype=np.int32)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        # Rows whose middle lies between the ends of the side: one end counts, so that a corner is met once.
        first, last = (min(max(math.ceil(y - rows.start - 0.5), 0), height) for y in sorted((y0, y1)))
        if first < last:
            middles = np.arange(first, last) + rows.start + 0.5
            meets = x0 + (middles - y0) * ((x1 - x0) / (y1 - y0))
            column = np.clip(np.ceil(meets - columns.start - 0.5), 0, width).astype(np.intp)
            sides_left[np.arange(first, last), column] += 1
    inside: Bools = np.cumsum(sides_left[:, :width], axis=1) % 2 == 1
    return inside


def _axes(shape: Ellipse) -> tuple[Point, Point, float, float]:
    """Return the middle, the half axes, and cosine and sine of the turn."""
    left, top, right, bottom = shape.box
    angle = math.radians(shape.degrees)
    middle, half = ((left + right) / 2, (top + bottom) / 2), (abs(right - left) / 2, abs(bottom - top) / 2)
    return middle, half, math.cos(angle), math.sin(angle)


def _fill_ellipse(shape: Ellipse, window: Window) -> Bools:
    (x0, y0), (a, b), cosine, sine = _axes(shape)
    rows, columns = window
    x = np.arange(columns.start, columns.stop) + 0.5 - x0
    y = (np.arange(rows.start, rows.stop) + 0.5 - y0)[:, None]
    inside: Bools = ((x * cosine + y * sine) * b) ** 2 + ((y * cosine - x * sine) * a) ** 2 <= (a * b) ** 2
    return inside if a * b > 0 else np.zeros_like(inside)
