"""``streets``: a built-in data set of drawn street scenes, seen from a car, without a background class.

Each picture is 96x96, every pixel of it belongs to one of eleven classes, and it is a pure function of
``(seed, split, index)``. Only the bonnet of the car that carries the camera is void, as in Cityscapes. Classes
differ by shape, texture and place. Colour is a hint: the sky runs from blue through grey to orange, leaves turn,
and cars, coats and houses have any colour. A thing's holes, such as those of a fence or between spokes, count as
the thing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import VOID
from mmtutorial.datasets.drawn.base import Drawn
from mmtutorial.datasets.drawn.scenes_backdrop import colour, noise
from mmtutorial.datasets.drawn.scenes_shapes import Array, limit
from mmtutorial.datasets.drawn.streets_backdrop import paint_ground, paint_sky
from mmtutorial.datasets.drawn.streets_canvas import Camera, Canvas, Stage, Weather, between
from mmtutorial.datasets.drawn.streets_classes import CLASSES
from mmtutorial.datasets.drawn.streets_furniture import bonnet
from mmtutorial.datasets.drawn.streets_plan import draw_plan
from mmtutorial.datasets.drawn.streets_traffic import paint_things
from mmtutorial.datasets.drawn.streets_walls import paint_walls
from mmtutorial.errors import unknown

SIZE = 96
"""Side of a picture in pixels."""

SPLITS = {"unlabeled": 2000, "tagged": 2000, "train": 1000, "val": 250, "test": 500}
"""Number of pictures of each split."""

STREAMS = {"unlabeled": 0, "tagged": 0, "train": 1, "val": 2, "test": 3}
"""Random stream of each split: two splits share their pictures if, and only if, they share the stream."""

# The camera: focal length, row of the horizon and column of the vanishing point in pixels; height in metres.
FOCAL, HORIZON, CENTRE, HEIGHT = (95.0, 125.0), (42.0, 54.0), (34.0, 62.0), (1.3, 1.7)

# The knobs of difficulty; more of them stand in streets_plan and streets_traffic.
GRAIN = 0.02
"""Standard deviation of the pixel noise, of a full scale of 1."""
CONTRAST = (0.6, 1.1)
TINT = 0.045
"""Standard deviation of the gain of each colour channel: the camera's white balance."""


class Streets(Drawn):
    """One split of ``streets``, drawn as it is asked for.

    Raises:
        InputError: The split is unknown.
    """

    def __init__(self, split: str, seed: int = 0) -> None:
        super().__init__("streets", split, seed, classes=CLASSES, splits=SPLITS, render=render)


def render(seed: int, split: str, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draws one picture and its mask.

    Args:
        seed: Seed of the data set.
        split: One of ``SPLITS``. Its number in ``STREAMS`` enters the random stream, so that no two splits share
            a picture, save ``unlabeled`` and ``tagged``, which share them all.
        index: Which picture, from 0. Any number will do; ``SPLITS`` only says how many the data set takes.

    Returns:
        The picture ``(3, 96, 96)`` and its exact mask ``(96, 96)`` of ids 0..10 and void, both uint8.

    Raises:
        InputError: The split is unknown.
    """
    if split not in SPLITS:
        raise unknown("split of streets", split, SPLITS)
    rng = np.random.default_rng((seed, STREAMS[split], index))
    stage = draw(rng)
    cover = bonnet(stage)
    stage.canvas.mask[cover > 0.5] = VOID
    return _expose(rng, stage.canvas.picture), stage.canvas.mask


def draw(rng: np.random.Generator) -> Stage:
    """Draws a street, from the far end to the near one, before the camera's own faults are added."""
    grain = noise(rng, SIZE, 40)[0] * np.float32(0.7) + noise(rng, SIZE, 14)[0] * np.float32(0.5)
    camera = Camera(*(between(rng, low, high) for low, high in (FOCAL, HORIZON, CENTRE, HEIGHT)))
    stage = Stage(rng, Canvas(SIZE, grain), camera, _draw_weather(rng))
    plan = draw_plan(rng)
    paint_sky(stage)
    paint_ground(stage, plan)
    paint_walls(stage, plan)
    paint_things(stage, plan)
    return stage


def _draw_weather(rng: np.random.Generator) -> Weather:
    """Draws the light: a grey sky, or the sun on the left or on the right, high or low."""
    low = rng.random() < 0.3
    hue, saturation = (between(rng, 0.04, 0.12), between(rng, 0.1, 0.5)) if low else (0.58, between(rng, 0.0, 0.2))
    haze = colour(hue, saturation, between(rng, 0.65, 0.98))
    sight = between(rng, 60, 300) if rng.random() < 0.8 else between(rng, 25, 60)
    if rng.random() < 0.35:
        return Weather(haze, sight, 0.9, 0.9, 1)
    bright, dark = 1.05, between(rng, 0.55, 0.8)
    left, right = (bright, dark) if rng.random() < 0.5 else (dark, bright)
    return Weather(haze, sight, left, right, between(rng, 0.5, 0.75))


def _expose(rng: np.random.Generator, picture: Array) -> NDArray[np.uint8]:
    """Varies contrast, brightness and white balance, adds grain. Returns uint8."""
    contrast, brightness = between(rng, *CONTRAST), between(rng, 0.42, 0.6)
    gain = (contrast * (1 + TINT * rng.standard_normal(3))).astype(np.float32)
    picture *= gain[:, None, None]
    picture += np.float32(brightness - 0.5 * contrast)
    picture += np.float32(GRAIN) * rng.standard_normal(picture.shape[1:], dtype=np.float32)
    exposed: NDArray[np.uint8] = (limit(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return exposed
