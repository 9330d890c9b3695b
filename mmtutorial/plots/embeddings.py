"""The task gap in one picture: the same held-out patches before and after tuning."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled


@styled
def before_after(
    before: NDArray[Any],
    after: NDArray[Any],
    labels: NDArray[Any],
    classes: ClassTable,
    *,
    method: str = "t-SNE",
    purity: tuple[float, float] | None = None,
    height: float = 5.4,
) -> Picture:
    """Draw two maps of the same patches, coloured by class, with a number above each.

    Args:
        before: ``(N, 2)`` places before tuning.
        after: ``(N, 2)`` places after tuning.
        labels: ``(N,)`` class ids.
        classes: The class table.
        method: How the map was made, for the titles.
        purity: kNN purity before and after, between 0 and 1, measured in the full embedding.
        height: Height of the figure in inches.
    """
    styles = style.class_styles(classes)
    figure = style.new_figure(10, height)
    panels = figure.subplots(1, 2)
    alts = []
    for k, (axes, places, when) in enumerate(zip(panels, (before, after), ("before", "after"), strict=True)):
        score = "" if purity is None else f", kNN purity {purity[k]:.2f}"
        axes.set_title(f"{method} {when} tuning{score}")
        _scatter(axes, np.asarray(places), np.asarray(labels), styles)
        alts.append(f"{when} tuning{score}")
    shown = style.styles_in(styles, labels)
    style.marker_legend(figure, shown)
    number = words.count(len(labels), "patch", "patches")
    names = words.listed([s.name for s in shown])
    return Picture(figure, f"{method} maps of {number}: {'; '.join(alts)}. Coloured by class: {names}.")


def _scatter(axes: Axes, places: NDArray[Any], labels: NDArray[Any], styles: tuple[style.ClassStyle, ...]) -> None:
    # Background first: it is the most numerous and would hide the objects.
    order = sorted(np.unique(labels), key=lambda i: (not style.style_of(styles, int(i)).background, i))
    for label in order:
        look = style.style_of(styles, int(label))
        x, y = places[labels == label].T
        axes.scatter(
            x,
            y,
            s=14 if look.background else 30,
            marker=look.marker,
            facecolor=look.color,
            edgecolor=style.INK,
            linewidth=0.35,
            alpha=0.85,
            label=look.name,
        )
    style.hide_axes(axes)
    axes.set_aspect("equal", adjustable="datalim")
