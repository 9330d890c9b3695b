"""Growth as a page shows it: slopes, a table and a figure on log axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from benchmarks.pairs import short
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

COLOURS = tuple(style.SAFE_COLOURS[i] for i in (0, 3, 2, 7, 5, 4, 1))
"""The dark ones first: pale colours make weak lines."""


@dataclass(frozen=True)
class Grown:
    """What was measured.

    Attributes:
        name: what is done.
        unit: of what there is more.
        sizes: how many of them.
        seconds: processor time at each size.
        mebibytes: most memory at each size; empty where the system does not tell.
    """

    name: str
    unit: str
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]
    mebibytes: tuple[float, ...]


def slope(sizes: Iterable[float], values: Iterable[float]) -> float:
    """Exponent of the power law nearest to the points, by least squares of logarithms.

    Example:
        >>> round(slope([1, 10, 100], [2, 20, 200]), 6), round(slope([1, 10, 100], [3, 300, 30000]), 6)
        (1.0, 2.0)
    """
    return float(np.polyfit(np.log([*sizes]), np.log([*values]), 1)[0])


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows, as they lie in the JSON file, as a Markdown table.

    Example:
        >>> print(table([vars(Grown("graph", "nodes", (10, 1000), (0.001, 0.1), (1.0, 10.0)))]))
        | work | from | to | time | slope | memory | slope |
        |---|--:|---|--:|--:|--:|--:|
        | graph | 10 | 1,000 nodes | 1.00 to 100 ms | **1.00** | 1.00 to 10.0 MiB | **0.50** |
    """
    lines = ["| work | from | to | time | slope | memory | slope |", "|---|--:|---|--:|--:|--:|--:|"]
    for one in read(rows):
        ms = [1000 * value for value in one.seconds]
        cells = [f"{short(ms[0])} to {short(ms[-1])} ms", f"**{slope(one.sizes, ms):.2f}**"]
        cells += ["not known", ""] if not one.mebibytes else [
            f"{short(one.mebibytes[0])} to {short(one.mebibytes[-1])} MiB",
            f"**{slope(one.sizes, one.mebibytes):.2f}**",
        ]  # fmt: skip
        lines.append(f"| {one.name} | {one.sizes[0]:,} | {one.sizes[-1]:,} {one.unit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def read(rows: Iterable[Mapping[str, Any]]) -> list[Grown]:
    """Rows as they lie in the JSON file."""
    return [
        Grown(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}) for row in rows
    ]


@styled
def figure(rows: Sequence[Grown]) -> Picture:
    """Time and memory of each work, both as multiples of those at its smallest size, on log axes.

    Args:
        rows: what was measured.
    """
    canvas = style.new_figure(10, 4.6)
    panels = canvas.subplots(1, 2, sharey=True)
    _draw(panels[0], "Processor time", rows, [one.seconds for one in rows])
    _draw(panels[1], "Memory at the peak", rows, [one.mebibytes for one in rows])
    panels[0].set_ylabel("times as much as at the smallest size")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    slopes = ", ".join(f"{one.name} {slope(one.sizes, one.seconds):.2f}" for one in rows)
    return Picture(canvas, f"Two panels on log axes, time and memory over size. Slopes of time: {slopes}.")


def _draw(axes: Axes, title: str, rows: Sequence[Grown], values: Sequence[Sequence[float]]) -> None:
    most = max(one.sizes[-1] / one.sizes[0] for one in rows)
    for number, (one, found) in enumerate(zip(rows, values, strict=True)):
        if found:
            times = [size / one.sizes[0] for size in one.sizes]
            look = {"color": COLOURS[number], "marker": style.MARKERS[number]}
            axes.plot(times, np.array(found) / found[0], label=one.name, **look)
    for power in (1, 2):
        axes.plot([1, most ** (1 / power)], [1, most], color=style.PALE, zorder=0)
        axes.annotate(f"slope {power} ", (most ** (1 / power), most), color=style.QUIET, ha="right", fontsize=10)
    axes.set(xscale="log", yscale="log", title=title, xlabel="times as much work")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
