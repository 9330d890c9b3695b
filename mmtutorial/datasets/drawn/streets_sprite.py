"""Upright things on a street of ``streets``: a few flat parts, drawn in metres and painted in one go.

On boxes of some hundred pixels a call of numpy costs more than its arithmetic. So a thing first collects its
parts, and then the distances to all of them, their edges and what they hide of one another are worked out in a
couple of dozen calls, however many parts there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmtutorial.datasets.drawn.painting import Array, limit
from mmtutorial.datasets.drawn.streets_view import Easel

Point = tuple[float, float]
Stroke = tuple[float, float, float, float, float]
"""A line with round ends: its two ends and its radius, ``(x0, y0, x1, y1, radius)``."""


def dot(x: float, y: float, radius: float) -> Stroke:
    """Return a disc, as a line of no length."""
    return x, y, x, y, radius


@dataclass(frozen=True)
class _Piece:
    """A part: which half-planes bound it, or which strokes make it up, or its distance as it was given."""

    colour: Array
    shade: Array | None
    of: slice | None = None
    convex: bool = False
    shape: Array | None = None


class Sprite:
    """The box of the sheet round one upright thing, with coordinates in the thing's own metres.

    Attributes:
        u: Metres to the right of its foot, ``(1, w)``.
        v: Metres above the ground, ``(h, 1)``.
        scale: Pixels a metre.
    """

    def __init__(
        self, easel: Easel, label: int, place: Point, extent: tuple[float, float, float], unit: float = 1.0
    ) -> None:
        """Find the box.

        Args:
            easel: What to paint on and how it is seen.
            label: Id of the thing.
            place: Where it stands, ``(x, z)`` in metres.
            extent: How far it reaches to the left, to the right and upwards, in its own metres.
            unit: Metres of the street in one metre of its own: 0.6 for a child.
        """
        sheet, camera, weather = easel.sheet, easel.camera, easel.weather
        self.sheet, self.label = sheet, label
        size = sheet.picture.shape[-1]
        x, z = place
        self.scale = camera.focal / z * unit
        foot, middle = camera.row(0, z), camera.column(x, z)
        left, right, top = (reach * self.scale for reach in extent)
        # From two pixels below the foot, for the lower half of soft edges.
        self.rows = slice(min(size, max(0, int(foot - top) - 1)), max(0, min(size, int(foot) + 3)))
        self.columns = slice(min(size, max(0, int(middle - left) - 1)), max(0, min(size, int(middle + right) + 3)))
        self.v: Array = (foot - np.arange(self.rows.start, self.rows.stop, dtype=np.float32)[:, None]) / self.scale
        across = np.arange(self.columns.start, self.columns.stop, dtype=np.float32)[None, :]
        self.u: Array = (across - middle) / self.scale
        clear = math.exp(-z / weather.sight)
        # The sun is on one side of a thing, so that neither side's walls tell how light it is.
        self._light = clear * (0.5 + 0.25 * (weather.left + weather.right))
        self._haze = (1 - clear) * weather.haze[:, None, None]
        self._planes: list[tuple[float, float, float]] = []
        self._strokes: list[tuple[float, ...]] = []
        self._parts: list[_Piece] = []

    @property
    def visible(self) -> bool:
        """Whether any of the box lies in the picture."""
        return self.u.size > 0 and self.v.size > 0

    @property
    def detailed(self) -> bool:
        """Whether a hand's breadth makes a pixel. Details of things farther off would cost time and not show."""
        return self.scale > 7

    def cast(self, width: float, depth: float = 0.12) -> None:
        """Darken the ground below the thing over ``width`` metres either way."""
        across, up = self.u * np.float32(0.74 / width), (self.v - 0.02) * np.float32(0.74 / depth)
        shade = np.minimum(0.45 + across * across + up * up, np.float32(1))
        self.sheet.darken(self.rows, self.columns, shade)

    def veil(self, distance: Array, shade: float) -> None:
        """Dim what is seen through the thing, as between spokes; the label counts the holes in.

        Args:
            distance: Signed distance to the outline in metres, negative inside, ``(h, w)``.
            shade: Factor on the brightness.
        """
        cover = limit(0.5 - distance * self.scale, 0, 1)
        behind = self.sheet.picture[:, self.rows, self.columns] * (cover * np.float32(shade))
        self.sheet.lay(self.rows, self.columns, 1 - cover, behind, self.label)

    def hull(self, colour: Array, *corners: Point, shade: Array | None = None) -> None:
        """Add a convex polygon, its corners in turn, either way round.

        Args:
            colour: ``(3,)``, 0..1.
            corners: In metres to the right of the foot, and up.
            shade: Factor on the brightness that varies over it: anything that broadcasts to ``(h, w)``.
        """
        of = slice(len(self._planes), len(self._planes) + len(corners))
        self._parts.append(_Piece(colour, shade, of, convex=True))
        edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
        way = 1.0 if sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in edges) > 0 else -1.0
        for (x0, y0), (x1, y1) in edges:
            across, down = way * (y1 - y0), way * (x0 - x1)
            length = math.hypot(across, down) + 1e-9
            self._planes.append((across / length, down / length, (x0 * across + y0 * down) / length))

    def strokes(self, colour: Array, *lines: Stroke, shade: Array | None = None) -> None:
        """Add lines with round ends, as one part: limbs, bars, wheels. ``colour`` and ``shade`` as in ``hull``."""
        of = slice(len(self._strokes), len(self._strokes) + len(lines))
        self._parts.append(_Piece(colour, shade, of))
        self._strokes += map(_turned, lines)

    def shape(self, colour: Array, distance: Array, shade: Array | None = None) -> None:
        """Add a part of any shape, given its signed distance ``(h, w)`` in metres, negative inside."""
        self._parts.append(_Piece(colour, shade, shape=distance))

    def reach(self, *lines: Stroke) -> Array:
        """Return the signed distance ``(h, w)`` to lines with round ends, taken together."""
        nearest: Array = self._to_strokes([_turned(line) for line in lines]).min(axis=0)
        return nearest

    def paint(self) -> None:
        """Paint the parts in the order in which they were added."""
        cover = self._distances()
        cover *= -self.scale
        cover += 0.5
        np.maximum(cover, 0, out=cover)
        np.minimum(cover, 1, out=cover)
        # Seen of a part is what those after it let through.
        through = 1 - cover[-1]
        for index in range(len(cover) - 2, -1, -1):
            seen = cover[index] * through
            through -= seen
            cover[index] = seen
        for index, part in enumerate(self._parts):
            if part.shade is not None:
                cover[index] *= part.shade
        colours = np.array([part.colour for part in self._parts], dtype=np.float32) * np.float32(self._light)
        paint = (colours.T @ cover.reshape(len(cover), -1)).reshape(3, *through.shape)
        paint += self._haze * (1 - through)
        self.sheet.lay(self.rows, self.columns, through, paint, self.label)

    def _distances(self) -> Array:
        """Return signed distance to each part in metres, ``(parts, h, w)``."""
        planes: Array = np.empty(0)
        strokes: Array = np.empty(0)
        if self._planes:
            a, b, c = np.array(self._planes, dtype=np.float32).T[:, :, None, None]
            planes = a * self.u + (b * self.v - c)
        if self._strokes:
            strokes = self._to_strokes(self._strokes)
        found = np.empty((len(self._parts), self.v.size, self.u.size), dtype=np.float32)
        for distance, part in zip(found, self._parts, strict=True):
            if part.shape is not None:
                distance[:] = part.shape
            elif part.convex:
                planes[part.of].max(axis=0, out=distance)
            else:
                strokes[part.of].min(axis=0, out=distance)
        return found

    def _to_strokes(self, turned: Sequence[tuple[float, ...]]) -> Array:
        """Return signed distance to each line in metres, ``(lines, h, w)``."""
        x, y, a, b, half, radius = np.array(turned, dtype=np.float32).T[:, :, None, None]
        p, q = self.u - x, self.v - y
        # How far beyond the ends a point lies, and how far beside the line.
        beyond = p * a + q * b
        np.abs(beyond, out=beyond)
        beyond -= half
        np.maximum(beyond, 0, out=beyond)
        beyond *= beyond
        beside = p * b - q * a
        beside *= beside
        beyond += beside
        np.sqrt(beyond, out=beyond)
        beyond -= radius
        distance: Array = beyond
        return distance


def _turned(line: Stroke) -> tuple[float, ...]:
    """Return a line as middle, direction, half its length, and radius."""
    x0, y0, x1, y1, radius = line
    length = math.hypot(x1 - x0, y1 - y0)
    # A dot has no direction, and any will do.
    a, b = ((x1 - x0) / length, (y1 - y0) / length) if length > 0 else (1.0, 0.0)
    return (x0 + x1) / 2, (y0 + y1) / 2, a, b, length / 2, radius
