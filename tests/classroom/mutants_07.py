"""Typical wrong answers to the exercises of notebook 07, and a piece of the hint each must get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

Scores = dict[int, float]
Bounds = tuple[float, float] | None


def ends(values: Any, factor: float) -> tuple[float, float, float]:
    half = factor * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values)), float(np.mean(values) - half), float(np.mean(values) + half)


def t(n: int) -> float:
    return float(stats.t.ppf(0.975, n - 1))


def shared(a: Scores, b: Scores) -> np.ndarray:
    return np.array([a[seed] - b[seed] for seed in sorted(set(a) & set(b))])


def zipped(a: Scores, b: Scores) -> tuple[float, float, float]:
    n = min(len(a), len(b))
    return ends(np.array(list(a.values())[:n]) - np.array(list(b.values())[:n]), t(n))


def turned_round(a: Scores, b: Scores) -> tuple[float, float, float]:
    return ends(shared(b, a), t(len(shared(a, b))))


def normal(a: Scores, b: Scores) -> tuple[float, float, float]:
    return ends(shared(a, b), 1.96)


def of_single_values(a: Scores, b: Scores) -> tuple[float, float, float]:
    n = len(shared(a, b))
    return ends(shared(a, b), t(n) * n**0.5)


def numpy_s_default(a: Scores, b: Scores) -> tuple[float, float, float]:
    values = shared(a, b)
    half = t(len(values)) * float(np.std(values)) / len(values) ** 0.5
    return float(values.mean()), float(values.mean()) - half, float(values.mean()) + half


def one_sided(a: Scores, b: Scores) -> tuple[float, float, float]:
    values = shared(a, b)
    return ends(values, float(stats.t.ppf(0.95, len(values) - 1)))


def n_degrees(a: Scores, b: Scores) -> tuple[float, float, float]:
    values = shared(a, b)
    return ends(values, float(stats.t.ppf(0.975, len(values))))


def unpaired(a: Scores, b: Scores) -> tuple[float, float, float]:
    x, y = np.array([a[s] for s in b]), np.array(list(b.values()))
    half = t(len(x)) * ((x.var(ddof=1) + y.var(ddof=1)) / len(x)) ** 0.5
    return float(x.mean() - y.mean()), float(x.mean() - y.mean() - half), float(x.mean() - y.mean() + half)


def direction_forgotten(theirs: float, interval: Bounds) -> str:
    if interval is None:
        return "not shown"
    return "reproduced" if interval[0] > 0 else "contradicted" if interval[1] < 0 else "not shown"


def by_the_mean(theirs: float, interval: Bounds) -> str:
    if interval is None:
        return "not shown"
    return "reproduced" if (interval[0] + interval[1]) * theirs > 0 else "contradicted"


def no_third_word(theirs: float, interval: Bounds) -> str:
    low, high = interval or (-1, 1)
    return "reproduced" if (low > 0 < theirs) or (high < 0 > theirs) else "contradicted"


def size_of_the_gap(theirs: float, interval: Bounds) -> str:
    if interval is None:
        return "not shown"
    return "reproduced" if interval[0] <= theirs <= interval[1] else "contradicted"


def zero_at_the_end(theirs: float, interval: Bounds) -> str:
    if interval is None:
        return "not shown"
    low, high = interval if theirs > 0 else (-interval[1], -interval[0])
    return "reproduced" if low >= 0 else "contradicted" if high <= 0 else "not shown"


def yes_or_no(theirs: float, interval: Bounds) -> str:
    return "yes"


def tau_a(theirs: list[float], ours: list[float]) -> float:
    x, y = np.array(theirs), np.array(ours)
    signs = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    return float(signs.sum() / (len(x) * (len(x) - 1)))


def gamma(theirs: list[float], ours: list[float]) -> float:
    x, y = np.array(theirs), np.array(ours)
    signs = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    return float(signs.sum() / np.abs(signs).sum())


def ties_count_against(theirs: list[float], ours: list[float]) -> float:
    pairs = [(i, j) for i in range(len(theirs)) for j in range(i)]
    return sum(1 if (theirs[i] - theirs[j]) * (ours[i] - ours[j]) > 0 else -1 for i, j in pairs) / len(pairs)


def share_of_pairs(theirs: list[float], ours: list[float]) -> float:
    pairs = [(i, j) for i in range(len(theirs)) for j in range(i)]
    return sum((theirs[i] - theirs[j]) * (ours[i] - ours[j]) > 0 for i, j in pairs) / len(pairs)


def spearman(theirs: list[float], ours: list[float]) -> float:
    return float(np.corrcoef(stats.rankdata(theirs), stats.rankdata(ours))[0, 1])


def pearson(theirs: list[float], ours: list[float]) -> float:
    return float(np.corrcoef(theirs, ours)[0, 1])


GOOD: dict[str, Any] = {
    "question": "Does a connected graph beat as many random triplets?",
    "arms": ["random+graph", "random+equal-triplets"],
    "seeds": [100, 101, 102],
    "measure": "mIoU",
    "decision": lambda low, high: "yes" if low > 0 else "no" if high < 1 else "open",
}


def with_(name: str, **changes: Any) -> Callable[[], dict[str, Any]]:
    def registration() -> dict[str, Any]:
        return {**GOOD, **changes}

    registration.__name__ = name
    return registration


def an_entry_forgotten() -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != "decision"}


def fails(low: float, high: float) -> str:
    raise ValueError("no rule")


def two_samples(equal_spread: bool) -> Callable[[Scores, Scores], tuple[float, float, float]]:
    def interval(a: Scores, b: Scores) -> tuple[float, float, float]:
        x, y = [a[s] for s in b], list(b.values())
        low, high = stats.ttest_ind(x, y, equal_var=equal_spread).confidence_interval()
        return float(np.mean(x) - np.mean(y)), float(low), float(high)

    interval.__name__ = f"two_samples_{equal_spread}"
    return interval


MUTANTS = {
    "07.paired_interval": [
        (two_samples(True), "differences first"),
        (two_samples(False), "differences first"),
        (zipped, "Pair by seed"),
        (turned_round, "a less b"),
        (normal, "Student's t"),
        (of_single_values, "By what factor"),
        (numpy_s_default, "ddof=1"),
        (one_sided, "which quantile"),
        (n_degrees, "degrees of freedom"),
        (unpaired, "differences first"),
    ],
    "07.verdict": [
        (direction_forgotten, "less for a than for b"),
        (by_the_mean, "absence of evidence"),
        (no_third_word, "two things"),
        (size_of_the_gap, "not the size of the gap"),
        (zero_at_the_end, "exactly at zero"),
        (yes_or_no, "one of the words"),
    ],
    "07.rank_correlation": [
        (tau_a, "have no order"),
        (gamma, "tied in one table only"),
        (ties_count_against, "in neither order"),
        (share_of_pairs, "-1 for none"),
        (spearman, "Spearman"),
        (pearson, "stretched"),
    ],
    "07.registration": [
        (an_entry_forgotten, "'decision' is missing"),
        (with_("a_heading", question="Margin ablation"), "question mark"),
        (with_("one_arm", arms=["random+graph"]), "two different arms"),
        (with_("no_such_arm", arms=["random+grph", "random"]), "written as in the tables"),
        (with_("no_control", arms=["random+graph", "random"]), "Which suffix"),
        (with_("two_changes", arms=["random+graph", "jigsaw+supcon"]), "two things at once"),
        (with_("until_it_works", seeds="until it works"), "when you stop"),
        (with_("a_single_seed", seeds=[100]), "fewer than 3"),
        (with_("a_seed_twice", seeds=[100, 101, 102, 102]), "no second measurement"),
        (with_("known_seeds", seeds=[10, 11, 12]), "nobody has looked at"),
        (with_("two_measures", measure=["mIoU", "kNN purity"]), "kinder one"),
        (
            with_("no_purity_there", arms=["random+graph", "random+more"], measure="kNN purity"),
            "without tuning has none",
        ),
        (with_("rule_in_words", decision="look at the interval"), "function of the two ends"),
        (with_("rule_that_fails", decision=fails), "fails"),
        (with_("by_the_middle", decision=lambda low, high: "yes" if low + high > 0 else "no"), "holds zero"),
        (with_("never_no", decision=lambda low, high: "yes" if low > 0 else "open"), "far below"),
        (with_("shrug", decision=lambda low, high: "yes" if low > 0 else "perhaps"), "three words"),
        (
            with_("all_or_nothing", decision=lambda low, high: "yes" if low > 0 else "no"),
            "decides nothing",
        ),
        (
            with_(
                "back_and_forth",
                decision=lambda low, high: "yes" if low > 0 and low != 9 else "no" if high < 0 else "open",
            ),
            "never back",
        ),
    ],
}
