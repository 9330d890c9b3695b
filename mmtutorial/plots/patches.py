"""Mix: one image with the patches taken from it, and a batch of patches sorted by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

WIDTH = 10.0
"""Width of a figure in inches."""


@styled
def patch_boxes(
    image: NDArray[Any], mask: NDArray[Any], boxes: NDArray[Any], labels: NDArray[Any], classes: ClassTable
) -> Picture:
    """Draw a labelled image and its mask, with the box and centre of each patch in the colour of its label.

    Args:
        image: ``(3, H, W)`` uint8.
        mask: ``(H, W)`` class ids, 255 is void.
        boxes: ``(n, 4)`` as x0, y0, x1, y1 in pixels; they may reach outside the image.
        labels: ``(n,)`` class id of each patch.
        classes: The class table.
    """
    styles = style.class_styles(classes)
    height, width = mask.shape
    figure = style.new_figure(10, min(9.0, 4.6 * max(0.7, height / width) + 0.9))
    panels = figure.subplots(1, 2)
    panels[0].imshow(np.moveaxis(image, 0, -1), interpolation="nearest")
    panels[1].imshow(style.paint(mask, styles), interpolation="nearest")
    reach = _reach(boxes, height, width)
    for axes, title in zip(panels, ("Image", "Mask"), strict=True):
        axes.set_title(title)
        style.hide_axes(axes, frame=False)
        axes.set_xlim(reach[0], reach[2])
        axes.set_ylim(reach[3], reach[1])
        for box, label in zip(boxes, labels, strict=True):
            _draw_box(axes, box, style.style_of(styles, int(label)))
    style.patch_legend(figure, style.styles_in(styles, np.append(mask, labels)))
    boxed = words.count(len(boxes), "patch box", "patch boxes")
    return Picture(figure, f"One labelled image and its mask with {boxed}: {_tally(labels, classes)}.")


@styled
def patch_grid(patches: NDArray[Any], labels: NDArray[Any], classes: ClassTable, *, columns: int = 12) -> Picture:
    """Draw patches in one row per class, each framed in the colour of its class.

    Args:
        patches: ``(P, 3, S, S)`` uint8.
        labels: ``(P,)`` class ids.
        classes: The class table.
        columns: At most this many patches of a class are drawn; the row's name tells how many there are.
    """
    styles = style.class_styles(classes)
    present = [int(i) for i in np.unique(labels)]
    rows = [np.flatnonzero(labels == label) for label in present]
    looks = [style.style_of(styles, label) for label in present]
    names = [f"{look.name} ({len(row)})" for look, row in zip(looks, rows, strict=True)]
    figure, axes = _sheet(names, columns)
    for place, (look, members) in enumerate(zip(looks, rows, strict=True)):
        for column, index in enumerate(members[:columns]):
            _draw_tile(axes, patches[index], column, place, look.color)
    batch = words.count(len(labels), "patch", "patches")
    return Picture(figure, f"A batch of {batch} in rows by class: {_tally(labels, classes)}.")


def _draw_box(axes: Axes, box: NDArray[Any], look: style.ClassStyle) -> None:
    x0, y0, x1, y1 = (float(v) for v in box)
    # Pixel i covers i - 0.5 to i + 0.5 in the picture.
    corner = (x0 - 0.5, y0 - 0.5)
    axes.add_patch(Rectangle(corner, x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=4.2))
    axes.add_patch(Rectangle(corner, x1 - x0, y1 - y0, fill=False, edgecolor=look.color, linewidth=2.4))
    axes.plot(
        [(x0 + x1) / 2 - 0.5],
        [(y0 + y1) / 2 - 0.5],
        marker=look.marker,
        markersize=8,
        color=look.color,
        markeredgecolor="white",
    )


def _sheet(names: Sequence[str], columns: int) -> tuple[Figure, Axes]:
    """Make a figure of square cells, a row per name, with the names at its left."""
    margin = 0.2 + 0.1 * max((len(name) for name in names), default=1)
    cell = (WIDTH - margin) / columns
    rows = max(1, len(names))
    # The cells are square by the size of the figure, so no layout engine has to find room for the names.
    figure = Figure(figsize=(WIDTH, cell * rows))
    axes = figure.add_axes((margin / WIDTH, 0, 1 - margin / WIDTH, 1), xlim=(0, columns), ylim=(rows, 0))
    style.hide_axes(axes, frame=False)
    axes.set_yticks([row + 0.5 for row in range(len(names))], names)
    axes.tick_params(length=0)
    return figure, axes


def _draw_tile(axes: Axes, patch: NDArray[Any], column: int, row: int, color: str) -> None:
    extent = (column + 0.07, column + 0.93, row + 0.93, row + 0.07)
    axes.imshow(np.moveaxis(patch, 0, -1), extent=extent, interpolation="nearest", aspect="auto")
    axes.add_patch(Rectangle((column + 0.07, row + 0.07), 0.86, 0.86, fill=False, edgecolor=color, linewidth=3))


def _reach(boxes: NDArray[Any], height: int, width: int) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a view that holds the image and every box."""
    corners = np.vstack([np.asarray(boxes, dtype=float).reshape(-1, 4), [[0, 0, width, height]]])
    return (
        corners[:, 0].min() - 1.5,
        corners[:, 1].min() - 1.5,
        corners[:, 2].max() + 0.5,
        corners[:, 3].max() + 0.5,
    )


def _tally(labels: NDArray[Any], classes: ClassTable) -> str:
    """Say how many patches each class has: ``5 disk, 2 star``."""
    found, counts = np.unique(labels, return_counts=True)
    styles = style.class_styles(classes)
    return words.listed([f"{n} {style.style_of(styles, int(i)).name}" for i, n in zip(found, counts, strict=True)])
