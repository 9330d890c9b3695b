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
    """Draw the mIoU of each arm: every seed as a small ring, the mean as the arm's sign, the interval as a bar.

    Args:
        rows: One row per arm, in percent, drawn from the top.
    """
    figure = style.new_figure(10, 1.3 + 0.48 * len(rows))
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        look = style.arm_style(row.name, [row.name for row in rows])
        _row(axes, place, row, look.color, look.marker)
    _finish(axes, rows, "mIoU, percent")
    alts = [f"{row.name} {words.number(row.value)} (95 % interval {words.span(row.bounds)})" for row in rows]
    return Picture(figure, f"Mean mIoU of {words.count(len(rows), 'arm')}, in percent: {'; '.join(alts)}.")


@styled
def difference_intervals(rows: Sequence[Interval]) -> Picture:
    """Draw paired differences and a line at zero: filled where the interval excludes zero, else hollow.

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
        _row(axes, place, row, colors[found], "o", hollow=hollow)
        alts.append(f"{row.name} {words.signed(row.value)} (95 % interval {words.span(row.bounds)}, {found.value})")
    _finish(axes, rows, "difference in mIoU, points")
    return Picture(figure, f"Paired differences in points of mIoU: {'; '.join(alts)}.")


def _row(axes: Axes, place: int, row: Interval, color: str, marker: str, *, hollow: bool = False) -> None:
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
        marker,
        markersize=10,
        zorder=3,
        markerfacecolor="white" if hollow else color,
        markeredgecolor=color,
        markeredgewidth=2,
    )
    style.value_column(axes, place, words.number(row.value))


def _finish(axes: Axes, rows: Sequence[Interval], quantity: str) -> None:
    style.name_rows(axes, [row.name for row in rows])
    axes.margins(x=0.06)
    low, high = axes.get_xlim()
    spare = max(0.0, LEAST_RANGE - (high - low)) / 2
    axes.set_xlim(low - spare, high + spare)
    axes.set_xlabel(quantity)
    style.light_grid(axes, "x")
