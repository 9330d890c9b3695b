"""What stands where along a street of ``streets``: how wide it is, and what lines it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.drawn.painting import Array, colour
from mmtutorial.datasets.drawn.streets_view import BUILDING, FENCE, PAVEMENT, VEGETATION, between

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
BLACK: Array = np.zeros(3, dtype=np.float32)


class Stretch(NamedTuple):
    """One stretch of what lines a street; lengths in metres.

    A house, a fence and a hedge are the same thing with other numbers: a front with insets (windows; the gaps of a
    fence) in a grid. The numbers by default are those of a gap, where nothing stands.

    Attributes:
        label: Id of its class.
        start: Where it begins along the street.
        end: Where it ends.
        height: Of the front; below the ground where there is none.
        rough: How ragged the upper edge is.
        colour: Of the front, ``(3,)``, 0..1.
        inset: Of the insets.
        top: Of the roof.
        roof: How high the roof is, of the height.
        pitch: From one inset to the next along it.
        wide: Share of the pitch that an inset takes.
        floor: From one inset to the next upwards.
        tall: Share of the floor that an inset takes.
        base: Height of the ground floor, which has insets of its own.
        grain: How strong the noise on it is.
        open: Whether one sees through the insets what is behind.
    """

    label: int
    start: float
    end: float
    height: float = -1
    rough: float = 0
    colour: Array = BLACK
    inset: Array = BLACK
    top: Array = BLACK
    roof: float = 0
    pitch: float = 1
    wide: float = 0
    floor: float = 1
    tall: float = 0
    base: float = 0
    grain: float = 0
    open: bool = False


def _dtype_of(name: str) -> object:
    if name in ("colour", "inset", "top"):
        return np.float32, 3
    return {"label": np.uint8, "open": np.bool_}.get(name, np.float32)


TABLE = np.dtype([(name, _dtype_of(name)) for name in Stretch._fields], align=True)
"""Many stretches as one array, so that all columns of a picture are looked up at once."""

Segments = NDArray[np.void]


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
class StreetPlan:
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
        """Return the row of the table that holds the stretch at each ``place``, in metres along ``part``."""
        after = np.searchsorted(self.table["start"][part], place, side="right")
        row: NDArray[np.intp] = np.maximum(after - 1, 0) + part.start
        return row


def draw_plan(rng: np.random.Generator) -> StreetPlan:
    """Draw the layout of a street."""
    length = between(rng, *LENGTH)
    # A street of tall houses or of low ones, and in each a town's favourite colours.
    storeys, hue = between(rng, 1.5, 5.5), rng.normal(0.07, 0.05)
    rows: list[Stretch] = []
    left, right = (_side(rng, rows, length, storeys, hue, half) for half in HALF_ROAD)
    skyline = len(rows)
    rows += [_stretch(rng, _pick(rng, SKYLINE), start, 8, storeys + 1, hue) for start in (-20.0, -6.0, 5.0)]
    return StreetPlan(left, right, length, slice(skyline, len(rows)), np.array(rows, dtype=TABLE))


def _pick(rng: np.random.Generator, chances: dict[int, float]) -> int:
    """Draw a label by its chance; the chances add up to 1."""
    dice = rng.random()
    for label, chance in chances.items():
        dice -= chance
        if dice < 0:
            return label
    return label


def _side(
    rng: np.random.Generator, rows: list[Stretch], length: float, storeys: float, hue: float, half: tuple[float, float]
) -> Side:
    """Draw one side and adds its stretches to ``rows``."""
    kerb = between(rng, *half)
    front = kerb + between(rng, *PAVEMENT_WIDTH)
    parts = []
    for chances, shortest, longest in ((LINING, 6, 15), (BEHIND, 20, 50)):
        first, start = len(rows), between(rng, 0, 8)
        while start < length:
            label = _pick(rng, chances)
            # Further off, where all is small, stretches may be longer.
            span = between(rng, shortest, longest) * (1 + start / 40)
            rows.append(_stretch(rng, label, start, 0.6 * span if label == PAVEMENT else span, storeys, hue))
            start = rows[-1].end
        parts.append(slice(first, len(rows)))
    return Side(kerb, front, *parts)


def _stretch(rng: np.random.Generator, label: int, start: float, length: float, storeys: float, hue: float) -> Stretch:
    """Draw one stretch."""
    empty = Stretch(label, start, start + length)
    if label == BUILDING:
        return _house(rng, empty, storeys, hue)
    if label == FENCE:
        return _fence(rng, empty)
    if label == VEGETATION:
        return _hedge(rng, empty)
    return empty


def _house(rng: np.random.Generator, empty: Stretch, storeys: float, hue: float) -> Stretch:
    """Draw a house with windows upstairs, shop windows below, and a flat or a steep roof."""
    floor = between(rng, 2.7, 3.6)
    base = floor * between(rng, 0.95, 1.3)
    roof = between(rng, 0.2, 0.6) if rng.random() < 0.5 else between(rng, 1.5, 3.0)
    height = base + max(1, round(storeys + rng.normal(0, 0.9))) * floor + roof
    value = between(rng, 0.4, 0.9)
    return empty._replace(
        height=height,
        roof=roof,
        floor=floor,
        base=base,
        colour=colour(hue + rng.normal(0, 0.06), between(rng, 0.03, 0.45), value),
        inset=colour(
            between(rng, 0.52, 0.68), between(rng, 0.05, 0.4), between(rng, 0.12, 0.45) if value > 0.5 else 0.75
        ),
        top=colour(between(rng, -0.02, 0.08), between(rng, 0.1, 0.6), between(rng, 0.2, 0.55)),
        pitch=between(rng, 1.7, 3.4),
        wide=between(rng, 0.35, 0.6),
        tall=between(rng, 0.45, 0.65),
        grain=0.08,
    )


def _hedge(rng: np.random.Generator, empty: Stretch) -> Stretch:
    """Draw a hedge or a row of trees, of one colour with a ragged edge."""
    height = between(rng, 1.2, 3.0) if rng.random() < 0.5 else between(rng, 4, 9)
    green = leaf_colour(rng)
    return empty._replace(
        height=height, rough=0.35 * math.sqrt(height), colour=green, inset=green, top=green, grain=0.45
    )


def _fence(rng: np.random.Generator, empty: Stretch) -> Stretch:
    """Draw railings, a fence of boards or a wall of stones."""
    height, kind = between(rng, 1.2, 2.6), int(rng.random() * 3)
    first = colour(rng.random(), between(rng, 0.0, 0.35), between(rng, 0.15, 0.9))
    empty = empty._replace(height=height)
    if kind == 0:
        gaps = empty._replace(pitch=between(rng, 0.45, 0.8), wide=0.62, floor=height - 0.15, tall=0.8, open=True)
        return gaps._replace(colour=first, inset=first, top=first, roof=0.12, grain=0.05)
    if kind == 1:
        wood = colour(rng.normal(0.08, 0.04), between(rng, 0.2, 0.65), between(rng, 0.3, 0.8))
        boards = empty._replace(pitch=between(rng, 0.35, 0.6), wide=0.72, floor=height, tall=0.98)
        return boards._replace(colour=wood, inset=wood * 1.25, top=wood * 0.7, roof=0.1, grain=0.1)
    stone = colour(rng.normal(0.06, 0.05), between(rng, 0.05, 0.5), between(rng, 0.4, 0.75))
    courses = empty._replace(pitch=between(rng, 0.6, 1.1), wide=0.86, floor=0.42, tall=0.8)
    return courses._replace(colour=stone * 0.7, inset=stone, top=stone * 1.15, roof=0.18, grain=0.12)


def leaf_colour(rng: np.random.Generator) -> Array:
    """Draw the colour of a tree or a hedge: mostly green, now and then of autumn."""
    hue = rng.normal(0.27, 0.045) if rng.random() < 0.8 else between(rng, 0.03, 0.16)
    return colour(hue, between(rng, 0.25, 0.75), between(rng, 0.22, 0.6))
