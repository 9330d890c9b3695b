"""``streets``: a built-in data set of drawn street scenes, seen from a car, without a background class.

Each picture is 96x96, every pixel of it belongs to one of eleven classes, and it is a pure function of
``(seed, split, index)``. Only the bonnet of the car that carries the camera is void, as in Cityscapes. Classes
differ by shape, texture and place. Colour is a hint: the sky runs from blue through grey to orange, leaves turn,
and cars, coats and houses have any colour. A thing's holes, such as those of a fence or between spokes, count as
the thing.
"""

from __future__ import annotations

import numpy as np

from mmtutorial.datasets.classes import VOID
from mmtutorial.datasets.drawn.base import SIZE, Drawn
from mmtutorial.datasets.drawn.painting import Array, colour, develop, noise
from mmtutorial.datasets.drawn.streets_backdrop import paint_ground, paint_sky, paint_walls
from mmtutorial.datasets.drawn.streets_furniture import bonnet
from mmtutorial.datasets.drawn.streets_plan import draw_plan
from mmtutorial.datasets.drawn.streets_traffic import paint_things
from mmtutorial.datasets.drawn.streets_view import CLASSES, Camera, Easel, Sheet, Weather, between
from mmtutorial.datasets.store import Pair

# The camera: focal length, row of the horizon and column of the vanishing point in pixels; height in metres.
FOCAL, HORIZON, CENTRE, HEIGHT = (95.0, 125.0), (42.0, 54.0), (34.0, 62.0), (1.3, 1.7)

# The knobs of difficulty; more of them stand in streets_plan and streets_traffic.
CONTRAST = (0.6, 1.1)
TINT = 0.045
"""Standard deviation of the gain of each colour channel: the camera's white balance."""


class Streets(Drawn):
    """One split of ``streets``.

    Raises:
        InputError: The split is unknown.
    """

    name, classes = "streets", CLASSES

    @staticmethod
    def paint(rng: np.random.Generator) -> Pair:
        """Draw one picture and its mask of ids 0..10 and void."""
        easel = draw(rng)
        cover = bonnet(easel)
        easel.sheet.mask[cover > 0.5] = VOID
        _expose(rng, easel.sheet.picture)
        return develop(rng, easel.sheet.picture), easel.sheet.mask


render = Streets.render


def draw(rng: np.random.Generator) -> Easel:
    """Draw a street, from the far end to the near one, before the camera's own faults are added."""
    grain = noise(rng, SIZE, 40)[0] * np.float32(0.7) + noise(rng, SIZE, 14)[0] * np.float32(0.5)
    camera = Camera(*(between(rng, low, high) for low, high in (FOCAL, HORIZON, CENTRE, HEIGHT)))
    easel = Easel(rng, Sheet(SIZE, grain), camera, _draw_weather(rng))
    plan = draw_plan(rng)
    paint_sky(easel)
    paint_ground(easel, plan)
    paint_walls(easel, plan)
    paint_things(easel, plan)
    return easel


def _draw_weather(rng: np.random.Generator) -> Weather:
    """Draw the light: a grey sky, or the sun on the left or on the right, high or low."""
    low = rng.random() < 0.3
    hue, saturation = (between(rng, 0.04, 0.12), between(rng, 0.1, 0.5)) if low else (0.58, between(rng, 0.0, 0.2))
    haze = colour(hue, saturation, between(rng, 0.65, 0.98))
    sight = between(rng, 60, 300) if rng.random() < 0.8 else between(rng, 25, 60)
    if rng.random() < 0.35:
        return Weather(haze, sight, 0.9, 0.9, 1)
    bright, dark = 1.05, between(rng, 0.55, 0.8)
    left, right = (bright, dark) if rng.random() < 0.5 else (dark, bright)
    return Weather(haze, sight, left, right, between(rng, 0.5, 0.75))


def _expose(rng: np.random.Generator, picture: Array) -> None:
    """Vary contrast, brightness and white balance, in place."""
    contrast, brightness = between(rng, *CONTRAST), between(rng, 0.42, 0.6)
    gain = (contrast * (1 + TINT * rng.standard_normal(3))).astype(np.float32)
    picture *= gain[:, None, None]
    picture += np.float32(brightness - 0.5 * contrast)
