"""Reproduction: the figures of the slides and ours beside them, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

from mmtutorial import words
from mmtutorial.errors import InputError
from mmtutorial.plots import style
from mmtutorial.results.reproduction import Reproduction
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.charts import Chart, ticks
from mmtutorial.widgets.toolkit.controls import Choice, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import marker

ALL = "all"
_OURS, _THEIRS = style.SAFE_COLOURS[0], style.SAFE_COLOURS[3]
_TOP, _BOTTOM = 84, 560
_WARNING = (
    "Ours are other data and smaller networks than theirs: compare orders and gaps, not heights. A line is a 95 % "
    "interval over seeds."
)


@dataclass(frozen=True)
class TableRow(Facts):
    """One arm: its mean mIoU in percent with its 95 % interval, its number of seeds, and the slides' figures."""

    arm: str
    mean: float
    interval: tuple[float, float] | None
    seeds: int
    theirs: tuple[float, ...]


@dataclass(frozen=True)
class TableFacts(Facts):
    """The rows on show, and the benchmark and network of the slides for which ours stand."""

    rows: list[TableRow]
    stands_for: str


class TableExplorer(Explorer[TableFacts]):
    """Choose a benchmark with its network, and a pre-training; see ours beside theirs.

    Args:
        reproduction: As :func:`mmtutorial.results.read_reproduction` gives it.

    Raises:
        InputError: It has no rows.
    """

    name = "table explorer"
    size = (1200, 640)

    def __init__(self, reproduction: Reproduction) -> None:
        if not reproduction.rows:
            raise InputError("the reproduction has no rows; run `mmtutorial reproduce` first")
        self._rows, self._blocks = reproduction.rows, {_place(b.name, n.name): (b, n) for b, n in reproduction.blocks()}
        places = tuple(dict.fromkeys(_place(row.benchmark, row.network) for row in self._rows))
        starts = (ALL, *dict.fromkeys(row.pretraining for row in self._rows))
        self.controls = (
            Choice("place", "benchmark and network", places, places[0]),
            Choice("pretraining", "pre-training", starts, ALL),
            Choice("order", "order", ("as run", "by ours"), "as run"),
        )

    def facts(self, state: State) -> TableFacts:
        """Return the rows on show: arm, mean, interval, number of seeds, and the slides' figures."""
        benchmark, network = self._blocks[state["place"]]
        chosen = [
            row
            for row in self._rows
            if _place(row.benchmark, row.network) == state["place"] and state["pretraining"] in (ALL, row.pretraining)
        ]
        if state["order"] == "by ours":
            chosen.sort(key=lambda row: -row.mean)
        rows = [
            TableRow(
                row.arm,
                row.mean,
                row.interval,
                len(row.seeds),
                printed(benchmark.stands_for, network.stands_for, row.arm),
            )
            for row in chosen
        ]
        return TableFacts(rows, _place(benchmark.stands_for, network.stands_for))

    def draw(self, canvas: Canvas, state: State, facts: TableFacts) -> None:
        """Draw a line of points for each arm."""
        title = f"mIoU in percent: ours ({state['place']}), theirs ({facts.stands_for})"
        canvas.text(8, 28, title, size=TITLE - 2, bold=True, fit=1184)
        rows = facts.rows
        ends = [v for row in rows for v in (row.mean, *(row.interval or ()), *row.theirs)]
        high = min(100.0, max(10.0, 1.08 * max(ends, default=10.0)))
        low = min(0.0, min(ends, default=0.0))
        chart = Chart(canvas, 330, _TOP, 850, _BOTTOM, (low, high), (0, 1))
        chart.axes(ticks(low, high, 7), [], xlabel="")
        for x, name, color in ((870, "ours (interval)", _OURS), (1110, "theirs", _THEIRS)):
            canvas.text(x, 66, name, size=16, bold=True, color=color, fit=230)
        step = min(44.0, (_BOTTOM - _TOP) / max(1, len(rows)))
        for place, row in enumerate(rows):
            self._row(canvas, chart, row, _TOP + step * (place + 0.5), step)
        if not rows:
            canvas.text(330, 200, "No such row was run: choose another pre-training.")
        canvas.paragraph(8, 608, 1184, _WARNING, size=15, color=style.QUIET, lines=2)

    def alt(self, state: State, facts: TableFacts) -> str:
        """Say every row in words."""
        said = []
        for row in facts.rows:
            interval = f" (95 % interval {words.span(row.interval)})" if row.interval else ""
            theirs = " and ".join(words.number(v) for v in row.theirs)
            seeds = words.count(row.seeds, "seed")
            said.append(
                f"{row.arm}: ours {words.number(row.mean)}{interval}, {seeds}"
                + (f", theirs {theirs}" if theirs else "")
            )
        rows = "; ".join(said) or "no such row was run"
        return f"mIoU in percent on {state['place']}, beside the slides’ {facts.stands_for}. {rows}."

    def _row(self, canvas: Canvas, chart: Chart, row: TableRow, y: float, step: float) -> None:
        size = 16 if step >= 22 else 12
        canvas.text(8, y, row.arm, size=size, anchor="lm", fit=305)
        canvas.line([(chart.left, y), (chart.right, y)], "#F1F2F4", 1)
        x = chart.at(row.mean, 0)[0]
        if row.interval:
            low, high = (chart.at(v, 0)[0] for v in row.interval)
            canvas.line([(low, y), (high, y)], _OURS, 3)
        for value in row.theirs:
            marker(canvas, (chart.at(value, 0)[0], y), "s", _THEIRS, 7, hollow=True, edge=2.5)
        canvas.circle((x, y), 7, _OURS, "#FFFFFF", 1)
        span = f"  ({words.span(row.interval)})" if row.interval else f"  ({words.count(row.seeds, 'seed')})"
        canvas.text(870, y, words.number(row.mean) + span, size=size, anchor="lm", fit=230)
        theirs = ", ".join(words.number(v) for v in row.theirs)
        canvas.text(1110, y, theirs or words.NOTHING, size=size, anchor="lm", fit=84)


def printed(benchmark: str, backbone: str, arm: str) -> tuple[float, ...]:
    """Return the slides' figures for an arm: none, one, or two where their tables differ."""
    # Here, not above: its package also trains, and the other explorers should load without that.
    from mmtutorial.reproduction.paper import BENCHMARKS, METHODS

    arm = arm.replace("imagenet", "classification")
    found = [m.miou for m in METHODS if (m.benchmark, m.backbone, m.arm) == (benchmark, backbone, arm)]
    for column in BENCHMARKS:
        if (column.benchmark, column.backbone) == (benchmark, backbone):
            by_arm = {column.pretraining: column.baseline, column.tuned_arm: column.mm}
            found += [v for name, v in {**by_arm, "classification": column.imagenet}.items() if name == arm]
    return tuple(dict.fromkeys(found))


def _place(benchmark: str, network: str) -> str:
    return f"{benchmark}, {network}"
