"""Axes on a canvas: just enough of a chart for curves, points and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.widgets.toolkit.canvas import Canvas, Point

TICK = 15


@dataclass(frozen=True)
class Chart:
    """A box with axes; its methods take values and place them.

    Attributes:
        canvas: Where.
        left: Pixels of the box, without the tick labels that stand outside it.
        top: The same.
        right: The same.
        bottom: The same.
        x: Least and greatest value across.
        y: Least and greatest value up.
    """

    canvas: Canvas
    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> Point:
        """Return the place of a pair of values."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def axes(self, xticks: Sequence[float], yticks: Sequence[float], *, xlabel: str = "", digits: int = 1) -> None:
        """Draw both axes with their ticks; ticks across are whole numbers where they can be."""
        for value in yticks:
            height = self.at(self.x[0], value)[1]
            self.canvas.line([(self.left, height), (self.right, height)], style.PALE, 1)
            label = words.number(value, digits)
            self.canvas.text(self.left - 7, height, label, size=TICK, anchor="rm")
        for value in xticks:
            across = self.at(value, self.y[0])[0]
            self.canvas.line([(across, self.bottom), (across, self.bottom + 5)], style.FAINT, 1)
            label = words.number(value, 0 if value == round(value) else digits)
            self.canvas.text(across, self.bottom + 9, label, size=TICK, anchor="mt")
        self.canvas.line([(self.left, self.bottom), (self.right, self.bottom)], style.FAINT, 1.5)
        self.canvas.text((self.left + self.right) / 2, self.bottom + 30, xlabel, size=TICK, anchor="mt")

    def curve(self, xs: Sequence[float], ys: Sequence[float], color: str, width: float = 3) -> None:
        """Draw a line through values; a value that is no number leaves a gap."""
        piece: list[Point] = []
        for x, y in zip(xs, ys, strict=True):
            if math.isfinite(y):
                piece.append(self.at(x, y))
                continue
            self._stroke(piece, color, width)
            piece = []
        self._stroke(piece, color, width)

    def _stroke(self, piece: Sequence[Point], color: str, width: float) -> None:
        if len(piece) > 1:
            self.canvas.line(piece, color, width)

    def upright(self, x: float, color: str = style.INK) -> None:
        """Draw a dashed upright line at a value."""
        self.canvas.dashes(self.at(x, self.y[0]), self.at(x, self.y[1]), color, 2)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round values from ``low`` to ``high``, at most ``most`` of them."""
    span = max(high - low, 1e-12)
    raw = span / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    size = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
    first = math.ceil(low / size - 1e-9)
    return [round(k * size, 10) for k in range(first, math.floor(high / size + 1e-9) + 1)]
