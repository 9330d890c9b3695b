"""Exercises of notebook 07: reproduction."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean, stdev

import torch
from scipy import stats

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import Case, Exercise, Misconception, compare_numbers, compare_tensors
from mmtutorial.classroom.exercises.registration import examine_registration

Scores = Mapping[int, float]
Bounds = tuple[float, float]
Three = tuple[float, float, float]


# ---------------------------------------------------------------- 07.paired_interval
def _mean_and_ends(values: Sequence[float], half: Callable[[int], float]) -> Three:
    """Mean of some values, and mean less and plus ``half`` of their number standard errors."""
    mean, n = fmean(values), len(values)
    if n < 2:
        return mean, math.nan, math.nan
    width = half(n) * stdev(values) / math.sqrt(n)
    return mean, mean - width, mean + width


def _student(n: int) -> float:
    return float(stats.t.ppf(0.975, n - 1))


def _with(half: Callable[[int], float]) -> Callable[[Scores, Scores], Three]:
    return lambda a, b: _mean_and_ends([a[seed] - b[seed] for seed in a if seed in b], half)


_paired_interval = _with(_student)


def _in_the_order_written(a: Scores, b: Scores) -> Three:
    return _mean_and_ends([x - y for x, y in zip(a.values(), b.values(), strict=False)], _student)


def _unpaired(a: Scores, b: Scores, degrees: str = "n - 1") -> Three:
    """The interval of two arms that have nothing in common, as in a t-test of two samples."""
    first, second = ([values[seed] for seed in a if seed in b] for values in (a, b))
    n = len(first)
    spreads = [stdev(values) ** 2 if n > 1 else math.nan for values in (first, second)]
    both = {
        "n - 1": n - 1,
        "2 n - 2": 2 * n - 2,
        "Welch": (n - 1) * sum(spreads) ** 2 / sum(spread**2 for spread in spreads),
        "normal": math.inf,
    }
    half = float(stats.t.ppf(0.975, both[degrees])) * math.sqrt(sum(spreads) / n)
    mean = fmean(first) - fmean(second)
    return mean, mean - half, mean + half


_INTERVAL_MISTAKES = (
    Misconception("This is b less a; asked for is a less b.", lambda a, b: _paired_interval(b, a)),
    Misconception("Pair by seed: a and b need not hold the same seeds, nor in one order.", _in_the_order_written),
    *(
        Misconception(
            "Take the differences first, seed by seed: what both arms share then drops out.",
            partial(_unpaired, degrees=degrees),
        )
        for degrees in ("n - 1", "2 n - 2", "Welch", "normal")
    ),
    Misconception("1.96 is for many seeds; the spread of few is itself uncertain: Student's t.", _with(lambda n: 1.96)),
    Misconception(
        "The interval is one of the mean: what n values spread, their mean spreads less. By what factor?",
        _with(lambda n: _student(n) * math.sqrt(n)),
    ),
    Misconception(
        "The mean was taken from the same values: divide the sum of squares by n - 1 (``ddof=1``), not by n.",
        _with(lambda n: _student(n) * math.sqrt((n - 1) / n)),
    ),
    Misconception(
        "Five percent are left outside, half of them on either side: which quantile does that ask for?",
        _with(lambda n: float(stats.t.ppf(0.95, n - 1))),
    ),
    Misconception(
        "n differences with their mean taken off leave n - 1 degrees of freedom.",
        _with(lambda n: float(stats.t.ppf(0.975, n))),
    ),
)


def _examine_interval(ask: Ask) -> None:
    cases: list[Case] = []
    for number in range(10):
        generator = ask.seeded(number)
        seeds = list(range(10, 13 + number))
        shared = 5 * torch.randn(len(seeds), generator=generator)
        noise = torch.randn((2, len(seeds)), generator=generator)
        order = torch.randperm(len(seeds), generator=generator).tolist()
        a = {seed: round(float(30 + shared[i] + noise[0, i]), 2) for i, seed in enumerate(seeds)}
        b = {seeds[i]: round(float(25 + shared[i] + noise[1, i]), 2) for i in order}
        cases.append((f"{len(seeds)} seeds, those of b in the order {list(b)}", (a, b)))
        if number % 3 == 2:
            cases.append(("a has a seed that b has not", ({**a, 99: 80.0}, b)))
    cases += [
        ("two equal arms", ({1: 3.0, 2: 5.0}, {1: 3.0, 2: 5.0})),
        ("one seed in common: the ends are not a number", ({1: 3.0, 2: 5.0}, {2: 4.0, 7: 1.0})),
    ]
    compare_tensors(ask, cases, lambda a, b: torch.tensor(_paired_interval(a, b)), _INTERVAL_MISTAKES)


# ---------------------------------------------------------------- 07.verdict
WORDS = ("reproduced", "contradicted", "not shown")


def _verdict(theirs: float, interval: Bounds | None) -> str:
    if interval is None:
        return "not shown"
    low, high = interval if theirs > 0 else (-interval[1], -interval[0])
    return "reproduced" if low > 0 else "contradicted" if high < 0 else "not shown"


def _by_the_mean(theirs: float, interval: Bounds | None) -> str:
    return "not shown" if interval is None else WORDS[0 if theirs * sum(interval) > 0 else 1]


_VERDICT_MISTAKES: tuple[tuple[str, Callable[[float, Bounds | None], str]], ...] = (
    (
        "The slides may print less for a than for b: then an interval below zero agrees with them.",
        lambda theirs, interval: _verdict(1.0, interval),
    ),
    (
        "An end exactly at zero does not leave zero out.",
        lambda theirs, interval: (
            _verdict(theirs, interval) if interval is None or 0 not in interval else _by_the_mean(theirs, interval)
        ),
    ),
    ("An interval on both sides of zero lets the sign open: absence of evidence is no contradiction.", _by_the_mean),
    (
        "Not shown and contradicted are two things: for the second the whole interval is on the other side.",
        lambda theirs, interval: WORDS[0] if _verdict(theirs, interval) == WORDS[0] else WORDS[1],
    ),
    (
        "Ours are other data and other networks: the claim to be judged is the order, not the size of the gap.",
        lambda theirs, interval: (
            WORDS[2] if interval is None else WORDS[0 if interval[0] <= theirs <= interval[1] else 1]
        ),
    ),
)


def _examine_verdict(ask: Ask) -> None:
    intervals: list[Bounds | None] = [(2.0, 6.0), (-6.0, -2.0), (-1.0, 3.0), (-3.0, 1.0)]
    intervals += [(0.5, 30.0), (-30.0, -0.5), (0.0, 4.0), (-4.0, 0.0), None]
    for interval in intervals:
        for theirs in (23.8, -3.4):
            with ask.case():
                _judged(ask, theirs, interval)
    for generator in ask.drawn(10):
        # All three words in one case, or whoever always says the same would be right in a third of them.
        low, wide, theirs = (1 + 29 * torch.rand(3, generator=generator)).round(decimals=1).tolist()
        with ask.case():
            for sign in (1.0, -1.0):
                for ends in ((low, low + wide), (-low - wide, -low), (-low, wide)):
                    _judged(ask, sign * theirs, ends)


def _judged(ask: Ask, theirs: float, interval: Bounds | None) -> None:
    answer = ask(f"theirs={theirs}, interval={interval}", theirs, interval)
    expected = _verdict(theirs, interval)
    hint = f"Answer with one of the words {', '.join(map(repr, WORDS))}."
    if isinstance(answer, str) and answer in WORDS:
        told = (hint for hint, mistake in _VERDICT_MISTAKES if mistake(theirs, interval) == answer)
        hint = next(told, "On which side of zero is the interval, and on which side are the slides?")
    ask.require(isinstance(answer, str) and answer == expected, answer, expected, hint)


# ---------------------------------------------------------------- 07.rank_correlation
def _counts(theirs: Sequence[float], ours: Sequence[float]) -> tuple[int, int, int, int, int]:
    """Pairs of rows: in the same order, in opposite orders, tied in theirs, tied in ours, all."""
    same = opposite = tied_theirs = tied_ours = pairs = 0
    for i in range(len(theirs)):
        for j in range(i):
            product = (theirs[i] - theirs[j]) * (ours[i] - ours[j])
            same += product > 0
            opposite += product < 0
            tied_theirs += theirs[i] == theirs[j]
            tied_ours += ours[i] == ours[j]
            pairs += 1
    return same, opposite, tied_theirs, tied_ours, pairs


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _tau(theirs: Sequence[float], ours: Sequence[float]) -> float:
    same, opposite, tied_theirs, tied_ours, pairs = _counts(theirs, ours)
    return _share(same - opposite, math.sqrt((pairs - tied_theirs) * (pairs - tied_ours)))


def _tau_a(theirs: Sequence[float], ours: Sequence[float]) -> float:
    same, opposite, _, _, pairs = _counts(theirs, ours)
    return _share(same - opposite, pairs)


def _gamma(theirs: Sequence[float], ours: Sequence[float]) -> float:
    same, opposite, *_ = _counts(theirs, ours)
    return _share(same - opposite, same + opposite)


def _ties_as_opposite(theirs: Sequence[float], ours: Sequence[float]) -> float:
    same, _, _, _, pairs = _counts(theirs, ours)
    return _share(2 * same - pairs, pairs)


_TAU_MISTAKES = (
    Misconception("Pairs that are tied in a table count in neither order.", _ties_as_opposite),
    Misconception("Without ties this is right. What becomes of the divisor if some pairs have no order?", _tau_a),
    Misconception(
        "A pair tied in one table only still has an order in the other: the divisor has two factors.", _gamma
    ),
    Misconception(
        "This is the share of pairs in the same order; tau is 1 for all of them and -1 for none.",
        lambda theirs, ours: _share(_counts(theirs, ours)[0], _counts(theirs, ours)[4]),
    ),
    Misconception(
        "This is Spearman's rho, the correlation of the ranks; Kendall's tau counts pairs.",
        lambda theirs, ours: float(stats.spearmanr(theirs, ours).statistic),
    ),
    Misconception(
        "This correlates the values; an order does not change when a value is stretched.",
        lambda theirs, ours: float(stats.pearsonr(theirs, ours).statistic),
    ),
)


def _examine_tau(ask: Ask) -> None:
    cases: list[Case] = [
        ("no ties", ([3.0, 1.0, 4.0, 2.0, 5.0], [0.1, 0.4, 0.6, 0.2, 0.9])),
        ("a tie in theirs", ([1.0, 1.0, 3.0, 4.0], [1.0, 2.0, 3.0, 0.0])),
    ]
    for seed in range(10):
        generator = ask.seeded(seed)
        rows = 5 + seed % 6
        theirs = (20 + 3 * torch.randn(rows, generator=generator)).mul(10).round().div(10).tolist()
        ours = [value + float(4 * torch.randn((), generator=generator)) for value in theirs]
        if seed % 2:
            theirs, ours = [round(v / 4) * 4.0 for v in theirs], [round(v / 3) * 3.0 for v in ours]
        if len(set(theirs)) > 1 and len(set(ours)) > 1:
            cases.append((f"{rows} rows{', some of them tied' if seed % 2 else ''}", (theirs, ours)))
    cases += [
        ("the same order on another scale", ([1.0, 2.0, 3.0, 9.0], [0.1, 0.2, 0.5, 0.6])),
        ("the opposite order", ([1.0, 2.0, 3.0], [9.0, 4.0, 2.0])),
        ("two rows", ([5.0, 4.0], [1.0, 0.0])),
    ]
    compare_numbers(ask, cases, _tau, _TAU_MISTAKES)


EXERCISES = (
    Exercise(
        "07.paired_interval",
        ("a", "b"),
        _examine_interval,
    ),
    Exercise(
        "07.verdict",
        ("theirs", "interval"),
        _examine_verdict,
    ),
    Exercise("07.rank_correlation", ("theirs", "ours"), _examine_tau),
    Exercise("07.registration", (), examine_registration),
)
