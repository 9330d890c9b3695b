"""``scenes``: a built-in data set of drawn pictures, so that everything runs without a download.

Each picture is 96x96, holds one to three objects of eight classes on a cluttered ground, and is a pure
function of ``(seed, split, index)``. The classes differ by shape and by pattern. Colour is a hint and no
more: each class has a favourite hue, with a spread so wide that neighbours on the colour circle overlap.
Colour therefore carries enough for a colorization proxy to learn from, and too little to tell the classes
apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.datasets.drawn.base import Drawn
from mmtutorial.datasets.drawn.scenes_backdrop import clutter, colour, ground
from mmtutorial.datasets.drawn.scenes_shapes import SHAPES, Array, limit
from mmtutorial.errors import unknown

SIZE = 96
"""Side of a picture in pixels."""

SPLITS = {"unlabeled": 2000, "tagged": 2000, "train": 1000, "val": 250, "test": 500}
"""Number of pictures of each split."""

STREAMS = {"unlabeled": 0, "tagged": 0, "train": 1, "val": 2, "test": 3}
"""Random stream of each split: two splits share their pictures if, and only if, they share the stream."""

# The knobs of difficulty.
OBJECT_COUNTS = (0.45, 0.35, 0.2)
"""Chances of one, two and three objects."""
RADIUS = (11.0, 27.0)
"""Smallest and largest half-extent of an object in pixels; the logarithm is uniform."""
TURN = 35.0
"""Largest rotation either way in degrees."""
HUE_CONCENTRATION = 3.0
"""Concentration of the von Mises distribution of hue round the favourite of a class: 0 makes colour useless,
10 makes it give the class away. Favourites lie 45 degrees apart; at 1.5 the standard deviation is about
55."""
CLUTTER = (3, 10)
"""Fewest and most distractors behind the objects."""
FRONT_BLADE = 0.35
"""Chance of a blade of grass that crosses in front of everything."""
GRAIN = 0.02
"""Standard deviation of the pixel noise, of a full scale of 1."""

CLASSES = ClassTable(
    names=("background", *SHAPES),
    palette=(
        (40, 44, 52),
        (31, 119, 180),
        (255, 127, 14),
        (214, 39, 40),
        (148, 103, 189),
        (227, 119, 194),
        (44, 160, 44),
        (23, 190, 207),
        (188, 189, 34),
    ),
    background_ids=(0,),
)


class Scenes(Drawn):
    """One split of ``scenes``, drawn as it is asked for.

    Raises:
        InputError: The split is unknown.
    """

    def __init__(self, split: str, seed: int = 0) -> None:
        super().__init__("scenes", split, seed, classes=CLASSES, splits=SPLITS, render=render)


def render(seed: int, split: str, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draws one picture and its mask.

    Args:
        seed: Seed of the data set.
        split: One of ``SPLITS``. Its number in ``STREAMS`` enters the random stream, so that no two splits share
            a picture, save ``unlabeled`` and ``tagged``, which share them all.
        index: Which picture, from 0. Any number will do; ``SPLITS`` only says how many the data set takes.

    Returns:
        The picture ``(3, 96, 96)`` and its exact mask ``(96, 96)`` of ids 0..8, both uint8.

    Raises:
        InputError: The split is unknown.
    """
    if split not in SPLITS:
        raise unknown("split of scenes", split, SPLITS)
    rng = np.random.default_rng((seed, STREAMS[split], index))
    picture = ground(rng, SIZE)
    mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
    for dice in rng.random((rng.integers(CLUTTER[0], CLUTTER[1] + 1), 9)):
        clutter(picture, dice)
    light = rng.uniform(0, 2 * np.pi)
    for x, y, radius in _places(rng):
        _draw(rng, picture, mask, x, y, radius, light)
    if rng.random() < FRONT_BLADE:
        rows, columns, cover = clutter(picture, rng.random(9), front=True)
        mask[rows, columns][cover > 0.5] = 0
    return _expose(rng, picture, light), mask


def _places(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Chooses centres and half-extents; objects may overlap by about a third, and may be cut by the frame."""
    count = 1 + int(rng.choice(3, p=OBJECT_COUNTS))
    places: list[tuple[float, float, float]] = []
    for _ in range(count):
        radius = float(np.exp(rng.uniform(*np.log(RADIUS))))
        for _ in range(8):
            x, y = rng.uniform(0.6 * radius, SIZE - 0.6 * radius, 2)
            if all(np.hypot(x - a, y - b) > 0.65 * (radius + r) for a, b, r in places):
                places.append((float(x), float(y), radius))
                break
    return places


def _colours(rng: np.random.Generator, label: int) -> tuple[Array, Array]:
    """Draws the two colours of an object of class ``label``, each ``(3, 1, 1)``, 0..1."""
    hue = (label - 1) / len(SHAPES) + rng.vonmises(0, HUE_CONCENTRATION) / (2 * np.pi)
    saturation, value = rng.uniform(0.35, 0.95), rng.uniform(0.4, 0.95)
    first = colour(hue, saturation, value)
    # The second colour is clearly lighter or darker, so that the pattern shows in a grey picture as well.
    second_value = value * rng.uniform(0.35, 0.6) if value > 0.65 else min(1.0, value * rng.uniform(1.6, 2.2))
    second = colour(hue + rng.normal(0, 0.06), saturation * rng.uniform(0.3, 1.0), second_value)
    return first[:, None, None], second[:, None, None]


def _draw(
    rng: np.random.Generator,
    picture: Array,
    mask: NDArray[np.uint8],
    x: float,
    y: float,
    radius: float,
    light: float,
) -> None:
    """Draws one object with its cast shadow into ``picture`` and its label into ``mask``, both in place."""
    label = int(rng.integers(1, len(SHAPES) + 1))
    shape = SHAPES[CLASSES.names[label]]
    first, second = _colours(rng, label)
    turn, mirror = np.radians(rng.uniform(-TURN, TURN)), rng.choice((-1.0, 1.0))
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    phase, pace = rng.random(), rng.uniform(0.8, 1.25)
    reach = int(1.2 * radius) + 4
    rows = slice(max(0, int(y) - reach), min(SIZE, int(y) + reach + 1))
    columns = slice(max(0, int(x) - reach), min(SIZE, int(x) + reach + 1))
    down = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - y) / radius
    right = (np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - x) / radius
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u = (right * c + down * s) * np.float32(mirror * stretch)
    v = (down * c - right * s) / np.float32(stretch)
    parts = shape(u, v, phase, pace)

    outline = np.minimum.reduce([part.distance for part in parts])
    _cast_shadow(picture, outline, radius, rows, columns, light)
    box = picture[:, rows, columns]
    # Parts are laid over one another as two grey pictures, pattern and brightness, and coloured once at
    # the end: a third of the work of laying colours over one another.
    pattern, value = np.zeros_like(outline), np.zeros_like(outline)
    for part in parts:
        cover = limit(0.5 - part.distance * radius, 0, 1)
        rim = 0.68 + limit(part.distance * -1.92, 0, 0.32)
        pattern += cover * (part.pattern - pattern)
        value += cover * (rim * part.value - value)
    value *= 1 - float(0.3 * np.cos(light)) * right - float(0.3 * np.sin(light)) * down
    box += limit(0.5 - outline * radius, 0, 1) * ((first + (second - first) * pattern) * value - box)
    mask[rows, columns][outline * radius < 0] = label


def _cast_shadow(picture: Array, outline: Array, radius: float, rows: slice, columns: slice, light: float) -> None:
    """Darkens, in place, the ground behind an object: its soft outline, moved away from the light."""
    move = 0.12 * radius + 1.5
    down, right = round(move * np.sin(light)), round(move * np.cos(light))
    top, left = max(0, rows.start + down), max(0, columns.start + right)
    bottom, end = min(SIZE, rows.stop + down), min(SIZE, columns.stop + right)
    cover = limit(0.5 - outline * np.float32(radius / 4), 0, 1)
    part = cover[
        top - rows.start - down : bottom - rows.start - down,
        left - columns.start - right : end - columns.start - right,
    ]
    picture[:, top:bottom, left:end] *= 1 - np.float32(0.45) * part


def _expose(rng: np.random.Generator, picture: Array, light: float) -> NDArray[np.uint8]:
    """Lights the picture from one side, varies contrast and brightness, adds grain. Returns uint8."""
    step = np.linspace(-0.5, 0.5, SIZE, dtype=np.float32)
    fall = np.float32(rng.uniform(0.0, 0.5))
    side = 1 - fall * (np.float32(np.cos(light)) * step[None, :] + np.float32(np.sin(light)) * step[:, None])
    contrast, brightness = np.float32(rng.uniform(0.65, 1.15)), np.float32(rng.uniform(0.4, 0.6))
    picture *= side * contrast
    picture += brightness - 0.5 * contrast
    picture += np.float32(GRAIN) * rng.standard_normal(picture.shape[1:], dtype=np.float32)
    exposed: NDArray[np.uint8] = (limit(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return exposed
