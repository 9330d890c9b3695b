"""Accuracy against the time that it took: what a minute of training bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled


@dataclass(frozen=True)
class Spent:
    """What an arm reached, and what that took.

    Attributes:
        name: The arm.
        seconds: Training time of a seed, all its stages together.
        miou: Its mean mIoU, in percent.
        bounds: The 95 % interval of the mean, or None where there is none.
    """

    name: str
    seconds: float
    miou: float
    bounds: tuple[float, float] | None = None


def frontier(rows: Sequence[Spent]) -> list[Spent]:
    """Return the rows that no other beats in both: the cheapest way to each accuracy, from the cheapest on.

    Example:
        >>> rows = [Spent("a", 10, 30.0), Spent("b", 20, 25.0), Spent("c", 30, 40.0)]
        >>> [row.name for row in frontier(rows)]
        ['a', 'c']
    """
    best: list[Spent] = []
    for row in sorted(rows, key=lambda row: (row.seconds, -row.miou)):
        if not best or row.miou > best[-1].miou:
            best.append(row)
    return best


@styled
def accuracy_for_time(rows: Sequence[Spent]) -> Picture:
    """Draw mIoU over training time; a line joins the arms that no other beats in both.

    Args:
        rows: One row per arm.
    """
    figure = style.new_figure(10, 5)
    axes = figure.add_subplot()
    names = [row.name for row in rows]
    best = frontier(rows)
    axes.plot([row.seconds for row in best], [row.miou for row in best], color=style.FAINT, linewidth=1.5, zorder=1)
    for row in rows:
        look = style.arm_style(row.name, names)
        if row.bounds is not None:
            axes.plot([row.seconds] * 2, row.bounds, color=look.color, linewidth=3, alpha=0.6, zorder=2)
        axes.plot(row.seconds, row.miou, look.marker, color=look.color, markersize=10, zorder=3, label=row.name)
    axes.set_xlim(left=0)
    axes.set_xlabel("training time of a seed, seconds")
    axes.set_ylabel("mIoU, percent")
    style.light_grid(axes, "both")
    style.line_legend(figure, axes)
    alts = [f"{row.name} {words.number(row.miou)} in {words.number(row.seconds, 0)} s" for row in rows]
    cheapest = words.listed([row.name for row in best])
    return Picture(
        figure, f"Mean mIoU in percent and training time of a seed: {'; '.join(alts)}. Not beaten in both: {cheapest}."
    )
