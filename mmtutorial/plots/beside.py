"""Published figures and ours, row by row, each on a scale of its own: what can be compared is the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

Family = Literal["random", "supervised", "proxy", "tuned", "ensemble"]
LOOKS: dict[Family, tuple[str, str, str]] = {
    "random": ("random weights", style.BACKGROUND, "o"),
    "supervised": ("supervised pre-training", style.SAFE_COLOURS[3], "s"),
    "proxy": ("self-supervised pre-training", style.SAFE_COLOURS[0], "D"),
    "tuned": ("with M&M", style.SAFE_COLOURS[2], "^"),
    "ensemble": ("ensemble", style.SAFE_COLOURS[7], "P"),
}
"""Name, colour and marker of each kind of arm: what a row shows here is its kind, for two papers' arms are compared."""


@dataclass(frozen=True)
class Pair:
    """One row: a published figure and ours.

    Attributes:
        theirs_name: What they call it.
        theirs: Their mIoU in percent.
        ours_name: Our arm.
        ours: Our mean mIoU in percent, or None where it was not run.
        family: What kind of arm it is.
        bounds: Our 95 % interval, or None.
        seeds: Our single seeds.
    """

    theirs_name: str
    theirs: float
    ours_name: str
    ours: float | None
    family: Family
    bounds: tuple[float, float] | None = None
    seeds: tuple[float, ...] = ()


@styled
def ours_beside_theirs(pairs: Sequence[Pair], *, theirs: str, ours: str) -> Picture:
    """Draw their figures in the left panel, highest on top, and ours in the right one in the same rows.

    Where the order is reproduced, both columns of markers lean the same way.

    Args:
        pairs: One per row of the table.
        theirs: Title of the left panel.
        ours: Title of the right panel.
    """
    rows = sorted(pairs, key=lambda pair: -pair.theirs)
    figure = style.new_figure(10, 1.7 + 0.4 * len(rows))
    left, right = figure.subplots(1, 2)
    for place, pair in enumerate(rows):
        _, color, marker = LOOKS[pair.family]
        _mark(left, place, pair.theirs, color, marker)
        if pair.ours is None:
            style.value_column(right, place, "not run", weight="normal", size=11)
            continue
        if pair.bounds is not None:
            right.plot(pair.bounds, [place, place], color=color, linewidth=4, solid_capstyle="butt", alpha=0.45)
        right.plot(pair.seeds, [place + 0.26] * len(pair.seeds), "o", markersize=4, mfc="white", mec=color)
        _mark(right, place, pair.ours, color, marker)
    _finish(left, [words.folded(pair.theirs_name, 28) for pair in rows], theirs)
    _finish(right, [pair.ours_name for pair in rows], ours)
    _legend(figure, rows)
    alts = [f"{pair.theirs_name} {words.number(pair.theirs)}, {pair.ours_name} {_said(pair)}" for pair in rows]
    return Picture(figure, f"mIoU in percent, {theirs} and {ours}: {'; '.join(alts)}.")


def _said(pair: Pair) -> str:
    if pair.ours is None:
        return "not run"
    return f"{words.number(pair.ours)} (95 % interval {words.span(pair.bounds)})"


def _mark(axes: Axes, place: int, value: float, color: str, marker: str) -> None:
    axes.plot([value], [place], marker, color=color, markersize=9, markeredgecolor="white", markeredgewidth=0.7)
    style.value_column(axes, place, words.number(value), size=11)


def _finish(axes: Axes, names: Sequence[str], title: str) -> None:
    style.name_rows(axes, names, size=10.5)
    axes.margins(x=0.08)
    axes.set_xlabel("mIoU, percent")
    axes.set_title(title, fontsize=12)
    style.light_grid(axes, "both")


def _legend(figure: Figure, rows: Sequence[Pair]) -> None:
    looks = [LOOKS[family] for family in LOOKS if any(pair.family == family for pair in rows)]
    handles = [Line2D([], [], marker=marker, color=color, linestyle="none", markersize=9) for _, color, marker in looks]
    names = [name for name, _, _ in looks]
    columns = style.legend_columns(names, sign=5)
    figure.legend(handles, names, loc="outside lower center", ncols=columns)
