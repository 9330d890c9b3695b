"""Time two ways in turn, and say how many times as long the second takes.

A machine is seldom idle, and one that other programs slow down slows both ways alike. So ours and its peers take turns,
round by round, and a ratio is taken within a round. Processor time is counted and not the clock on the wall: waiting
for another program's turn is nobody's fault.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]

SHORTEST = 0.05
"""Seconds for which a way runs in a round, at least: shorter ones are called several times."""


@dataclass(frozen=True)
class Case:
    """One piece of work, done by us and by others.

    Attributes:
        subject: what is done, such as ``"graph"``.
        setting: how much of it, such as ``"1,000 nodes"``.
        ours: does it once.
        peers: by name, others that do the same.
    """

    subject: str
    setting: str
    ours: Work
    peers: Mapping[str, Work]


@dataclass(frozen=True)
class Row:
    """What came of one peer.

    Attributes:
        subject: of the case.
        setting: of the case.
        peer: name of the other.
        ours: milliseconds of processor time, the median over the rounds.
        theirs: the same of the peer.
        ratio: theirs over ours, the median over the rounds: above 1 we are faster.
        low: smallest ratio of a round.
        high: largest ratio of a round.
    """

    subject: str
    setting: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


def compare(case: Case, rounds: int, clock: Callable[[], float] = time.process_time) -> list[Row]:
    """Ours and each peer in turn, ``rounds`` times; one row for each peer."""
    ways = {"": case.ours, **case.peers}
    times = {name: _enough(work, clock) for name, work in ways.items()}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            spent[name].append(_seconds(work, times[name], clock))
    rows = []
    for peer in case.peers:
        ratios = [theirs / ours for ours, theirs in zip(spent[""], spent[peer], strict=True)]
        ours, theirs, ratio = (statistics.median(each) for each in (spent[""], spent[peer], ratios))
        rows.append(Row(case.subject, case.setting, peer, 1000 * ours, 1000 * theirs, ratio, min(ratios), max(ratios)))
    return rows


def _enough(work: Work, clock: Callable[[], float]) -> int:
    """Calls in a row that take as long as can be measured; the first call of all warms up and is not counted."""
    work()
    return max(1, round(SHORTEST / max(_seconds(work, 1, clock), 1e-6)))


def _seconds(work: Work, times: int, clock: Callable[[], float]) -> float:
    gc.collect()
    begun = clock()
    for _ in range(times):
        work()
    return max(clock() - begun, 1e-9) / times


def table(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows, as they lie in the JSON file, as a Markdown table.

    Example:
        >>> print(table([vars(Row("graph", "400 nodes", "loop", 1.0, 25.0, 25.0, 20.5, 31.0))]))
        | work | size | ours, ms | beside | its ms | its time / ours |
        |---|---|--:|---|--:|--:|
        | graph | 400 nodes | 1.00 | loop | 25.0 | **25.0** (20.5 to 31.0) |
    """
    lines = ["| work | size | ours, ms | beside | its ms | its time / ours |", "|---|---|--:|---|--:|--:|"]
    for row in rows:
        ours, theirs, ratio, low, high = (short(float(str(row[key]))) for key in _NUMBERS)
        named = f"| {row['subject']} | {row['setting']} | {ours} | {row['peer']} | {theirs} "
        lines.append(f"{named}| **{ratio}** ({low} to {high}) |")
    return "\n".join(lines)


_NUMBERS = ("ours", "theirs", "ratio", "low", "high")


def short(number: float) -> str:
    """As a table shows it: three digits."""
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:,.0f}"
