"""Tables of numbers as heat: per-class IoU, and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled


@dataclass(frozen=True)
class Shade:
    """Background and type colour of one cell, ``#RRGGBB``."""

    background: str
    ink: str


def shade(value: float | None, high: float = 100.0) -> Shade:
    """Shade a cell from white (0) to dark blue (``high``), with type that can be read on it.

    Args:
        value: The number in the cell; None or NaN gives a plain cell.
        high: The value at which the colour is darkest.
    """
    if value is None or value != value:
        return Shade("#FFFFFF", style.FAINT)
    share = min(1.0, max(0.0, value / high if high > 0 else 0.0))
    background = style.blend("#084081", share)
    # At luminance 0.179 black and white contrast alike, at 4.58 to 1 (WCAG 2.2, success criterion 1.4.3).
    return Shade(background, "#FFFFFF" if style.luminance(background) < 0.179 else "#000000")


@styled
def class_iou(values: NDArray[Any], arms: Sequence[str], classes: ClassTable) -> Picture:
    """Draw the IoU of each class for each arm as a shaded table with numbers.

    Args:
        values: ``(A, K)`` IoU in percent; NaN where a class does not occur.
        arms: ``(A,)`` names.
        classes: The class table, K classes.
    """
    figure = style.new_figure(10, 1.6 + 0.42 * len(arms))
    axes = figure.add_subplot()
    _cells(axes, np.asarray(values, dtype=float), arms, classes.names)
    rows = []
    for arm, row in zip(arms, values, strict=True):
        rows.append(
            f"{arm}: " + ", ".join(f"{n} {words.number(float(v))}" for n, v in zip(classes.names, row, strict=True))
        )
    return Picture(figure, f"IoU of each class in percent. {'; '.join(rows)}.")


@styled
def confusion_matrix(confusion: NDArray[Any], classes: ClassTable, *, title: str) -> Picture:
    """Draw a confusion matrix, each row as percentages of the true pixels of a class.

    Args:
        confusion: ``(K, K)`` pixel counts, a row per true class.
        classes: The class table.
        title: Title, usually the arm's name.
    """
    shares = row_percentages(confusion)
    side = 2.2 + 0.52 * len(classes)
    figure: Figure = style.new_figure(min(10.0, side + 0.6), min(9.4, side))
    axes = figure.add_subplot()
    _cells(axes, shares, classes.names, classes.names, digits=0)
    axes.set_title(title)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    found = "; ".join(largest_confusions(shares, classes))
    said = f"Largest confusions: {found}." if found else "No class is confused with another."
    return Picture(figure, f"Confusion matrix of {title}, rows in percent. {said}")


def _cells(
    axes: Axes, values: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], digits: int = 1
) -> None:
    size = 11.0 if len(columns) <= 12 else 7.5
    colors = np.array([[style.rgb_of(shade(float(v)).background) for v in row] for row in values])
    axes.imshow(colors, aspect="auto", interpolation="nearest")
    for (i, j), value in np.ndenumerate(values):
        ink = shade(float(value)).ink
        axes.text(j, i, words.number(float(value), digits), ha="center", va="center", color=ink, fontsize=size)
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)


def row_percentages(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return the rows of a confusion matrix in percent; NaN in the row of a class that does not occur."""
    counts = np.asarray(confusion, dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.full_like(counts, np.nan)
    np.divide(100 * counts, totals, out=shares, where=totals > 0)
    return shares


def largest_confusions(shares: NDArray[np.float64], classes: ClassTable, most: int = 3) -> list[str]:
    """Name the largest confusions in words, the largest first; none where no class is confused with another.

    Args:
        shares: ``(K, K)`` as :func:`row_percentages` gives them.
        classes: The class table.
        most: At most so many.
    """
    off = np.where(np.eye(len(shares), dtype=bool) | np.isnan(shares), 0.0, shares)
    order = np.argsort(-off, axis=None, kind="stable")[:most]
    pairs = [np.unravel_index(int(k), off.shape) for k in order]
    names = classes.names
    return [f"{off[i, j]:.0f} % of {names[i]} is called {names[j]}" for i, j in pairs if off[i, j] > 0]
