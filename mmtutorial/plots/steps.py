"""A map of steps to take: a row for each notebook, a box for each of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Patch

from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

Mark = Literal["passed", "tried", "untouched"]

# A sign and a colour: colour is never the only sign.
_SIGNS: Mapping[Mark, str] = {"passed": "\N{CHECK MARK} ", "tried": "\N{MULTIPLICATION SIGN} ", "untouched": ""}
_FILLS: Mapping[Mark, str] = {
    "passed": style.blend("#009E73", 0.25),
    "tried": style.blend("#D55E00", 0.25),
    "untouched": "#FFFFFF",
}


@dataclass(frozen=True)
class Step:
    """A notebook on the map.

    Attributes:
        number: of the notebook, two digits.
        marks: what has come of each exercise, by its name.
        bet: whether its bet is placed; None where it has none.
    """

    number: str
    marks: Mapping[str, Mark]
    bet: bool | None = None


@styled
def steps_map(steps: Sequence[Step], *, title: str) -> Picture:
    """Draw the way through the notebooks.

    Args:
        steps: A row each, from the top.
        title: What has been reached.
    """
    widest = max((len(step.marks) for step in steps), default=1)
    figure = style.new_figure(10, 1.2 + 0.42 * len(steps))
    axes = figure.add_subplot()
    for row, step in enumerate(steps):
        for place, (name, mark) in enumerate(step.marks.items()):
            _box(axes, place, row, f"{_SIGNS[mark]}{name}", _FILLS[mark])
        if step.bet is not None:
            _box(axes, widest, row, "bet placed" if step.bet else "no bet yet", style.PALE if step.bet else "#FFFFFF")
    axes.set_xlim(-0.05, widest + 1)
    style.name_rows(axes, [step.number for step in steps])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(title)
    shown = [Patch(facecolor=_FILLS[mark], edgecolor=style.FAINT) for mark in _FILLS]
    figure.legend(shown, [f"{_SIGNS[mark]}{mark}" for mark in _FILLS], loc="outside lower center", ncols=3)
    rows = "; ".join(
        f"notebook {step.number}: " + ", ".join(f"{name} {mark}" for name, mark in step.marks.items()) for step in steps
    )
    return Picture(figure, f"{title}. {rows}.")


def _box(axes: Axes, place: int, row: int, text: str, fill: str) -> None:
    box = FancyBboxPatch(
        (place, row - 0.36),
        0.94,
        0.72,
        boxstyle="round,pad=0,rounding_size=0.06",
        facecolor=fill,
        edgecolor=style.FAINT,
    )
    axes.add_patch(box)
    axes.text(place + 0.47, row, text, ha="center", va="center", fontsize=10.5)
