"""The eight objects of ``scenes``: what each looks like, as distance fields and patterns.

An object is drawn in its own frame: ``u`` to the right, ``v`` downwards, both about -1..1 over the object. It
is a list of parts, painted one over the other. A part is a *distance field* (negative inside, positive
outside, zero on the outline) and a *pattern*, which mixes the object's two colours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmtutorial.datasets.drawn.painting import Array, capsule, circle, convex, ellipse, limit, union


@dataclass(frozen=True)
class Part:
    """One part of an object.

    Attributes:
        distance: Signed distance to the outline, in object units, negative inside. Shape ``(h, w)``.
        pattern: How far the colour is mixed from the first (0) to the second (1), one number or ``(h, w)``.
        value: Factor on the brightness; 0.2 for an eye, 1 for most parts.
    """

    distance: Array
    pattern: Array | float = 0.0
    value: float = 1.0


Shape = Callable[[Array, Array, float, float], list[Part]]
"""``shape(u, v, phase, pace)``: parts at the points ``(u, v)``. ``phase`` (0..1) shifts the pattern and
``pace`` (about 1) stretches it, so that no two objects of a class carry the same one."""


def bands(wave: Array, turns: float, phase: float) -> Array:
    """Return a pattern of soft-edged bands: ``turns`` per unit of ``wave``, shifted by ``phase`` of a turn."""
    return limit(0.5 + 1.5 * np.cos(np.float32(2 * np.pi) * (turns * wave + phase)), 0, 1)


def fish(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Spindle, forked tail, fin; upright stripes."""
    stripes = bands(u + 0.25 * v * v, 2.6 * pace, phase)
    tail = union(
        convex(u, v, (-0.5, 0.0), (-1.05, 0.45), (-0.8, 0.0)),
        convex(u, v, (-0.5, 0.0), (-0.8, 0.0), (-1.05, -0.45)),
    )
    fin = convex(u, v, (-0.2, -0.35), (0.0, -0.7), (0.4, -0.35))
    return [
        Part(union(tail, fin), 0.8),
        Part(ellipse(u, v, 0.2, 0.0, 0.8, 0.45), stripes),
        Part(circle(u, v, 0.7, -0.1, 0.09), 0.0, 0.15),
    ]


def butterfly(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Four wings with ring-shaped eye spots, a dark body."""
    side = np.abs(u)
    rings = bands(np.hypot(side - 0.55, v + 0.35 * np.sign(-v)), 3.2 * pace, phase)
    body = union(
        capsule(u, v, (0.0, -0.4), (0.0, 0.55), 0.09),
        capsule(side, v, (0.03, -0.45), (0.25, -0.9), 0.035),
    )
    return [
        Part(ellipse(side, v, 0.42, 0.42, 0.5, 0.32, 0.9), rings, 0.85),
        Part(ellipse(side, v, 0.55, -0.32, 0.6, 0.36, -0.65), rings),
        Part(body, 0.0, 0.25),
    ]


def starfish(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Five tapering arms, sprinkled with fine dots."""
    radius = np.hypot(u, v)
    fifth = np.float32(2 * np.pi / 5)
    angle = np.mod(np.arctan2(u, -v) + fifth / 2, fifth) - fifth / 2
    along, aside = radius * np.cos(angle), np.abs(radius * np.sin(angle))
    reach = limit(along, 0, 0.95)
    arms: Array = np.hypot(along - reach, aside) - (np.float32(0.34) - np.float32(0.27) * reach)
    wave = np.float32(2 * np.pi * 3.0 * pace)
    dots = limit(2.5 * np.cos(wave * u + 6.3 * phase) * np.cos(wave * v) - 0.5, 0, 1)
    return [Part(arms, dots)]


def snail(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Return a shell with a spiral on a crawling foot."""
    foot = union(
        capsule(u, v, (-0.85, 0.6), (0.6, 0.58), 0.15),
        capsule(u, v, (0.6, 0.55), (0.82, 0.0), 0.13),
        capsule(u, v, (0.82, 0.0), (1.0, -0.35), 0.04),
        capsule(u, v, (0.8, 0.0), (0.72, -0.38), 0.04),
    )
    x, y = u + 0.12, v + 0.05
    spiral = bands(np.hypot(x, y) * 3.0 * pace - np.arctan2(y, x) / np.float32(2 * np.pi), 1.0, phase)
    return [Part(foot, 0.5, 0.8), Part(circle(u, v, -0.12, -0.05, 0.62), spiral)]


def mushroom(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Return a domed cap with large spots on a pale stem."""
    stem = convex(u, v, (-0.17, -0.1), (-0.27, 0.95), (0.27, 0.95), (0.17, -0.1))
    cap = np.maximum(ellipse(u, v, 0.0, 0.05, 0.95, 0.9), ellipse(u, v, 0.0, -0.6, 1.5, 0.72))
    x, y = u * np.float32(2.2 * pace) + np.float32(phase), v * np.float32(2.2 * pace)
    lattice = np.cos(np.float32(np.pi) * (x + y)) * np.cos(np.float32(np.pi) * (x - y))
    spots = limit(4.0 * (lattice - 0.35), 0, 1)
    return [Part(stem, 0.9, 1.05), Part(cap, spots)]


def cactus(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Return a column with two raised arms and fine upright ribs."""
    arms = union(
        capsule(u, v, (0.0, 0.2), (0.58, 0.2), 0.16),
        capsule(u, v, (0.58, 0.2), (0.58, -0.35), 0.16),
        capsule(u, v, (0.0, 0.45), (-0.55, 0.45), 0.14),
        capsule(u, v, (-0.55, 0.45), (-0.55, 0.0), 0.14),
    )
    ribs = bands(u, 5.0 * pace, phase) * np.float32(0.8)
    return [Part(arms, ribs, 0.9), Part(capsule(u, v, (0.0, -0.72), (0.0, 0.85), 0.25), ribs)]


def sailboat(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Return a hull, a mast and two sails with level stripes."""
    hull = convex(u, v, (-0.95, 0.5), (-0.6, 0.9), (0.65, 0.9), (0.95, 0.5))
    sails = union(
        convex(u, v, (0.08, -0.95), (0.08, 0.38), (0.8, 0.38)),
        convex(u, v, (-0.07, -0.75), (-0.7, 0.38), (-0.07, 0.38)),
    )
    return [
        Part(capsule(u, v, (0.0, -0.95), (0.0, 0.55), 0.04), 0.0, 0.3),
        Part(sails, bands(v, 2.4 * pace, phase)),
        Part(hull, 0.0, 0.65),
    ]


def umbrella(u: Array, v: Array, phase: float, pace: float) -> list[Part]:
    """Return a dome in gores, scalloped below, over a thin hooked handle."""
    handle = union(
        capsule(u, v, (0.0, -0.8), (0.0, 0.75), 0.05),
        capsule(u, v, (0.0, 0.75), (0.12, 0.9), 0.05),
        capsule(u, v, (0.12, 0.9), (0.26, 0.75), 0.05),
    )
    hem = np.float32(0.1) - np.float32(0.14) * np.abs(np.sin(np.float32(np.pi * 2.0) * u))
    dome = np.maximum(circle(u, v, 0.0, 0.12, 0.98), v - hem)
    gores = bands(np.arctan2(u, v + np.float32(1.3)), 2.6 * pace, phase)
    return [Part(handle, 0.0, 0.3), Part(dome, gores)]


SHAPES: dict[str, Shape] = {
    "fish": fish,
    "butterfly": butterfly,
    "starfish": starfish,
    "snail": snail,
    "mushroom": mushroom,
    "cactus": cactus,
    "sailboat": sailboat,
    "umbrella": umbrella,
}
"""Objects by class name, in the order of their ids 1..8."""
