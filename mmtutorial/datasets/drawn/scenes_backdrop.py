"""What lies behind the objects of ``scenes``: ground, and clutter that belongs to the background."""

from __future__ import annotations

import colorsys
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.drawn.scenes_shapes import Array, capsule, ellipse, limit

NOISE_GRIDS = (4, 12, 32)
"""Points per side of the three layers of noise: clouds, patches, grain."""


@cache
def _spread(points: int, size: int) -> Array:
    """Returns the matrix ``(size, points)`` that interpolates ``points`` values to ``size`` pixels."""
    place = np.linspace(0, points - 1, size)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(points)))
    matrix: Array = weights.astype(np.float32)
    return matrix


def noise(rng: np.random.Generator, size: int, points: int, channels: int = 1) -> Array:
    """Returns smooth noise ``(channels, size, size)``, about -1..1: a coarse random grid, interpolated.

    Two small matrix products are some thirty times cheaper than drawing and blurring noise at full size.
    """
    grid = rng.random((channels, points, points), dtype=np.float32) * 2 - 1
    up = _spread(points, size)
    smooth: Array = up @ grid @ up.T
    return smooth


def colour(hue: float, saturation: float, value: float) -> Array:
    """Returns an RGB colour ``(3,)``, 0..1, from hue (turns, any number), saturation and value (0..1)."""
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value), dtype=np.float32)


def ground(rng: np.random.Generator, size: int) -> Array:
    """Paints a gradient of two colours under three layers of noise. Returns ``(3, size, size)``, 0..1."""
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
    """Returns a factor ``(size, size)`` near 1 of wavy stripes: sand, water, planks."""
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
    """Paints one distractor into ``picture`` in place: a blade of grass, a pebble or a leaf.

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
