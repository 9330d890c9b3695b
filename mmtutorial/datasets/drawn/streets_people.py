"""The people of ``streets``: on foot and on bicycles."""

from __future__ import annotations

import numpy as np

from mmtutorial.datasets.drawn.scenes_backdrop import colour
from mmtutorial.datasets.drawn.scenes_shapes import Array
from mmtutorial.datasets.drawn.streets_canvas import Stage
from mmtutorial.datasets.drawn.streets_classes import CYCLIST, PERSON
from mmtutorial.datasets.drawn.streets_sprite import Point, Sprite, dot

RUBBER = np.full(3, 0.1, dtype=np.float32)


def cloth(stage: Stage) -> Array:
    """Draws the colour of clothes: any."""
    return colour(stage.rng.random(), stage.between(0.05, 0.85), stage.between(0.1, 0.9))


def person(stage: Stage, place: Point) -> None:
    """Paints somebody on foot, standing or in mid-stride, seen from the front, the back or the side."""
    unit = stage.between(0.92, 1.12) if stage.chance(0.85) else stage.between(0.6, 0.8)
    sprite = Sprite(stage, PERSON, place, (0.7, 0.7, 1.85), unit)
    if not sprite.visible:
        return
    sprite.cast(0.45)
    stride, swing, shoulder = stage.between(0.05, 0.32), stage.between(-0.1, 0.1), stage.between(0.13, 0.23)
    hem, coat = stage.between(0.45, 0.8), cloth(stage)
    sprite.strokes(cloth(stage), (-0.07, 0.85, -stride, 0.07, 0.085), (0.07, 0.85, stride, 0.07, 0.085))
    if sprite.detailed:
        sprite.strokes(
            coat * np.float32(0.75),
            (-shoulder, 1.36, -shoulder - 0.1 - swing, 0.86, 0.06),
            (shoulder, 1.36, shoulder + 0.1 - swing, 0.86, 0.06),
        )
    # A long coat widens downwards.
    flare, out = shoulder * (1.25 if hem < 0.6 else 0.9), shoulder + 0.05
    sprite.hull(coat, (-flare, hem), (flare, hem), (out, 1.32), (0.08, 1.48), (-0.08, 1.48), (-out, 1.32))
    if sprite.detailed and stage.chance(0.3):
        sprite.strokes(cloth(stage), (shoulder + 0.1, 0.7, shoulder + 0.1, 0.9, 0.13))
    _head(stage, sprite, 0.0, 1.62, helmet=False)
    sprite.paint()


def _head(stage: Stage, sprite: Sprite, x: float, y: float, helmet: bool) -> None:
    """Adds a head with hair or a helmet."""
    hair = colour(stage.between(0.02, 0.12), stage.between(0.1, 0.7), stage.between(0.08, 0.6))
    skin = colour(stage.between(0.04, 0.09), stage.between(0.25, 0.55), stage.between(0.35, 0.95))
    sprite.strokes(cloth(stage) if helmet else hair, dot(x, y, 0.125))
    sprite.strokes(skin, dot(x + stage.between(-0.04, 0.04), y - 0.05, 0.1))


def cyclist(stage: Stage, place: Point) -> None:
    """Paints a rider with bicycle, from the side or from in front or behind. Rider and bicycle are one class."""
    sprite = Sprite(stage, CYCLIST, place, (1.15, 1.15, 1.95))
    if not sprite.visible:
        return
    if stage.chance(0.55):
        _from_side(stage, sprite)
    else:
        _from_behind(stage, sprite)
    sprite.paint()


def _from_side(stage: Stage, sprite: Sprite) -> None:
    """Two wheels, a frame, a rider bent over the handlebars."""
    sprite.cast(0.9)
    if stage.chance(0.5):
        sprite.u = -sprite.u
    coat, thin = cloth(stage), max(0.035, 0.45 / sprite.scale)
    wheels = sprite.reach(dot(-0.52, 0.34, 0.34), dot(0.52, 0.34, 0.34))
    sprite.veil(wheels, 0.8)
    sprite.shape(RUBBER, np.abs(wheels + thin) - thin)
    sprite.strokes(
        cloth(stage),
        (-0.52, 0.34, -0.18, 0.8, thin),
        (-0.52, 0.34, 0.0, 0.32, thin),
        (0.0, 0.32, -0.2, 0.88, thin),
        (-0.17, 0.76, 0.36, 0.78, thin),
        (0.0, 0.32, 0.36, 0.78, thin),
        (0.52, 0.34, 0.34, 0.98, thin),
        (0.34, 0.98, 0.48, 1.02, thin),
    )
    knee, pedal = stage.between(0.1, 0.28), stage.between(0.15, 0.5)
    sprite.strokes(cloth(stage), (-0.18, 0.92, knee, 0.68, 0.085), (knee, 0.68, 0.05, pedal, 0.07))
    sprite.strokes(coat, (-0.16, 0.98, 0.1, 1.38, 0.14))
    sprite.strokes(coat * np.float32(0.75), (0.12, 1.36, 0.44, 1.04, 0.055))
    _head(stage, sprite, 0.2, 1.63, helmet=stage.chance(0.6))


def _from_behind(stage: Stage, sprite: Sprite) -> None:
    """One narrow wheel, legs either side, arms out to the handlebars."""
    sprite.cast(0.4)
    coat, thin = cloth(stage), max(0.045, 0.6 / sprite.scale)
    sprite.strokes(RUBBER, (0, 0.05, 0, 0.66, thin), (-0.3, 1.0, 0.3, 1.0, 0.6 * thin))
    high = stage.between(0.2, 0.5)
    sprite.strokes(
        cloth(stage),
        (-0.1, 0.95, -0.16, 0.55, 0.085),
        (-0.16, 0.55, -0.12, high, 0.07),
        (0.1, 0.95, 0.16, 0.55, 0.085),
        (0.16, 0.55, 0.12, 0.7 - high, 0.07),
    )
    sprite.strokes(coat * np.float32(0.75), (-0.17, 1.38, -0.31, 1.02, 0.06), (0.17, 1.38, 0.31, 1.02, 0.06))
    sprite.hull(coat, (-0.16, 0.9), (0.16, 0.9), (0.22, 1.38), (0.08, 1.5), (-0.08, 1.5), (-0.22, 1.38))
    _head(stage, sprite, 0.0, 1.65, helmet=stage.chance(0.6))
