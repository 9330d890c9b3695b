"""What each arm predicts for one image, beside the image and the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

COLUMNS = 6
"""Most tiles in a row: more would be too small to see across a room."""


@styled
def predictions(
    image: NDArray[Any],
    truth: NDArray[Any],
    predicted: NDArray[Any],
    arms: Sequence[str],
    miou: Sequence[float],
    classes: ClassTable,
) -> Picture:
    """Draw image, truth, and each arm's prediction with its mIoU on this image.

    Args:
        image: ``(3, H, W)`` uint8.
        truth: ``(H, W)`` class ids, 255 is void.
        predicted: ``(A, H, W)`` class ids.
        arms: ``(A,)`` names.
        miou: ``(A,)`` mIoU of this image for each arm, in percent.
        classes: The class table.
    """
    styles = style.class_styles(classes)
    tiles = [np.moveaxis(image, 0, -1), style.paint(truth, styles)]
    tiles += [style.paint(mask, styles) for mask in predicted]
    titles = [
        "image",
        "truth",
        *(f"{words.folded(a, 15)}\n{words.number(float(m))}" for a, m in zip(arms, miou, strict=True)),
    ]
    rows = math.ceil(len(tiles) / COLUMNS)
    columns = math.ceil(len(tiles) / rows)
    height, width = truth.shape
    figure = style.new_figure(10, rows * (10 / columns * height / width * 0.95 + 0.55) + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(tiles) :]:
        axes.set_axis_off()
    for axes, tile, title in zip(panels, tiles, titles, strict=False):
        axes.imshow(tile, interpolation="nearest")
        axes.set_title(title, fontsize=10.5, fontweight="normal", loc="center")
        style.hide_axes(axes)
    style.patch_legend(figure, style.styles_in(styles, np.append(truth, predicted)))
    scores = "; ".join(f"{a} {words.number(float(m))}" for a, m in zip(arms, miou, strict=True))
    true = [look.name for look in style.styles_in(styles, truth)]
    return Picture(figure, f"Image, truth ({words.listed(true)}) and predictions with mIoU in percent: {scores}.")
