"""From a mask back to outlines that a person can correct: the way of ``data masks``, turned round."""

from __future__ import annotations

from dataclasses import dataclass

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Points = NDArray[np.float64]

SMALLEST = 16
"""Pieces of fewer pixels are left out: specks that nobody would outline."""
TOLERANCE = 0.75
"""How far in pixels an outline may be from the mask's edge; few points are easier to move."""


@dataclass(frozen=True, eq=False)
class Outline:
    """One piece of a class, or a hole in one that is background again.

    Attributes:
        label: class id.
        points: (P, 2) x, y in pixels; pixel (0, 0) reaches from 0 to 1.
        area: pixels of the piece, its holes included.
    """

    label: int
    points: Points
    area: int


def outlines(mask: NDArray[np.uint8]) -> list[Outline]:
    """Outlines of all pieces of a mask (H, W) of class ids, where 0 is background.

    Large ones come first: painted in this order, what lies in a hole of another piece comes out on top of it, and a
    hole that is background is a piece of class 0.

    Example:
        >>> mask = np.zeros((8, 8), np.uint8); mask[2:6, 1:7] = 3
        >>> [(outline.label, outline.area) for outline in outlines(mask)]
        [(3, 24)]
    """
    found = []
    for label in np.unique(mask).tolist():
        pieces, count = ndimage.label(mask == label)
        boxes = ndimage.find_objects(pieces)
        for number in range(1, count + 1):
            box = boxes[number - 1]
            piece = pieces[box] == number
            if label == 0 and _touches_rim(box, mask.shape):
                continue  # Background all round needs no outline.
            filled = ndimage.binary_fill_holes(piece)
            area = int(filled.sum())
            if area >= SMALLEST:
                corner = np.array([box[1].start, box[0].start])
                found.append(Outline(label, _traced(filled) + corner, area))
    return sorted(found, key=lambda outline: -outline.area)


def _touches_rim(box: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    return any(side.start == 0 or side.stop == length for side, length in zip(box, shape, strict=True))


def _traced(piece: NDArray[np.bool_]) -> Points:
    """The outer edge of one piece (H, W), simplified."""
    # Half way between a pixel inside and one outside lies the edge; with a rim of nothing the edge is closed.
    rim = np.pad(piece, 1).astype(float)
    lines = [np.asarray(line) for line in contourpy.contour_generator(z=rim).lines(0.5)]
    # A pixel's middle is half a pixel from its corner, and the rim has moved all by one.
    return simplified(max(lines, key=len)[:-1] - 0.5, TOLERANCE)


def simplified(points: Points, tolerance: float) -> Points:
    """A closed outline (P, 2) with fewer points, none of those left out further away from it than ``tolerance``.

    Source: Douglas and Peucker, 1973, begun at the two points that are furthest apart from the first one's view.

    Example:
        >>> square = np.array([[0, 0], [1, 0], [2, 0], [2, 2], [0, 2], [0, 1]], dtype=float)
        >>> simplified(square, 0.1).tolist()
        [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]
    """
    far = int(np.argmax(np.linalg.norm(points - points[0], axis=1)))
    closed = np.concatenate([points, points[:1]])
    keep = np.zeros(len(closed), dtype=bool)
    keep[[0, far]] = True
    spans = [(0, far), (far, len(closed) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _distances(closed[first + 1 : last], closed[first], closed[last])
        if away.max() > tolerance:
            middle = first + 1 + int(away.argmax())
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return points[keep[:-1]]


def _distances(points: Points, start: Points, end: Points) -> Points:
    """How far points (P, 2) are from the piece of line between two others."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0, 1) if length else np.zeros(len(points))
    distances: Points = np.linalg.norm(points - start - share[:, None] * along, axis=1)
    return distances
