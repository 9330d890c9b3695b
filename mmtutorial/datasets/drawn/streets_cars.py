"""The cars of ``streets``: ahead, oncoming, parked along the kerb, crossing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from mmtutorial.datasets.drawn.scenes_backdrop import colour
from mmtutorial.datasets.drawn.scenes_shapes import Array, limit
from mmtutorial.datasets.drawn.streets_canvas import Stage
from mmtutorial.datasets.drawn.streets_classes import CAR
from mmtutorial.datasets.drawn.streets_sprite import Point, Sprite, dot

LENGTH = 4.0
"""Metres from one end of a car to the other."""
SILL = 0.25
"""Metres from the road to a car's body."""

RUBBER, METAL = np.full(3, 0.07, dtype=np.float32), np.full(3, 0.6, dtype=np.float32)
WHITE_LAMP, RED_LAMP = colour(0.15, 0.1, 1.0) * np.float32(1.15), colour(0.0, 0.9, 0.85)


def _glass(stage: Stage) -> Array:
    return colour(stage.between(0.5, 0.65), stage.between(0.05, 0.3), stage.between(0.12, 0.35))


def _body(stage: Stage) -> Array:
    """Draws a colour: half of all cars are white, grey or black."""
    saturation = stage.between(0, 0.08) if stage.chance(0.5) else stage.between(0.4, 0.9)
    return colour(stage.rng.random(), saturation, stage.between(0.15, 0.95))


def car_along(stage: Stage, place: Point, oncoming: bool) -> None:
    """Paints a car that stands along the road: the end towards the camera, and the side that shows.

    Args:
        stage: What to paint on.
        place: ``(x, z)`` of the middle of its nearer end.
        oncoming: Whether that end is the front, with white lamps.
    """
    x, z = place
    van = stage.chance(0.25)
    tall, waist = (stage.between(1.75, 2.1), 1.15) if van else (stage.between(1.4, 1.6), 0.92)
    # The far end lies nearer to the vanishing point, and so to the left of a car on the right.
    shift = abs(x) * LENGTH / (z + LENGTH)
    extent = (1.2, 1.2 + shift) if x < 0 else (1.2 + shift, 1.2)
    sprite = Sprite(stage, CAR, place, (*extent, max(tall + 0.1, stage.camera.height)))
    if not sprite.visible:
        return
    body, glass = _body(stage), _glass(stage)
    sprite.cast(1.15, 0.2)

    back = partial(_behind, stage.camera.height, place)
    inner = -1.0 if x > 0 else 1.0
    if abs(x) > 0.9:
        _flank(sprite, body, waist, 0.86 * inner, back)
    first, last = (0.05, 1.0) if van else (0.45, 0.75)
    edge, top = 0.84 * inner, 0.62 * inner
    sprite.hull(
        glass * np.float32(0.8), (edge, waist), back(top, tall, first), back(top, tall, last), back(edge, waist, 1)
    )
    _near_end(sprite, body, glass, waist, (back(-0.62, tall, first), back(0.62, tall, first)), oncoming)
    sprite.paint()


def _behind(eye: float, place: Point, u: float, y: float, share: float) -> Point:
    """Where in the frame of a car's near end a point is seen that lies ``share`` of its length behind that end.

    Args:
        eye: Height of the camera.
        place: Where the near end is.
        u: Metres to the right of the car's middle.
        y: Metres up.
        share: 0 for the near end, 1 for the far one.
    """
    x, z = place
    shrink = z / (z + share * LENGTH)
    return (x + u) * shrink - x, eye - (eye - y) * shrink


def _flank(
    sprite: Sprite, body: Array, waist: float, edge: float, back: Callable[[float, float, float], Point]
) -> None:
    """Adds the side of a car that faces the middle of the road, with its wheels; ``edge`` is where it begins."""
    side = ((edge, SILL), (edge, waist), back(edge, waist, 1), back(edge, SILL, 1))
    sprite.hull(body * np.float32(0.7), *side)
    for share in (0.22, 0.8):
        (u, y), (low_u, low) = back(edge, 0.32, share), back(edge, 0, share)
        # A wheel that is seen from its edge is narrower than it is high.
        wide = max(0.25, abs(back(edge, 0, 1)[0] - edge) / LENGTH) * (y - low)
        sprite.strokes(RUBBER, (low_u, low + wide, u, 2 * y - low - wide, wide))


def _near_end(
    sprite: Sprite, body: Array, glass: Array, waist: float, roof: tuple[Point, Point], oncoming: bool
) -> None:
    """Adds the end of a car that faces the camera; ``roof`` holds the left and the right end of its edge."""
    (left, top), (right, _) = roof
    sprite.strokes(RUBBER, (-0.66, 0.14, -0.66, 0.35, 0.13), (0.66, 0.14, 0.66, 0.35, 0.13))
    sprite.hull(body * np.float32(0.9), (-0.84, waist - 0.05), (0.84, waist - 0.05), (right, top), (left, top))
    sprite.hull(glass, (-0.7, waist + 0.02), (0.7, waist + 0.02), (right - 0.09, top - 0.1), (left + 0.09, top - 0.1))
    shoulder = waist - 0.15
    face = ((-0.88, SILL), (-0.88, shoulder), (-0.8, waist), (0.8, waist), (0.88, shoulder), (0.88, SILL))
    sprite.hull(body, *face, shade=0.8 + 0.35 * limit(sprite.v, 0, 1))
    lamps = ((-0.72, 0.72, -0.62, 0.72, 0.1), (0.62, 0.72, 0.72, 0.72, 0.1))
    sprite.strokes(WHITE_LAMP if oncoming else RED_LAMP, *lamps)
    if sprite.detailed:
        sprite.hull(RUBBER * np.float32(2.2), (-0.84, 0.22), (-0.84, 0.42), (0.84, 0.42), (0.84, 0.22))
        sprite.strokes(METAL * np.float32(1.4), (-0.2, 0.52, 0.2, 0.52, 0.07))


def car_across(stage: Stage, place: Point) -> None:
    """Paints a car that crosses the street, seen from the side; ``place`` is ``(x, z)`` of its middle."""
    sprite = Sprite(stage, CAR, place, (2.4, 2.4, 2.0))
    if not sprite.visible:
        return
    sprite.cast(2.1, 0.16)
    if stage.chance(0.5):
        sprite.u = -sprite.u
    body, glass, tall = _body(stage), _glass(stage), stage.between(1.38, 1.75)
    rear = -2.0 if stage.chance(0.5) else -1.75
    lower = ((-2.1, 0.28), (-2.1, 0.85), (-1.9, 0.95), (1.3, 0.92), (2.0, 0.75), (2.12, 0.55), (2.1, 0.28))
    sprite.hull(body, *lower, shade=0.75 + 0.35 * limit(sprite.v, 0, 1))
    sprite.hull(body, (rear, 0.9), (rear + 0.45, tall), (0.45, tall), (1.15, 0.9))
    sprite.hull(glass, (rear + 0.32, 0.95), (rear + 0.6, tall - 0.1), (-0.5, tall - 0.1), (-0.5, 0.95))
    sprite.hull(glass, (-0.4, 0.95), (-0.4, tall - 0.1), (0.4, tall - 0.1), (0.92, 0.95))
    sprite.strokes(RUBBER, dot(-1.3, 0.32, 0.33), dot(1.3, 0.32, 0.33))
    sprite.strokes(METAL, dot(-1.3, 0.32, 0.16), dot(1.3, 0.32, 0.16))
    sprite.strokes(RED_LAMP, dot(-2.02, 0.75, 0.1))
    sprite.strokes(WHITE_LAMP, dot(1.97, 0.62, 0.1))
    sprite.paint()
