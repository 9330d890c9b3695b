"""What stands on the pavements of ``streets``: trees, lamp posts, signs and traffic lights."""

from __future__ import annotations

import numpy as np

from mmtutorial.datasets.drawn.painting import Array, colour, limit
from mmtutorial.datasets.drawn.streets_plan import leaf_colour
from mmtutorial.datasets.drawn.streets_sprite import Point, Sprite, dot
from mmtutorial.datasets.drawn.streets_view import POLE, SIGN, VEGETATION, Easel

BLACK, WHITE = np.full(3, 0.08, dtype=np.float32), np.full(3, 0.95, dtype=np.float32)
RED, BLUE, YELLOW = (colour(hue, 0.85, value) for hue, value in ((0.99, 0.8), (0.6, 0.7), (0.13, 0.95)))

THINNEST = 0.6
"""Half the width in pixels of the thinnest pole that is drawn: thinner ones would leave gaps in the mask."""


def tree(easel: Easel, place: Point) -> None:
    """Paint a tree: a trunk and a ragged crown of a few balls. The trunk is vegetation too."""
    wide, stem, tall = easel.between(1.0, 2.0), easel.between(1.8, 2.8), easel.between(1.6, 3.2)
    sprite = Sprite(easel, VEGETATION, place, (wide + 1, wide + 1, stem + tall + 1.2))
    if not sprite.visible:
        return
    sprite.cast(1.0)
    bark = colour(easel.between(0.04, 0.12), easel.between(0.1, 0.5), easel.between(0.12, 0.4))
    girth = max(easel.between(0.1, 0.2), THINNEST / sprite.scale)
    sprite.strokes(bark, (0, 0, easel.between(-0.15, 0.15), stem + 0.5, girth))
    middle = stem + 0.5 * tall
    balls = [
        dot((2 * a - 1) * 0.6 * wide, middle + (2 * b - 1) * 0.4 * tall, (0.55 + 0.3 * c) * wide)
        for a, b, c in easel.rng.random((5, 3)).tolist()
    ]
    grain = easel.sheet.noise[sprite.rows, sprite.columns]
    crown = sprite.reach(dot(0, middle, 0.8 * wide), *balls) + np.float32(0.4) * grain
    lit = 0.75 + 0.3 * (sprite.v - middle) / tall + 0.45 * grain
    sprite.shape(leaf_colour(easel.rng), crown, shade=limit(lit, 0.3, 1.6))
    sprite.paint()


def pole(easel: Easel, place: Point) -> None:
    """Paint a lamp post: with an arm over the road, or with a lamp on top."""
    height, toward = easel.between(4.5, 8), -1 if place[0] > 0 else 1
    extent = (0.4, 2.1) if toward > 0 else (2.1, 0.4)
    sprite = Sprite(easel, POLE, place, (*extent, height + 0.6))
    if not sprite.visible:
        return
    thick = max(easel.between(0.07, 0.13), THINNEST / sprite.scale)
    metal = colour(easel.rng.random(), easel.between(0.0, 0.3), easel.between(0.12, 0.7))
    post = ((0, 0, 0, height, thick), (0, 0, 0, 1, 1.4 * thick))
    if easel.chance(0.7):
        end, y = toward * easel.between(1.0, 1.7), height + 0.3
        sprite.strokes(metal, *post, (0, height, end, y, 0.8 * thick), (end, y, 0.75 * end, y - 0.1, 1.6 * thick))
    else:
        sprite.strokes(metal, *post, dot(0, height + 0.15, 2.6 * thick))
    sprite.paint()


def signpost(easel: Easel, place: Point) -> None:
    """Paint a pole with a traffic sign or a traffic light. The pole is ``pole``, what it carries ``sign``."""
    foot, size = easel.between(2.0, 2.7), easel.between(0.38, 0.55)
    post = Sprite(easel, POLE, place, (0.4, 0.4, foot + 0.2))
    if not post.visible:
        return
    metal = colour(0.6, 0.05, easel.between(0.25, 0.7))
    post.strokes(metal, (0, 0, 0, foot + 0.1, max(0.05, THINNEST / post.scale)))
    post.paint()
    board = Sprite(easel, SIGN, place, (0.75, 0.75, foot + 1.7))
    if easel.chance(0.35):
        _traffic_light(easel, board, foot)
    else:
        SIGNS[int(easel.rng.random() * len(SIGNS))](board, foot + size, size)
    board.paint()


def _traffic_light(easel: Easel, board: Sprite, foot: float) -> None:
    """A dark box with three lamps, one of them lit."""
    board.strokes(BLACK, (0, foot + 0.3, 0, foot + 1.2, 0.3))
    lit = int(easel.rng.random() * 3)
    for lamp, hue in enumerate((0.37, 0.12, 0.0)):
        bulb = colour(hue, 0.8, 1.0) * np.float32(1.3) if lamp == lit else colour(hue, 0.9, 0.22)
        board.strokes(bulb, dot(0, foot + 0.3 + 0.45 * lamp, 0.19))


def _ban(board: Sprite, y: float, size: float) -> None:
    """A white disc with a red ring and a dark bar."""
    board.strokes(RED, dot(0, y, size))
    board.strokes(WHITE, dot(0, y, 0.68 * size))
    board.strokes(BLACK, (-0.3 * size, y, 0.3 * size, y, 0.15 * size))


def _warning(board: Sprite, y: float, size: float) -> None:
    """A white triangle with a red rim."""
    for paint, reach in ((RED, 1.25 * size), (WHITE, 0.68 * size)):
        board.hull(paint, (-reach, y - 0.62 * reach), (reach, y - 0.62 * reach), (0, y + 1.1 * reach))


def _order(board: Sprite, y: float, size: float) -> None:
    """A blue disc with a white bar."""
    board.strokes(BLUE, dot(0, y, size))
    board.strokes(WHITE, (0, y - 0.5 * size, 0, y + 0.45 * size, 0.17 * size))


def _notice(board: Sprite, y: float, size: float) -> None:
    """A blue board with a white field."""
    for paint, reach in ((BLUE, size), (WHITE, 0.55 * size)):
        board.hull(paint, (-reach, y - reach), (reach, y - reach), (reach, y + reach), (-reach, y + reach))


def _priority(board: Sprite, y: float, size: float) -> None:
    """A yellow square on its corner with a white rim."""
    for paint, reach in ((WHITE, 1.25 * size), (YELLOW, 0.9 * size)):
        board.hull(paint, (-reach, y), (0, y - reach), (reach, y), (0, y + reach))


def _stop(board: Sprite, y: float, size: float) -> None:
    """A red octagon with a white bar."""
    turns = [(k + 0.5) * np.pi / 4 for k in range(8)]
    board.hull(RED, *((size * float(np.cos(turn)), y + size * float(np.sin(turn))) for turn in turns))
    board.strokes(WHITE, (-0.55 * size, y, 0.55 * size, y, 0.17 * size))


SIGNS = (_ban, _warning, _order, _notice, _priority, _stop)


def bonnet(easel: Easel) -> Array:
    """Paint the bonnet of the car that carries the camera.

    Returns:
        Share ``(size, size)`` of each pixel that it covers, 0..1. It has no label: it is the camera's own.
    """
    picture = easel.sheet.picture
    size = picture.shape[-1]
    across = (np.arange(size, dtype=np.float32) - np.float32(0.5 * size)) / np.float32(size)
    edge = np.float32(size - easel.between(2.0, 4.0)) + np.float32(easel.between(4, 14)) * across * across
    below = np.arange(size, dtype=np.float32)[:, None] - edge
    cover = limit(0.5 + below, 0, 1)
    paint = colour(easel.rng.random(), easel.between(0.0, 0.5), easel.between(0.1, 0.6))
    picture += cover * (paint[:, None, None] * (1.3 - limit(below * 0.15, 0, 0.6)) - picture)
    return cover
