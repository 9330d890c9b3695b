"""Results with their uncertainty: single seeds, means, and 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

LEAST_RANGE = 4.0
"""An axis shows at least so many points, so that a trifling difference does not fill it."""


@dataclass(frozen=True)
class Interval:
    """One row of an interval plot.

    Attributes:
        name: What the row is called.
        value: The mean or the difference.
        bounds: Its 95 % interval, or None where there is none.
        seeds: The single seeds' values, where they are known.
    """

    name: str
    value: float
    bounds: tuple[float, float] | None = None
    seeds: tuple[float, ...] = ()


@styled
def arm_intervals(rows: Sequence[Interval]) -> Picture:
    """Draws the mIoU of each arm: every seed as a small ring, the mean as a dot, the interval as a bar.

    Args:
        rows: One row per arm, in percent, drawn from the top.
    """
    figure = style.new_figure(10, 1.3 + 0.48 * len(rows))
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        _row(axes, place, row, style.SAFE_COLOURS[0])
    _finish(axes, rows, "mIoU, percent")
    alts = [f"{row.name} {words.number(row.value)} (95 % interval {words.span(row.bounds)})" for row in rows]
    return Picture(figure, f"Mean mIoU of {words.count(len(rows), 'arm')}, in percent: {'; '.join(alts)}.")


@styled
def difference_intervals(rows: Sequence[Interval]) -> Picture:
    """Draws paired differences and a line at zero: filled where the interval excludes zero, else hollow.

    Args:
        rows: One row per comparison, in points of mIoU, drawn from the top.
    """
    figure = style.new_figure(10, 1.3 + 0.48 * len(rows))
    axes = figure.add_subplot()
    axes.axvline(0, color=style.INK, linewidth=1.2, zorder=1)
    colors = {
        words.Verdict.ABOVE: style.SAFE_COLOURS[2],
        words.Verdict.BELOW: style.SAFE_COLOURS[3],
        words.Verdict.NOT_SHOWN: style.FAINT,
        words.Verdict.ONE_SEED: style.FAINT,
    }
    alts = []
    for place, row in enumerate(rows):
        found = words.verdict(row.value, row.bounds)
        hollow = found in (words.Verdict.NOT_SHOWN, words.Verdict.ONE_SEED)
        _row(axes, place, row, colors[found], hollow=hollow)
        alts.append(f"{row.name} {words.signed(row.value)} (95 % interval {words.span(row.bounds)}, {found.value})")
    _finish(axes, rows, "difference in mIoU, points")
    return Picture(figure, f"Paired differences in points of mIoU: {'; '.join(alts)}.")


def _row(axes: Axes, place: int, row: Interval, color: str, *, hollow: bool = False) -> None:
    if row.bounds is not None:
        axes.plot(row.bounds, [place, place], color=color, linewidth=4, solid_capstyle="butt", alpha=0.75, zorder=2)
    # Single seeds stand a little below the bar, where the bar cannot hide them.
    axes.plot(
        row.seeds,
        [place + 0.24] * len(row.seeds),
        "o",
        markersize=5,
        markerfacecolor="white",
        markeredgecolor=color,
    )
    axes.plot(
        [row.value],
        [place],
        "o",
        markersize=10,
        zorder=3,
        markerfacecolor="white" if hollow else color,
        markeredgecolor=color,
        markeredgewidth=2,
    )
    # The value stands at the right edge of the panel, in a column of its own.
    axes.annotate(
        words.number(row.value),
        (1.01, place),
        xycoords=("axes fraction", "data"),
        va="center",
        ha="left",
        fontweight="bold",
        annotation_clip=False,
    )


def _finish(axes: Axes, rows: Sequence[Interval], quantity: str) -> None:
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.margins(x=0.06)
    low, high = axes.get_xlim()
    spare = max(0.0, LEAST_RANGE - (high - low)) / 2
    axes.set_xlim(low - spare, high + spare)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(quantity)
    style.light_grid(axes, "x")
