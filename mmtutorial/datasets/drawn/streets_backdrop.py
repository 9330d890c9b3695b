"""What ``streets`` has in every picture: sky, road and pavements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmtutorial.datasets.drawn.scenes_backdrop import colour, noise
from mmtutorial.datasets.drawn.scenes_shapes import Array, limit
from mmtutorial.datasets.drawn.streets_canvas import Stage, beside
from mmtutorial.datasets.drawn.streets_classes import PAVEMENT, ROAD, SKY
from mmtutorial.datasets.drawn.streets_plan import Plan

ALL = slice(None)

ZEBRA = 0.3
"""Chance of a zebra crossing."""
KERBSTONE = 0.25
"""Width of the kerbstones in metres."""


def paint_sky(stage: Stage) -> None:
    """Paints the sky from the zenith's colour to that of the haze at the horizon, with clouds."""
    rng, size, haze = stage.rng, len(stage.canvas.mask), stage.weather.haze[:, None, None]
    rows = slice(0, int(stage.camera.horizon) + 2)
    zenith = colour(rng.normal(0.58, 0.04), stage.between(0.0, 0.65), stage.between(0.55, 0.95))[:, None, None]
    drop = limit(np.arange(rows.stop, dtype=np.float32) / stage.camera.horizon, 0, 1)[:, None]
    clouds = limit(noise(rng, size, 6)[0, rows] * np.float32(1.5) - np.float32(stage.between(-0.3, 0.6)), 0, 1)
    sky = zenith + (haze - zenith) * (drop * drop)
    sky = sky + (limit(haze * 1.15, 0, 1) - sky) * (clouds * np.float32(stage.between(0.2, 0.8)))
    stage.canvas.lay(rows, ALL, np.zeros(sky.shape[1:], dtype=np.float32), sky, SKY)


@dataclass(frozen=True)
class Ground:
    """The level ground, as seen in the rows below the horizon.

    Attributes:
        rows: Those rows, ``h`` of them.
        x: Metres to the right of the camera, ``(h, w)``.
        z: Metres ahead, ``(h, 1)``.
        scale: Pixels a metre, ``(h, 1)``.
        seen: Share of a pixel that is below the horizon, ``(h, 1)``.
        light: Brightness, ``(h, w)`` or ``(h, 1)``: the shadow of the houses, and how clear the air is.
        haze: Colour of the air before it, ``(3, h, 1)``.
        grain: Noise, ``(h, w)``.
    """

    rows: slice
    x: Array
    z: Array
    scale: Array
    seen: Array
    light: Array
    haze: Array
    grain: Array


def paint_ground(stage: Stage, plan: Plan) -> None:
    """Paints the road with its markings, and the pavements."""
    ground = _ground(stage, plan)
    _paint_road(stage, ground)
    _paint_pavements(stage, plan, ground)


def _ground(stage: Stage, plan: Plan) -> Ground:
    """Works out which point of the ground each pixel shows, and how light it is there."""
    camera, weather, size = stage.camera, stage.weather, len(stage.canvas.mask)
    rows = slice(int(camera.horizon), size)
    below = np.arange(rows.start, size, dtype=np.float32)[:, None] - np.float32(camera.horizon)
    # Not zero: the horizon itself is infinitely far away.
    scale = np.maximum(below, np.float32(0.4)) / np.float32(camera.height)
    z = np.float32(camera.focal) / scale
    x = (np.arange(size, dtype=np.float32)[None, :] - np.float32(camera.centre)) / scale
    clear = np.exp(z / np.float32(-weather.sight))
    light = clear
    if weather.shadow < 1:
        sign, side = (-1, plan.left) if weather.left < weather.right else (1, plan.right)
        reach = np.float32(0.55) * plan.table["height"][plan.at(side.lining, z)] - np.float32(side.front)
        lit = limit(0.5 - (sign * x + reach) * (0.5 * scale), 0, 1)
        light = clear * (weather.shadow + (1 - weather.shadow) * lit)
    haze = weather.haze[:, None, None] * (1 - clear)
    return Ground(rows, x, z, scale, limit(below + 0.5, 0, 1), light, haze, stage.canvas.noise[rows])


def _paint_road(stage: Stage, ground: Ground) -> None:
    """Paints asphalt over all of the ground, and the markings on it."""
    asphalt = colour(stage.rng.random(), stage.between(0.0, 0.1), stage.between(0.25, 0.55))[:, None, None]
    paint = (np.float32(0.85) - asphalt) * _markings(stage, ground.x, ground.z, ground.scale)
    paint += asphalt
    paint *= ground.light * (1 + np.float32(stage.between(0.03, 0.14)) * ground.grain)
    paint += ground.haze
    paint *= ground.seen
    through = np.broadcast_to(1 - ground.seen, ground.x.shape)
    stage.canvas.lay(ground.rows, ALL, through, paint, ROAD)


def _markings(stage: Stage, x: Array, z: Array, scale: Array) -> Array:
    """Returns how much of each pixel ``(h, w)`` of the road is painted white."""
    width, offset = stage.between(2.8, 3.6), stage.between(-0.4, 0.4)
    dashed = (z + stage.between(0, 6)) % 6 < stage.between(2.5, 4)
    away = beside((x - offset) / width) * width - 0.07
    lines = limit(0.5 - away * scale, 0, 1) * (limit(0.14 * scale, 0, 1) * dashed)
    if stage.chance(ZEBRA):
        start = stage.between(4, 14)
        bars = limit(0.5 - (beside(x) - 0.25) * scale, 0, 1)
        lines = np.where((z > start) & (z < start + 3), bars, lines)
    white: Array = lines * np.float32(stage.between(0.35, 0.95))
    return white


def _paint_pavements(stage: Stage, plan: Plan, ground: Ground) -> None:
    """Paints flagstones outside the kerbs, which end at the mouth of a side street."""
    x, z, scale = ground.x, ground.z, ground.scale
    left, right = (
        np.where(plan.table["label"][plan.at(side.lining, z)] == PAVEMENT, np.float32(1e3), np.float32(side.kerb))
        for side in (plan.left, plan.right)
    )
    outside = np.maximum(-left - x, x - right)
    stone = colour(stage.rng.normal(0.07, 0.06), stage.between(0.0, 0.3), stage.between(0.45, 0.85))[:, None, None]
    flag = np.float32(stage.between(0.6, 1.2))
    # A metre ahead is foreshortened: it takes height / z as many rows as a metre aside takes columns.
    across = beside(x / flag) * (flag * scale)
    ahead = beside(z / flag) * (flag * scale * stage.camera.height / z)
    tone = 0.78 + limit(0.5 * np.minimum(across, ahead), 0, 0.22) + np.float32(0.06) * ground.grain
    tone *= 1 + 0.3 * limit(0.5 + (0.5 * KERBSTONE - np.abs(outside - 0.5 * KERBSTONE)) * scale, 0, 1)
    cover = limit(0.5 + outside * scale, 0, 1) * ground.seen
    paint = stone * (tone * ground.light)
    paint += ground.haze
    paint *= cover
    stage.canvas.lay(ground.rows, ALL, 1 - cover, paint, PAVEMENT)
