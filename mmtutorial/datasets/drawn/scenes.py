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
from mmtutorial.datasets.drawn.base import SIZE, Drawn
from mmtutorial.datasets.drawn.painting import Array, capsule, colour, develop, ellipse, limit, noise
from mmtutorial.datasets.drawn.scenes_shapes import SHAPES
from mmtutorial.datasets.store import Pair

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
NOISE_GRIDS = (4, 12, 32)
"""Points per side of the three layers of noise: clouds, patches, grain."""

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
    """One split of ``scenes``.

    Raises:
        InputError: The split is unknown.
    """

    name, classes = "scenes", CLASSES

    @staticmethod
    def paint(rng: np.random.Generator) -> Pair:
        """Draw one picture and its mask of ids 0..8."""
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
        _expose(rng, picture, light)
        return develop(rng, picture), mask


render = Scenes.render


def _places(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Choose centres and half-extents; objects may overlap by about a third, and may be cut by the frame."""
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
    """Draw the two colours of an object of class ``label``, each ``(3, 1, 1)``, 0..1."""
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
    """Draw one object with its cast shadow into ``picture`` and its label into ``mask``, both in place."""
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


def _expose(rng: np.random.Generator, picture: Array, light: float) -> None:
    """Light the picture from one side, vary contrast and brightness, in place."""
    step = np.linspace(-0.5, 0.5, SIZE, dtype=np.float32)
    fall = np.float32(rng.uniform(0.0, 0.5))
    side = 1 - fall * (np.float32(np.cos(light)) * step[None, :] + np.float32(np.sin(light)) * step[:, None])
    contrast, brightness = np.float32(rng.uniform(0.65, 1.15)), np.float32(rng.uniform(0.4, 0.6))
    picture *= side * contrast
    picture += brightness - 0.5 * contrast


def ground(rng: np.random.Generator, size: int) -> Array:
    """Paint a gradient of two colours under three layers of noise. Returns ``(3, size, size)``, 0..1."""
    hue, angle = rng.random(), rng.uniform(0, 2 * np.pi)
    first = colour(hue, rng.uniform(0.05, 0.55), rng.uniform(0.3, 0.9))
    second = colour(hue + rng.normal(0, 0.12), rng.uniform(0.05, 0.55), rng.uniform(0.3, 0.9))
    step = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    ramp = 0.5 + np.float32(np.cos(angle)) * step[None, :] + np.float32(np.sin(angle)) * step[:, None]
    layers = [noise(rng, size, points)[0] for points in NOISE_GRIDS]
    strengths = rng.uniform((0.1, 0.0, 0.0), (0.5, 0.35, 0.22)).astype(np.float32)
    mix = limit(ramp + strengths[0] * layers[0] + strengths[1] * layers[1], 0, 1)
    picture: Array = first[:, None, None] + (second - first)[:, None, None] * mix
    picture += 0.08 * noise(rng, size, 4, 3)
    picture *= 1 + strengths[2] * layers[2]
    if rng.random() < 0.35:
        picture *= _ripples(rng, size)
    return picture


def _ripples(rng: np.random.Generator, size: int) -> Array:
    """Return a factor ``(size, size)`` near 1 of wavy stripes: sand, water, planks."""
    step = np.linspace(0, 1, size, dtype=np.float32)
    angle, turns = rng.uniform(0, np.pi), rng.uniform(5, 16)
    wave = (
        np.float32(np.cos(angle)) * step[None, :]
        + np.float32(np.sin(angle)) * step[:, None]
        + np.float32(0.06) * noise(rng, size, 6)[0]
    )
    ripples: Array = 1 + np.float32(rng.uniform(0.04, 0.16)) * np.sin(np.float32(2 * np.pi * turns) * wave)
    return ripples


def clutter(picture: Array, dice: NDArray[np.float64], front: bool = False) -> tuple[slice, slice, Array]:
    """Paint one distractor into ``picture`` in place: a blade of grass, a pebble or a leaf.

    Args:
        picture: The picture ``(3, size, size)``, 0..1; painted on.
        dice: Nine uniform numbers 0..1, ``(9,)``, that settle kind, place, size, turn and colour. They are
            drawn by the caller, for all distractors at once: a call of the generator costs as much as a small
            array.
        front: Draw a long blade, as wanted for one that crosses in front of the objects.

    Returns:
        The box that was touched, as rows and columns, and the share ``(h, w)``, 0..1, of each pixel in it
        that the distractor covers.
    """
    size = picture.shape[-1]
    pick, extent, x, y, turn, thick, hue, saturation, value = dice.tolist()
    kind = 0 if front else int(pick * 3)
    radius = 18 + 16 * extent if front else 5 + 11 * extent if kind == 0 else 2.5 + 6.5 * extent
    x, y, turn, thick = x * size, y * size, turn * 2 * np.pi, 0.6 + thick
    paint = colour(hue, 0.2 + 0.65 * saturation, 0.25 + 0.7 * value)[:, None, None]
    c, s = float(np.cos(turn)), float(np.sin(turn))
    # Half-extents of the box: thin things are common, and a box that fits saves most of their pixels.
    along, across = ((radius, thick), (radius, radius * min(1.0, 0.4 + thick / 2.5)), (radius, radius * 0.4))[kind]
    wide, high = abs(along * c) + abs(across * s) + 1, abs(along * s) + abs(across * c) + 1
    rows = slice(max(0, int(y - high)), min(size, int(y + high) + 2))
    columns = slice(max(0, int(x - wide)), min(size, int(x + wide) + 2))
    v = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - y
    u = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - x
    if kind == 0:
        end = ((along - thick) * c, (along - thick) * s)
        distance = capsule(u, v, (-end[0], -end[1]), end, thick)
    else:
        distance = ellipse(u, v, 0, 0, along, across, turn)
        lit = 1 - (u * c + v) * (0.45 / radius) if kind == 1 else np.abs(u * s - v * c) * 1.2
        paint = paint * limit(lit, 0.5, 1.4 if kind == 1 else 1.0)
    cover = limit(0.5 - distance, 0, 1)
    box = picture[:, rows, columns]
    box += cover * (paint - box)
    return rows, columns, cover
