"""Marker shapes, so that colour is never the only sign, and the legend that names them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.plots import style
from mmtutorial.plots.style import ClassStyle
from mmtutorial.widgets.toolkit.canvas import BODY, Canvas, Point


def _regular(corners: int, turn: float = 0.0, inner: float | None = None) -> tuple[Point, ...]:
    """Return the corners of a regular polygon with the first on top, or of a star where an inner radius is given."""
    number = corners * (2 if inner is not None else 1)
    points = []
    for k in range(number):
        angle = math.radians(turn) + 2 * math.pi * k / number
        radius = inner if inner is not None and k % 2 else 1.0
        points.append((radius * math.sin(angle), -radius * math.cos(angle)))
    return tuple(points)


def _plus(arm: float = 0.38) -> tuple[Point, ...]:
    a = arm
    return ((-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a), (-1, a), (-1, -a), (-a, -a))


def _turned(points: Sequence[Point], degrees: float) -> tuple[Point, ...]:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return tuple((c * x - s * y, s * x + c * y) for x, y in points)


# The letters are matplotlib's, as in plots/style.py. Radii are set so that all shapes look equally large.
_SHAPES: dict[str, tuple[Point, ...]] = {
    "s": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    "^": _regular(3),
    "v": _regular(3, 180),
    "<": _regular(3, -90),
    ">": _regular(3, 90),
    "D": _regular(4),
    "d": ((0, -1.1), (0.65, 0), (0, 1.1), (-0.65, 0)),
    "P": _plus(),
    "X": _turned(_plus(), 45),
    "*": _regular(5, inner=0.42),
    "p": _regular(5),
    "h": _regular(6),
    "x": _turned(_plus(0.18), 45),
}


def marker(
    canvas: Canvas, centre: Point, shape: str, color: str, radius: float = 8, *, hollow: bool = False, edge: float = 1
) -> None:
    """Draw one marker.

    Args:
        canvas: Where.
        centre: Its middle.
        shape: A letter of :data:`mmtutorial.plots.style.MARKERS`, or ``o``.
        color: Its colour.
        radius: Its size.
        hollow: White inside, the edge in its colour.
        edge: Width of the edge.
    """
    fill, line = ("#FFFFFF", color) if hollow else (color, style.INK)
    if shape not in _SHAPES:
        canvas.circle(centre, radius * 0.9, fill=fill, edge=line, width=edge)
        return
    points = [(centre[0] + radius * x, centre[1] + radius * y) for x, y in _SHAPES[shape]]
    canvas.polygon(points, fill, line, edge)


def cloud(
    canvas: Canvas,
    box: tuple[float, float, float],
    places: NDArray[np.floating[Any]],
    looks: Sequence[ClassStyle],
    radius: float,
    *,
    rim: float,
    order: Iterable[int] | None = None,
) -> list[Point]:
    """Draw a map of points in a framed square.

    Args:
        canvas: Where.
        box: Left, top and side of the square.
        places: ``(P, 2)``, -1 to 1, upwards.
        looks: Of each point; background is drawn smaller.
        radius: Size of a point.
        rim: Pixels between the frame and the farthest point.
        order: Order of drawing, the last on top.

    Returns:
        The middle of each point on the canvas.
    """
    left, top, side = box
    canvas.box(left, top, left + side, top + side, edge=style.PALE, width=1)
    middle, reach = side / 2, side / 2 - rim
    at = [(left + middle + reach * float(x), top + middle - reach * float(y)) for x, y in places]
    for i in range(len(at)) if order is None else order:
        marker(canvas, at[i], looks[i].marker, looks[i].color, radius * (0.75 if looks[i].background else 1))
    return at


def legend(canvas: Canvas, left: float, base: float, width: float, styles: Sequence[ClassStyle], rows: int = 3) -> None:
    """Write markers with their names in rows, as many in a row as fit.

    Args:
        canvas: Where.
        left: Left end of the rows.
        base: Base line of the first row.
        width: Length of a row.
        styles: What to name.
        rows: Most rows; an ellipsis stands for what finds no room in them.
    """
    x = left
    for look in styles:
        needed = 34 + canvas.text_width(look.name)
        if x > left and x + needed > left + width - (20 if rows == 1 else 0):
            if rows == 1:
                canvas.text(x, base, "…")
                return
            x, base, rows = left, base + 28, rows - 1
        marker(canvas, (x + 9, base - 6), look.marker, look.color)
        canvas.text(x + 24, base, look.name, size=BODY, fit=left + width - x - 24)
        x += needed + 14
