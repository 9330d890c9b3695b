"""What lines a street of ``streets``: houses, fences and hedges, one upright surface for each column of the picture.

The front of a house beside the road runs towards the vanishing point, and so a column of the picture meets it at
one distance, from foot to roof. One pass paints what lies behind and the ends of the houses, a second the fronts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.drawn.scenes_shapes import Array, limit
from mmtutorial.datasets.drawn.streets_canvas import Camera, Stage, Weather, beside
from mmtutorial.datasets.drawn.streets_classes import BUILDING
from mmtutorial.datasets.drawn.streets_plan import Plan, Segments

SETBACK = 8.0
"""Metres from the fronts to what lies behind."""
END_WALL = 9.0
"""Depth of a house in metres."""
SHOP_WINDOW = 0.8
"""Share of a ground floor that is window, in its length."""


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


def paint_walls(stage: Stage, plan: Plan) -> None:
    """Paints what lines the street: first what lies behind, and the ends of the houses, then the fronts."""
    camera, size = stage.camera, len(stage.canvas.mask)
    columns = _along_the_street(plan, camera, stage.weather, size, behind=True)
    _close_off(columns, plan, camera)
    _end_walls(columns, plan, camera)
    _paint_columns(stage, plan, columns)
    _paint_columns(stage, plan, _along_the_street(plan, camera, stage.weather, size, behind=False))


def _along_the_street(plan: Plan, camera: Camera, weather: Weather, size: int, behind: bool) -> Columns:
    """Returns what each column shows of the two lines of fronts, or of the lines behind those."""
    aside = np.arange(size, dtype=np.float32) - np.float32(camera.centre)
    away = np.maximum(np.abs(aside), np.float32(0.5))
    left = aside < 0
    out = [side.front + (SETBACK if behind else 0) for side in (plan.left, plan.right)]
    z = np.where(left, np.float32(camera.focal * out[0]), np.float32(camera.focal * out[1])) / away
    rows = [plan.at(side.behind if behind else side.lining, z) for side in (plan.left, plan.right)]
    light = np.where(left, np.float32(weather.left), np.float32(weather.right))
    return Columns(aside, z, z.copy(), z / away, light, np.where(left, *rows))


def _close_off(columns: Columns, plan: Plan, camera: Camera) -> None:
    """Puts the skyline, in place, into the columns that would see beyond the street's end."""
    far = columns.z >= plan.length
    step = np.float32(plan.length / camera.focal)
    columns.z[far], columns.step[far] = plan.length, step
    columns.along[far] = columns.aside[far] * step
    columns.row[far] = plan.at(plan.skyline, columns.along[far])


def _end_walls(columns: Columns, plan: Plan, camera: Camera) -> None:
    """Puts the end walls, in place, of houses that stand beyond something low: they face the camera."""
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


def _paint_columns(stage: Stage, plan: Plan, columns: Columns) -> None:
    """Paints one upright surface a column; nothing where it lies beyond the street's end."""
    camera, segment, z = stage.camera, plan.table[columns.row], columns.z
    seen = z <= np.float32(plan.length)
    scale = np.float32(camera.focal) / z
    feet = np.float32(camera.horizon) + np.float32(camera.height) * scale
    tops = feet - (segment["height"] + segment["rough"]) * scale
    rows = slice(max(0, int(tops[seen].min()) - 1), min(len(z), int(feet[seen].max()) + 2))
    y = (feet - np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]) / scale
    grain = stage.canvas.noise[rows]
    top = segment["height"] + segment["rough"] * grain
    cover = limit(0.5 + np.minimum(top - y, y) * scale, 0, 1) * seen

    inset = _insets(segment, y, scale, columns)
    roof = limit(0.5 + (y - (segment["height"] - segment["roof"])) * scale, 0, 1)
    inset *= 1 - roof
    front, glass, tiles = (np.ascontiguousarray(segment[name].T)[:, None, :] for name in ("colour", "inset", "top"))
    clear = np.exp(z / np.float32(-stage.weather.sight))
    paint = (glass - front) * inset
    paint += front
    paint += (tiles - front) * roof
    paint *= (1 + segment["grain"] * grain) * (columns.light * clear)
    paint += stage.weather.haze[:, None, None] * (1 - clear)
    if segment["open"].any():
        paint += (segment["open"] * inset) * (stage.canvas.picture[:, rows] - paint)
    paint *= cover
    stage.canvas.lay(rows, slice(None), 1 - cover, paint, segment["label"])


def _insets(segment: Segments, y: Array, scale: Array, columns: Columns) -> Array:
    """Returns how much of each pixel ``(h, size)`` is window, or gap in a fence, at the heights ``y`` in metres."""
    pane = beside(columns.along / segment["pitch"])
    density = segment["pitch"] / columns.step
    above = limit(0.5 + (segment["wide"] * 0.5 - pane) * density, 0, 1)
    below = limit(0.5 + (SHOP_WINDOW * 0.5 - pane) * density, 0, 1)
    floor, base = segment["floor"], segment["base"]
    share = np.float32(0.5) * segment["tall"]
    storey = beside((y - base) / floor)
    upstairs = limit(0.5 + (share - storey) * (floor * scale), 0, 1) * above
    shop = limit(0.5 + (0.38 * base - np.abs(y - 0.5 * base)) * scale, 0, 1) * below
    insets: Array = np.where(y < base, shop, upstairs)
    return insets
