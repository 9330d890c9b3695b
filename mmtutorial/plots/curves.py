"""Training curves: the mean over seeds with a band from the least to the largest seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled


@dataclass(frozen=True)
class Curve:
    """One logged quantity of one seed.

    Attributes:
        steps: ``(T,)`` gradient steps taken so far.
        values: ``(T,)`` the quantity.
    """

    steps: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """Several seeds' curves as mean, least and largest at the steps which all of them logged."""

    steps: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def band(curves: Sequence[Curve]) -> Band:
    """Join the curves of several seeds.

    Args:
        curves: One curve per seed, at least one. Steps that some seed lacks are left out.
    """
    steps = curves[0].steps
    for curve in curves[1:]:
        steps = np.intersect1d(steps, curve.steps)
    rows = np.array([curve.values[np.isin(curve.steps, steps)] for curve in curves])
    return Band(steps, rows.mean(axis=0), rows.min(axis=0), rows.max(axis=0))


@styled
def loss_curves(
    runs: Mapping[str, Sequence[Curve]], *, title: str, quantity: str = "loss", order: Sequence[str] = ()
) -> Picture:
    """Draw one quantity over gradient steps, a line per run.

    Args:
        runs: For each name, one curve per seed.
        title: Title of the figure.
        quantity: Name of the vertical axis.
        order: All names of the experiment: one that is no arm's keeps its colour from figure to figure.
    """
    figure = style.new_figure(10, 4.4)
    axes = figure.add_subplot()
    alts = []
    for name, curves in runs.items():
        end = _line(axes, curves, style.arm_style(name, order or tuple(runs)), name)
        alts.append(f"{name} {end}")
    _finish(axes, quantity, title)
    style.line_legend(figure, axes)
    return Picture(figure, f"{title}, {quantity} over gradient steps, first and last: {'; '.join(alts)}.")


@styled
def tuning_curves(
    positive: Mapping[str, Sequence[Curve]],
    negative: Mapping[str, Sequence[Curve]],
    active: Mapping[str, Sequence[Curve]],
    *,
    order: Sequence[str] = (),
) -> Picture:
    """Draw distances to positives and negatives, and the share of triplets that still give a gradient.

    Args:
        positive: For each run, the mean anchor-positive distance, a curve per seed.
        negative: The same for anchor-negative distance.
        active: The same for the share of active triplets, between 0 and 1.
        order: All names of the experiment: one that is no arm's keeps its colour from figure to figure.
    """
    figure = style.new_figure(10, 4.6)
    left, right = figure.subplots(1, 2)
    alts = []
    for name in positive:
        look = style.arm_style(name, order or tuple(positive))
        near = _line(left, positive[name], look, name, dash="-")
        far = _line(left, negative[name], look, None, dash="--")
        share = _line(right, active[name], look, None, dash="-")
        alts.append(f"{name} positive distance {near}, negative {far}, active share {share}")
    _finish(left, "mean squared distance", "Distances")
    _finish(right, "share", "Active triplets")
    right.set_ylim(-0.03, 1.03)
    left.plot([], [], color=style.INK, linestyle="-", label="to the positive")
    left.plot([], [], color=style.INK, linestyle="--", label="to the negative")
    style.line_legend(figure, left)
    return Picture(figure, f"Tuning over gradient steps, first and last: {'; '.join(alts)}.")


def _line(axes: Axes, curves: Sequence[Curve], look: style.ArmStyle, name: str | None, dash: str | None = None) -> str:
    """Draw one run and return its first and last mean in words."""
    joined = band(curves)
    if not len(joined.steps):
        return "not logged"
    axes.fill_between(joined.steps, joined.low, joined.high, color=look.color, alpha=0.14, linewidth=0)
    axes.plot(
        joined.steps,
        joined.mean,
        color=look.color,
        linestyle=dash or look.dash,
        marker=look.marker,
        markevery=max(1, len(joined.steps) // 6),
        markersize=6,
        label=name,
    )
    return f"{words.number(float(joined.mean[0]), 2)} to {words.number(float(joined.mean[-1]), 2)}"


def _finish(axes: Axes, quantity: str, title: str) -> None:
    axes.set_xlabel("gradient steps")
    axes.set_ylabel(quantity)
    axes.set_title(title)
    style.light_grid(axes, "y")
