"""What ``streets`` has in every picture: sky, road and pavements, and what lines the street.

The front of a house beside the road runs towards the vanishing point, and so a column of the picture meets it at
one distance, from foot to roof. One pass paints what lies behind and the ends of the houses, a second the fronts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.drawn.painting import Array, colour, limit, noise
from mmtutorial.datasets.drawn.streets_plan import Segments, StreetPlan
from mmtutorial.datasets.drawn.streets_view import BUILDING, PAVEMENT, ROAD, SKY, Camera, Easel, Weather, from_half

ALL = slice(None)

ZEBRA = 0.3
"""Chance of a zebra crossing."""
KERBSTONE = 0.25
"""Width of the kerbstones in metres."""

SETBACK = 8.0
"""Metres from the fronts to what lies behind."""
END_WALL = 9.0
"""Depth of a house in metres."""
SHOP_WINDOW = 0.8
"""Share of a ground floor that is window, in its length."""


def paint_sky(easel: Easel) -> None:
    """Paint the sky from the zenith's colour to that of the haze at the horizon, with clouds."""
    rng, size, haze = easel.rng, len(easel.sheet.mask), easel.weather.haze[:, None, None]
    rows = slice(0, int(easel.camera.horizon) + 2)
    zenith = colour(rng.normal(0.58, 0.04), easel.between(0.0, 0.65), easel.between(0.55, 0.95))[:, None, None]
    drop = limit(np.arange(rows.stop, dtype=np.float32) / easel.camera.horizon, 0, 1)[:, None]
    clouds = limit(noise(rng, size, 6)[0, rows] * np.float32(1.5) - np.float32(easel.between(-0.3, 0.6)), 0, 1)
    sky = zenith + (haze - zenith) * (drop * drop)
    sky = sky + (limit(haze * 1.15, 0, 1) - sky) * (clouds * np.float32(easel.between(0.2, 0.8)))
    easel.sheet.lay(rows, ALL, np.zeros(sky.shape[1:], dtype=np.float32), sky, SKY)


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


def paint_ground(easel: Easel, plan: StreetPlan) -> None:
    """Paint the road with its markings, and the pavements."""
    ground = _ground(easel, plan)
    _paint_road(easel, ground)
    _paint_pavements(easel, plan, ground)


def _ground(easel: Easel, plan: StreetPlan) -> Ground:
    """Work out which point of the ground each pixel shows, and how light it is there."""
    camera, weather, size = easel.camera, easel.weather, len(easel.sheet.mask)
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
    return Ground(rows, x, z, scale, limit(below + 0.5, 0, 1), light, haze, easel.sheet.noise[rows])


def _paint_road(easel: Easel, ground: Ground) -> None:
    """Paint asphalt over all of the ground, and the markings on it."""
    asphalt = colour(easel.rng.random(), easel.between(0.0, 0.1), easel.between(0.25, 0.55))[:, None, None]
    paint = (np.float32(0.85) - asphalt) * _markings(easel, ground.x, ground.z, ground.scale)
    paint += asphalt
    paint *= ground.light * (1 + np.float32(easel.between(0.03, 0.14)) * ground.grain)
    paint += ground.haze
    paint *= ground.seen
    through = np.broadcast_to(1 - ground.seen, ground.x.shape)
    easel.sheet.lay(ground.rows, ALL, through, paint, ROAD)


def _markings(easel: Easel, x: Array, z: Array, scale: Array) -> Array:
    """Return how much of each pixel ``(h, w)`` of the road is painted white."""
    width, offset = easel.between(2.8, 3.6), easel.between(-0.4, 0.4)
    dashed = (z + easel.between(0, 6)) % 6 < easel.between(2.5, 4)
    away = from_half((x - offset) / width) * width - 0.07
    lines = limit(0.5 - away * scale, 0, 1) * (limit(0.14 * scale, 0, 1) * dashed)
    if easel.chance(ZEBRA):
        start = easel.between(4, 14)
        bars = limit(0.5 - (from_half(x) - 0.25) * scale, 0, 1)
        lines = np.where((z > start) & (z < start + 3), bars, lines)
    white: Array = lines * np.float32(easel.between(0.35, 0.95))
    return white


def _paint_pavements(easel: Easel, plan: StreetPlan, ground: Ground) -> None:
    """Paint flagstones outside the kerbs, which end at the mouth of a side street."""
    x, z, scale = ground.x, ground.z, ground.scale
    left, right = (
        np.where(plan.table["label"][plan.at(side.lining, z)] == PAVEMENT, np.float32(1e3), np.float32(side.kerb))
        for side in (plan.left, plan.right)
    )
    outside = np.maximum(-left - x, x - right)
    stone = colour(easel.rng.normal(0.07, 0.06), easel.between(0.0, 0.3), easel.between(0.45, 0.85))[:, None, None]
    flag = np.float32(easel.between(0.6, 1.2))
    # A metre ahead is foreshortened: it takes height / z as many rows as a metre aside takes columns.
    across = from_half(x / flag) * (flag * scale)
    ahead = from_half(z / flag) * (flag * scale * easel.camera.height / z)
    tone = 0.78 + limit(0.5 * np.minimum(across, ahead), 0, 0.22) + np.float32(0.06) * ground.grain
    tone *= 1 + 0.3 * limit(0.5 + (0.5 * KERBSTONE - np.abs(outside - 0.5 * KERBSTONE)) * scale, 0, 1)
    cover = limit(0.5 + outside * scale, 0, 1) * ground.seen
    paint = stone * (tone * ground.light)
    paint += ground.haze
    paint *= cover
    easel.sheet.lay(ground.rows, ALL, 1 - cover, paint, PAVEMENT)


@dataclass
class Columns:
    """The one upright surface that each column of the picture shows; arrays ``(size,)``.

    Attributes:
        aside: Columns to the right of the vanishing point.
        z: Distance of the surface in metres.
        along: Place along it in metres, for its pattern.
        step: Metres along it from one column to the next: patterns finer than that are blurred.
        light: Its brightness.
        row: Its stretch, a row of the plan's table.
    """

    aside: Array
    z: Array
    along: Array
    step: Array
    light: Array
    row: NDArray[np.intp]


def paint_walls(easel: Easel, plan: StreetPlan) -> None:
    """Paint what lines the street: first what lies behind, and the ends of the houses, then the fronts."""
    camera, size = easel.camera, len(easel.sheet.mask)
    columns = _along_the_street(plan, camera, easel.weather, size, behind=True)
    _close_off(columns, plan, camera)
    _end_walls(columns, plan, camera)
    _paint_columns(easel, plan, columns)
    _paint_columns(easel, plan, _along_the_street(plan, camera, easel.weather, size, behind=False))


def _along_the_street(plan: StreetPlan, camera: Camera, weather: Weather, size: int, behind: bool) -> Columns:
    """Return what each column shows of the two lines of fronts, or of the lines behind those."""
    aside = np.arange(size, dtype=np.float32) - np.float32(camera.centre)
    away = np.maximum(np.abs(aside), np.float32(0.5))
    left = aside < 0
    out = [side.front + (SETBACK if behind else 0) for side in (plan.left, plan.right)]
    z = np.where(left, np.float32(camera.focal * out[0]), np.float32(camera.focal * out[1])) / away
    rows = [plan.at(side.behind if behind else side.lining, z) for side in (plan.left, plan.right)]
    light = np.where(left, np.float32(weather.left), np.float32(weather.right))
    return Columns(aside, z, z.copy(), z / away, light, np.where(left, *rows))


def _close_off(columns: Columns, plan: StreetPlan, camera: Camera) -> None:
    """Put the skyline, in place, into the columns that would see beyond the street's end."""
    far = columns.z >= plan.length
    step = np.float32(plan.length / camera.focal)
    columns.z[far], columns.step[far] = plan.length, step
    columns.along[far] = columns.aside[far] * step
    columns.row[far] = plan.at(plan.skyline, columns.along[far])


def _end_walls(columns: Columns, plan: StreetPlan, camera: Camera) -> None:
    """Put the end walls, in place, of houses that stand beyond something low: they face the camera."""
    label, start = plan.table["label"].tolist(), plan.table["start"].tolist()
    for sign, side in ((-1, plan.left), (1, plan.right)):
        for row in range(side.lining.stop - 1, side.lining.start, -1):
            depth = start[row]
            if label[row] != BUILDING or label[row - 1] == BUILDING or depth >= plan.length:
                continue
            step = np.float32(depth / camera.focal)
            metres = sign * columns.aside * step - np.float32(side.front)
            here = (metres >= 0) & (metres < END_WALL)
            columns.z[here], columns.step[here], columns.light[here] = depth, step, 0.8
            columns.along[here], columns.row[here] = metres[here], row


def _paint_columns(easel: Easel, plan: StreetPlan, columns: Columns) -> None:
    """Paint one upright surface a column; nothing where it lies beyond the street's end."""
    camera, segment, z = easel.camera, plan.table[columns.row], columns.z
    seen = z <= np.float32(plan.length)
    scale = np.float32(camera.focal) / z
    feet = np.float32(camera.horizon) + np.float32(camera.height) * scale
    tops = feet - (segment["height"] + segment["rough"]) * scale
    rows = slice(max(0, int(tops[seen].min()) - 1), min(len(z), int(feet[seen].max()) + 2))
    y = (feet - np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]) / scale
    grain = easel.sheet.noise[rows]
    top = segment["height"] + segment["rough"] * grain
    cover = limit(0.5 + np.minimum(top - y, y) * scale, 0, 1) * seen

    inset = _insets(segment, y, scale, columns)
    roof = limit(0.5 + (y - (segment["height"] - segment["roof"])) * scale, 0, 1)
    inset *= 1 - roof
    front, glass, tiles = (np.ascontiguousarray(segment[name].T)[:, None, :] for name in ("colour", "inset", "top"))
    clear = np.exp(z / np.float32(-easel.weather.sight))
    paint = (glass - front) * inset
    paint += front
    paint += (tiles - front) * roof
    paint *= (1 + segment["grain"] * grain) * (columns.light * clear)
    paint += easel.weather.haze[:, None, None] * (1 - clear)
    if segment["open"].any():
        paint += (segment["open"] * inset) * (easel.sheet.picture[:, rows] - paint)
    paint *= cover
    easel.sheet.lay(rows, slice(None), 1 - cover, paint, segment["label"])


def _insets(segment: Segments, y: Array, scale: Array, columns: Columns) -> Array:
    """Return how much of each pixel ``(h, size)`` is window, or gap in a fence, at the heights ``y`` in metres."""
    pane = from_half(columns.along / segment["pitch"])
    density = segment["pitch"] / columns.step
    above = limit(0.5 + (segment["wide"] * 0.5 - pane) * density, 0, 1)
    below = limit(0.5 + (SHOP_WINDOW * 0.5 - pane) * density, 0, 1)
    floor, base = segment["floor"], segment["base"]
    share = np.float32(0.5) * segment["tall"]
    storey = from_half((y - base) / floor)
    upstairs = limit(0.5 + (share - storey) * (floor * scale), 0, 1) * above
    shop = limit(0.5 + (0.38 * base - np.abs(y - 0.5 * base)) * scale, 0, 1) * below
    insets: Array = np.where(y < base, shop, upstairs)
    return insets
