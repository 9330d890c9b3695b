"""What scenes and streets are painted with: colours, smooth noise, outlines, and the camera's grain at the end.

An outline is a *distance field*: negative inside, positive outside, zero on the line, which gives an anti-aliased
edge and a mask for the price of a few array operations.

Source of the distance fields: Inigo Quilez, "2D distance functions",
https://iquilezles.org/articles/distfunctions2d/
"""

from __future__ import annotations

import colorsys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""Single precision throughout: half the memory to move, and precise enough for colours."""

GRAIN = 0.02
"""Standard deviation of the pixel noise, of a full scale of 1."""


def limit(values: Array, low: float, high: float) -> Array:
    """Clip to ``low..high``; on arrays this small it is several times faster than ``np.clip``."""
    result: Array = np.minimum(np.maximum(values, np.float32(low)), np.float32(high))
    return result


@cache
def _spread(points: int, size: int) -> Array:
    """Return the matrix ``(size, points)`` that interpolates ``points`` values to ``size`` pixels."""
    place = np.linspace(0, points - 1, size)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(points)))
    matrix: Array = weights.astype(np.float32)
    return matrix


def noise(rng: np.random.Generator, size: int, points: int, channels: int = 1) -> Array:
    """Return smooth noise ``(channels, size, size)``, about -1..1: a coarse random grid, interpolated.

    Two small matrix products are some thirty times cheaper than drawing and blurring noise at full size.
    """
    grid = rng.random((channels, points, points), dtype=np.float32) * 2 - 1
    up = _spread(points, size)
    smooth: Array = up @ grid @ up.T
    return smooth


def colour(hue: float, saturation: float, value: float) -> Array:
    """Return an RGB colour ``(3,)``, 0..1, from hue (turns, any number), saturation and value (0..1)."""
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value), dtype=np.float32)


def circle(u: Array, v: Array, x: float, y: float, radius: float) -> Array:
    """Return distance to a circle about ``(x, y)``."""
    result: Array = np.hypot(u - x, v - y) - np.float32(radius)
    return result


def ellipse(u: Array, v: Array, x: float, y: float, a: float, b: float, turn: float = 0.0) -> Array:
    """Return approximate distance to an ellipse with half-axes ``a`` and ``b``, turned by ``turn`` radians."""
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    p, q = (u - x) * c + (v - y) * s, (v - y) * c - (u - x) * s
    near = np.hypot(p / a, q / b)
    slope = np.hypot(p / (a * a), q / (b * b)) + np.float32(1e-4)
    result: Array = near * (near - 1) / slope
    return result


def capsule(u: Array, v: Array, start: tuple[float, float], end: tuple[float, float], radius: float) -> Array:
    """Return distance to a line from ``start`` to ``end`` with round ends."""
    du, dv = end[0] - start[0], end[1] - start[1]
    along = limit(((u - start[0]) * du + (v - start[1]) * dv) / (du * du + dv * dv), 0, 1)
    result: Array = np.hypot(u - start[0] - along * du, v - start[1] - along * dv) - np.float32(radius)
    return result


def convex(u: Array, v: Array, *corners: tuple[float, float]) -> Array:
    """Return distance to a convex polygon, its corners in turn, either way round; a bound beyond the corners."""
    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    # The sign of the area tells which way round the corners run, and so which side of an edge is inside.
    way = float(np.sign(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in edges)))
    sides = []
    for (x0, y0), (x1, y1) in edges:
        across, down = way * (y1 - y0), way * (x1 - x0)
        length = float(np.hypot(across, down))
        sides.append(u * (across / length) - v * (down / length) - (x0 * across - y0 * down) / length)
    result: Array = np.maximum.reduce(sides).astype(np.float32)
    return result


def union(*distances: Array) -> Array:
    """Return distance to several outlines taken together."""
    result: Array = np.minimum.reduce(distances)
    return result


def develop(rng: np.random.Generator, picture: Array) -> NDArray[np.uint8]:
    """Add grain to a picture ``(3, h, w)``, about 0..1, in place, and return it as uint8."""
    picture += np.float32(GRAIN) * rng.standard_normal(picture.shape[1:], dtype=np.float32)
    developed: NDArray[np.uint8] = (limit(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return developed
