"""What stands where along a street of ``streets``: how wide it is, and what lines it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.drawn.scenes_backdrop import colour
from mmtutorial.datasets.drawn.scenes_shapes import Array
from mmtutorial.datasets.drawn.streets_canvas import between
from mmtutorial.datasets.drawn.streets_classes import BUILDING, FENCE, PAVEMENT, VEGETATION

# The knobs of the street, in metres unless said otherwise.
HALF_ROAD = ((2.2, 5.5), (1.9, 4.0))
"""From the camera to the kerb, on the left and on the right; traffic keeps to the right."""
PAVEMENT_WIDTH = (1.8, 4.5)
LENGTH = (45.0, 110.0)
"""How far one sees along the street."""
LINING = {BUILDING: 0.47, FENCE: 0.32, VEGETATION: 0.13, PAVEMENT: 0.08}
"""Chances of what lines the street. ``PAVEMENT`` stands for a gap: the mouth of a side street."""
BEHIND = {BUILDING: 0.35, VEGETATION: 0.35, PAVEMENT: 0.3}
SKYLINE = {BUILDING: 0.5, VEGETATION: 0.5}

SEGMENT = np.dtype(
    [
        ("label", np.uint8),
        ("start", np.float32),
        ("end", np.float32),
        ("height", np.float32),
        ("rough", np.float32),
        ("colour", np.float32, 3),
        ("inset", np.float32, 3),
        ("top", np.float32, 3),
        ("roof", np.float32),
        ("pitch", np.float32),
        ("wide", np.float32),
        ("floor", np.float32),
        ("tall", np.float32),
        ("base", np.float32),
        ("grain", np.float32),
        ("open", np.bool_),
    ],
    align=True,
)
"""One stretch of what lines a street. A house, a fence and a hedge are the same thing with other numbers: a
front of some ``height`` with insets (windows; the gaps of a fence), ``pitch`` apart along it and ``floor`` apart
upwards, that take the shares ``wide`` and ``tall`` of that. Below ``base`` lies a ground floor, above
``height - roof`` a roof. ``rough`` is how ragged the upper edge is, ``grain`` how strong the noise on it.
Through ``open`` insets one sees what is behind."""

Segments = NDArray[np.void]
Row = tuple[Any, ...]
"""The fields of one ``SEGMENT``."""


@dataclass(frozen=True)
class Side:
    """One side of the street; distances from the camera to the left or to the right, as positive numbers.

    Attributes:
        kerb: Metres to the kerb.
        front: Metres to what lines the street.
        lining: What lines it, from near to far: a part of the plan's table.
        behind: What shows above and beyond, on a line further out: another part.
    """

    kerb: float
    front: float
    lining: slice
    behind: slice


@dataclass(frozen=True)
class Plan:
    """A street.

    Attributes:
        left: Its left side.
        right: Its right side.
        length: How far one sees along it, in metres.
        skyline: The part of the table that closes it off; there, ``start`` counts from left to right.
        table: All stretches.
    """

    left: Side
    right: Side
    length: float
    skyline: slice
    table: Segments

    def at(self, part: slice, place: Array) -> NDArray[np.intp]:
        """Returns the row of the table that holds the stretch at each ``place``, in metres along ``part``."""
        after = np.searchsorted(self.table["start"][part], place, side="right")
        row: NDArray[np.intp] = np.maximum(after - 1, 0) + part.start
        return row


def draw_plan(rng: np.random.Generator) -> Plan:
    """Draws the layout of a street."""
    length = between(rng, *LENGTH)
    # A street of tall houses or of low ones, and in each a town's favourite colours.
    storeys, hue = between(rng, 1.5, 5.5), rng.normal(0.07, 0.05)
    rows: list[Row] = []
    left, right = (_side(rng, rows, length, storeys, hue, half) for half in HALF_ROAD)
    skyline = len(rows)
    rows += [_segment(rng, _pick(rng, SKYLINE), start, 8, storeys + 1, hue) for start in (-20.0, -6.0, 5.0)]
    return Plan(left, right, length, slice(skyline, len(rows)), np.array(rows, dtype=SEGMENT))


def _pick(rng: np.random.Generator, chances: dict[int, float]) -> int:
    """Draws a label by its chance; the chances add up to 1."""
    dice = rng.random()
    for label, chance in chances.items():
        dice -= chance
        if dice < 0:
            return label
    return label


def _side(
    rng: np.random.Generator, rows: list[Row], length: float, storeys: float, hue: float, half: tuple[float, float]
) -> Side:
    """Draws one side and adds its stretches to ``rows``."""
    kerb = between(rng, *half)
    front = kerb + between(rng, *PAVEMENT_WIDTH)
    parts = []
    for chances, shortest, longest in ((LINING, 6, 15), (BEHIND, 20, 50)):
        first, start = len(rows), between(rng, 0, 8)
        while start < length:
            label = _pick(rng, chances)
            # Further off, where all is small, stretches may be longer.
            span = between(rng, shortest, longest) * (1 + start / 40)
            rows.append(_segment(rng, label, start, 0.6 * span if label == PAVEMENT else span, storeys, hue))
            start = float(rows[-1][2])
        parts.append(slice(first, len(rows)))
    return Side(kerb, front, *parts)


def _segment(rng: np.random.Generator, label: int, start: float, length: float, storeys: float, hue: float) -> Row:
    """Draws one stretch."""
    place = (label, start, start + length)
    if label == BUILDING:
        return (*place, *_house(rng, storeys, hue))
    if label == FENCE:
        return (*place, *_fence(rng))
    if label == VEGETATION:
        height = between(rng, 1.2, 3.0) if rng.random() < 0.5 else between(rng, 4, 9)
        green = leaf_colour(rng)
        return (*place, height, 0.35 * math.sqrt(height), green, green, green, 0, 1, 0, 1, 0, 0, 0.45, False)
    black = (0.0, 0.0, 0.0)
    return (*place, -1, 0, black, black, black, 0, 1, 0, 1, 0, 0, 0, False)


def _house(rng: np.random.Generator, storeys: float, hue: float) -> Row:
    """Draws a house: its fields from ``height`` on."""
    floor = between(rng, 2.7, 3.6)
    base = floor * between(rng, 0.95, 1.3)
    roof = between(rng, 0.2, 0.6) if rng.random() < 0.5 else between(rng, 1.5, 3.0)
    height = base + max(1, round(storeys + rng.normal(0, 0.9))) * floor + roof
    value = between(rng, 0.4, 0.9)
    front = colour(hue + rng.normal(0, 0.06), between(rng, 0.03, 0.45), value)
    glass = colour(between(rng, 0.52, 0.68), between(rng, 0.05, 0.4), between(rng, 0.12, 0.45) if value > 0.5 else 0.75)
    tiles = colour(between(rng, -0.02, 0.08), between(rng, 0.1, 0.6), between(rng, 0.2, 0.55))
    windows = (between(rng, 1.7, 3.4), between(rng, 0.35, 0.6), floor, between(rng, 0.45, 0.65))
    return (height, 0, front, glass, tiles, roof, *windows, base, 0.08, False)


def _fence(rng: np.random.Generator) -> Row:
    """Draws railings, a fence of boards or a wall of stones: its fields from ``height`` on."""
    height, kind = between(rng, 1.2, 2.6), int(rng.random() * 3)
    first = colour(rng.random(), between(rng, 0.0, 0.35), between(rng, 0.15, 0.9))
    if kind == 0:
        gaps = (between(rng, 0.45, 0.8), 0.62, height - 0.15, 0.8)
        return (height, 0, first, first, first, 0.12, *gaps, 0.0, 0.05, True)
    if kind == 1:
        wood = colour(rng.normal(0.08, 0.04), between(rng, 0.2, 0.65), between(rng, 0.3, 0.8))
        boards = (between(rng, 0.35, 0.6), 0.72, height, 0.98)
        return (height, 0, wood, wood * 1.25, wood * 0.7, 0.1, *boards, 0.0, 0.1, False)
    stone = colour(rng.normal(0.06, 0.05), between(rng, 0.05, 0.5), between(rng, 0.4, 0.75))
    return (
        height,
        0,
        stone * 0.7,
        stone,
        stone * 1.15,
        0.18,
        between(rng, 0.6, 1.1),
        0.86,
        0.42,
        0.8,
        0.0,
        0.12,
        False,
    )


def leaf_colour(rng: np.random.Generator) -> Array:
    """Draws the colour of a tree or a hedge: mostly green, now and then of autumn."""
    hue = rng.normal(0.27, 0.045) if rng.random() < 0.8 else between(rng, 0.03, 0.16)
    return colour(hue, between(rng, 0.25, 0.75), between(rng, 0.22, 0.6))
