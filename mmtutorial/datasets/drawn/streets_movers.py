"""Who and what moves in ``streets``: cars ahead, oncoming, parked and crossing; people on foot and on bicycles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from mmtutorial.datasets.drawn.painting import Array, colour, limit
from mmtutorial.datasets.drawn.streets_sprite import Point, Sprite, dot
from mmtutorial.datasets.drawn.streets_view import CAR, CYCLIST, PERSON, Easel

LENGTH = 4.0
"""Metres from one end of a car to the other."""
SILL = 0.25
"""Metres from the road to a car's body."""

RUBBER, METAL = np.full(3, 0.07, dtype=np.float32), np.full(3, 0.6, dtype=np.float32)
WHITE_LAMP, RED_LAMP = colour(0.15, 0.1, 1.0) * np.float32(1.15), colour(0.0, 0.9, 0.85)
TYRE = np.full(3, 0.1, dtype=np.float32)


def _glass(easel: Easel) -> Array:
    return colour(easel.between(0.5, 0.65), easel.between(0.05, 0.3), easel.between(0.12, 0.35))


def _body(easel: Easel) -> Array:
    """Draw a colour: half of all cars are white, grey or black."""
    saturation = easel.between(0, 0.08) if easel.chance(0.5) else easel.between(0.4, 0.9)
    return colour(easel.rng.random(), saturation, easel.between(0.15, 0.95))


def car_along(easel: Easel, place: Point, oncoming: bool) -> None:
    """Paint a car that stands along the road: the end towards the camera, and the side that shows.

    Args:
        easel: What to paint on.
        place: ``(x, z)`` of the middle of its nearer end.
        oncoming: Whether that end is the front, with white lamps.
    """
    x, z = place
    van = easel.chance(0.25)
    tall, waist = (easel.between(1.75, 2.1), 1.15) if van else (easel.between(1.4, 1.6), 0.92)
    # The far end lies nearer to the vanishing point, and so to the left of a car on the right.
    shift = abs(x) * LENGTH / (z + LENGTH)
    extent = (1.2, 1.2 + shift) if x < 0 else (1.2 + shift, 1.2)
    sprite = Sprite(easel, CAR, place, (*extent, max(tall + 0.1, easel.camera.height)))
    if not sprite.visible:
        return
    body, glass = _body(easel), _glass(easel)
    sprite.cast(1.15, 0.2)

    back = partial(_behind, easel.camera.height, place)
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
    """Add the side of a car that faces the middle of the road, with its wheels; ``edge`` is where it begins."""
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
    """Add the end of a car that faces the camera; ``roof`` holds the left and the right end of its edge."""
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


def car_across(easel: Easel, place: Point) -> None:
    """Paint a car that crosses the street, seen from the side; ``place`` is ``(x, z)`` of its middle."""
    sprite = Sprite(easel, CAR, place, (2.4, 2.4, 2.0))
    if not sprite.visible:
        return
    sprite.cast(2.1, 0.16)
    if easel.chance(0.5):
        sprite.u = -sprite.u
    body, glass, tall = _body(easel), _glass(easel), easel.between(1.38, 1.75)
    rear = -2.0 if easel.chance(0.5) else -1.75
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


def cloth(easel: Easel) -> Array:
    """Draw the colour of clothes: any."""
    return colour(easel.rng.random(), easel.between(0.05, 0.85), easel.between(0.1, 0.9))


def person(easel: Easel, place: Point) -> None:
    """Paint somebody on foot, standing or in mid-stride, seen from the front, the back or the side."""
    unit = easel.between(0.92, 1.12) if easel.chance(0.85) else easel.between(0.6, 0.8)
    sprite = Sprite(easel, PERSON, place, (0.7, 0.7, 1.85), unit)
    if not sprite.visible:
        return
    sprite.cast(0.45)
    stride, swing, shoulder = easel.between(0.05, 0.32), easel.between(-0.1, 0.1), easel.between(0.13, 0.23)
    hem, coat = easel.between(0.45, 0.8), cloth(easel)
    sprite.strokes(cloth(easel), (-0.07, 0.85, -stride, 0.07, 0.085), (0.07, 0.85, stride, 0.07, 0.085))
    if sprite.detailed:
        sprite.strokes(
            coat * np.float32(0.75),
            (-shoulder, 1.36, -shoulder - 0.1 - swing, 0.86, 0.06),
            (shoulder, 1.36, shoulder + 0.1 - swing, 0.86, 0.06),
        )
    # A long coat widens downwards.
    flare, out = shoulder * (1.25 if hem < 0.6 else 0.9), shoulder + 0.05
    sprite.hull(coat, (-flare, hem), (flare, hem), (out, 1.32), (0.08, 1.48), (-0.08, 1.48), (-out, 1.32))
    if sprite.detailed and easel.chance(0.3):
        sprite.strokes(cloth(easel), (shoulder + 0.1, 0.7, shoulder + 0.1, 0.9, 0.13))
    _head(easel, sprite, 0.0, 1.62, helmet=False)
    sprite.paint()


def _head(easel: Easel, sprite: Sprite, x: float, y: float, helmet: bool) -> None:
    """Add a head with hair or a helmet."""
    hair = colour(easel.between(0.02, 0.12), easel.between(0.1, 0.7), easel.between(0.08, 0.6))
    skin = colour(easel.between(0.04, 0.09), easel.between(0.25, 0.55), easel.between(0.35, 0.95))
    sprite.strokes(cloth(easel) if helmet else hair, dot(x, y, 0.125))
    sprite.strokes(skin, dot(x + easel.between(-0.04, 0.04), y - 0.05, 0.1))


def cyclist(easel: Easel, place: Point) -> None:
    """Paint a rider with bicycle, from the side or from in front or behind. Rider and bicycle are one class."""
    sprite = Sprite(easel, CYCLIST, place, (1.15, 1.15, 1.95))
    if not sprite.visible:
        return
    if easel.chance(0.55):
        _from_side(easel, sprite)
    else:
        _from_behind(easel, sprite)
    sprite.paint()


def _from_side(easel: Easel, sprite: Sprite) -> None:
    """Two wheels, a frame, a rider bent over the handlebars."""
    sprite.cast(0.9)
    if easel.chance(0.5):
        sprite.u = -sprite.u
    coat, thin = cloth(easel), max(0.035, 0.45 / sprite.scale)
    wheels = sprite.reach(dot(-0.52, 0.34, 0.34), dot(0.52, 0.34, 0.34))
    sprite.veil(wheels, 0.8)
    sprite.shape(TYRE, np.abs(wheels + thin) - thin)
    sprite.strokes(
        cloth(easel),
        (-0.52, 0.34, -0.18, 0.8, thin),
        (-0.52, 0.34, 0.0, 0.32, thin),
        (0.0, 0.32, -0.2, 0.88, thin),
        (-0.17, 0.76, 0.36, 0.78, thin),
        (0.0, 0.32, 0.36, 0.78, thin),
        (0.52, 0.34, 0.34, 0.98, thin),
        (0.34, 0.98, 0.48, 1.02, thin),
    )
    knee, pedal = easel.between(0.1, 0.28), easel.between(0.15, 0.5)
    sprite.strokes(cloth(easel), (-0.18, 0.92, knee, 0.68, 0.085), (knee, 0.68, 0.05, pedal, 0.07))
    sprite.strokes(coat, (-0.16, 0.98, 0.1, 1.38, 0.14))
    sprite.strokes(coat * np.float32(0.75), (0.12, 1.36, 0.44, 1.04, 0.055))
    _head(easel, sprite, 0.2, 1.63, helmet=easel.chance(0.6))


def _from_behind(easel: Easel, sprite: Sprite) -> None:
    """One narrow wheel, legs either side, arms out to the handlebars."""
    sprite.cast(0.4)
    coat, thin = cloth(easel), max(0.045, 0.6 / sprite.scale)
    sprite.strokes(TYRE, (0, 0.05, 0, 0.66, thin), (-0.3, 1.0, 0.3, 1.0, 0.6 * thin))
    high = easel.between(0.2, 0.5)
    sprite.strokes(
        cloth(easel),
        (-0.1, 0.95, -0.16, 0.55, 0.085),
        (-0.16, 0.55, -0.12, high, 0.07),
        (0.1, 0.95, 0.16, 0.55, 0.085),
        (0.16, 0.55, 0.12, 0.7 - high, 0.07),
    )
    sprite.strokes(coat * np.float32(0.75), (-0.17, 1.38, -0.31, 1.02, 0.06), (0.17, 1.38, 0.31, 1.02, 0.06))
    sprite.hull(coat, (-0.16, 0.9), (0.16, 0.9), (0.22, 1.38), (0.08, 1.5), (-0.08, 1.5), (-0.22, 1.38))
    _head(easel, sprite, 0.0, 1.65, helmet=easel.chance(0.6))
