"""Lines: any quantities over another, and training curves with a band from the least to the largest seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.errors import InputError
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
def lines(
    across: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    title: str,
    x: str,
    y: str,
    level: tuple[str, float] | None = None,
    spread: Mapping[str, Sequence[float]] | None = None,
    log: str = "",
) -> Picture:
    """Draw a line per name over the same points.

    Args:
        across: ``(T,)`` where the points stand.
        curves: ``(T,)`` values by name. Each name is shown with its last value.
        title: What is to be seen.
        x: Name of the horizontal axis.
        y: Name of the vertical axis. It begins at zero, unless a value lies below or all lie far above.
        level: Name and height of a dashed line, such as chance.
        spread: ``(T,)`` by name: how far the value could be off to either side.
        log: Which axes are logarithmic: ``"x"``, ``"y"`` or ``"xy"``.

    Raises:
        InputError: No curve or no point, another number of values than of points, or a spread without its line.
    """
    spread = spread or {}
    given = [(name, len(values)) for name, values in (*curves.items(), *spread.items())]
    if not curves or not len(across) or any(count != len(across) for _, count in given):
        said = ", ".join(f"{name!r} {count}" for name, count in given) or "none"
        raise InputError(f"each line needs a value for each of {len(across)} points, at least one; got {said}")
    if strange := spread.keys() - curves.keys():
        raise InputError(f"a spread belongs to a line: there is no line {min(strange)!r}, only {', '.join(curves)}")
    figure = style.new_figure(10, 4.4)
    axes = figure.add_subplot()
    points, alts = np.asarray(across, dtype=float), []
    for name, values in curves.items():
        heights, look = np.asarray(values, dtype=float), style.arm_style(name, tuple(curves))
        last = words.number(float(heights[-1]), 2)
        _line(axes, [Curve(points, heights)], look, f"{name}: {last}")
        if name in spread:
            off = np.asarray(spread[name], dtype=float)
            axes.fill_between(points, heights - off, heights + off, color=look.color, alpha=0.2, linewidth=0)
        alts.append(f"{name} {words.number(float(heights[0]), 2)} to {last}")
    if level:
        axes.axhline(level[1], color=style.FAINT, linestyle="--", zorder=0, label=f"{level[0]}: {level[1]:.2f}")
        alts.append(f"dashed, {level[0]}: {level[1]:.2f}")
    if "y" in log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        least, most = (reach(np.concatenate(list(curves.values()))) for reach in (np.min, np.max))
        if 0 <= least <= most / 2:
            axes.set_ylim(bottom=0)
    if "x" in log:
        axes.set_xscale("log")
        axes.set_xticks(points, [f"{point:g}" for point in points])
        axes.minorticks_off()
    _finish(axes, y, title, x)
    if len(curves) > 1 or level:
        style.line_legend(figure, axes)
    return Picture(figure, f"{title}: {y} over {x}, first and last: {'; '.join(alts)}.")


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


def _finish(axes: Axes, quantity: str, title: str, across: str = "gradient steps") -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(quantity)
    axes.set_title(title)
    style.light_grid(axes, "y")
