"""A proxy task in three rows of pictures: what the network sees, what it shall say, what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

MOST = 6
"""Most pictures in a row: more would be too small to see across a room."""


@styled
def proxy_rows(rows: Sequence[NDArray[Any]], captions: Sequence[str], *, title: str) -> Picture:
    """Draw the rows of a proxy task; the same column is the same image.

    Args:
        rows: Each ``(N, 3, h, w)`` uint8. Rows may differ in size; at most :data:`MOST` columns are drawn.
        captions: What each row shows.
        title: Name of the task.
    """
    columns = min(MOST, max(len(row) for row in rows))
    shapes = [row.shape[2] / row.shape[3] for row in rows]
    # Few pictures keep the size of many, so that figures of several tasks look alike.
    tile = 10 / MOST
    figure = style.new_figure(tile * columns + 0.2, sum(tile * s + 0.38 for s in shapes) + 0.4)
    bands = figure.subfigures(len(rows), 1, height_ratios=[tile * s + 0.38 for s in shapes], squeeze=False)[:, 0]
    for band, row, caption in zip(bands, rows, captions, strict=True):
        band.suptitle(caption, x=0.005, ha="left", fontsize=13)
        for axes, place in zip(band.subplots(1, columns, squeeze=False)[0], range(columns), strict=True):
            if place < len(row):
                axes.imshow(np.moveaxis(row[place], 0, -1), interpolation="nearest")
                style.hide_axes(axes)
            else:
                axes.set_axis_off()
    shown = words.count(columns, "image")
    return Picture(figure, f"The proxy task {title} on {shown}, in rows: {words.listed(list(captions))}.")
