"""Ours beside theirs: the rows of the slides' tables with the rows of a run, and how alike their orders are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.reproduction.paper import BENCHMARKS, BenchmarkColumn, Printed, RankTable, rank_tables
from mmtutorial.results.records import Difference, subtract
from mmtutorial.results.reproduction import Benchmark, OurNetwork, Reproduction, Row

LEAST_ROWS = 3
"""Two rows have but two orders, which is no rank correlation worth the name."""


@dataclass(frozen=True)
class Beside:
    """One figure of the slides and the row of ours that stands for it.

    Attributes:
        printed: the figure.
        ours: our row, or None where it was not run.
        their_rank: place among those figures of the table which we have run, from 1; None where not run.
        our_rank: place of our mean among the same.
        control: the fair control of a tuned arm: its pre-training alone, with the steps that tuning cost.
        gain: our row less its fair control.
    """

    printed: Printed
    ours: Row | None
    their_rank: int | None
    our_rank: int | None
    control: Row | None
    gain: Difference | None


@dataclass(frozen=True)
class Column:
    """One column of the slides' benchmark table and ours beside it.

    Attributes:
        printed: the slides' column.
        baseline: our row without M&M, or None; so for the others.
        control: without M&M, with the steps that M&M cost.
        tuned: with M&M.
        imagenet: what stands for ImageNet pre-training.
        lift: with M&M less without.
        fair_lift: with M&M less the control.
    """

    printed: BenchmarkColumn
    baseline: Row | None
    control: Row | None
    tuned: Row | None
    imagenet: Row | None
    lift: Difference | None
    fair_lift: Difference | None


@dataclass(frozen=True)
class Part:
    """A variant of the tuning: what the method is worth without one of its parts.

    Attributes:
        row: the variant's row.
        question: what its comparison with the graph answers.
        from_graph: the variant less the method, or None.
        from_control: the variant less plain fine-tuning with the steps that the tuning cost, or None.
    """

    row: Row
    question: str
    from_graph: Difference | None
    from_control: Difference | None


@dataclass(frozen=True)
class Spread:
    """A rank correlation, computed for each seed by itself: mean, least and largest."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class RankAgreement:
    """How alike the order of the slides and ours are, over one table, benchmark and network.

    Attributes:
        table: the slides' table.
        place: our benchmark and network.
        rows: how many rows of the table both have.
        of: how many rows the table has.
        seeds: how many seeds all those rows share.
        spearman: Spearman's rho over seeds.
        kendall: Kendall's tau-b over seeds.
    """

    table: RankTable
    place: tuple[str, str]
    rows: int
    of: int
    seeds: int
    spearman: Spread
    kendall: Spread


def beside(
    figures: Sequence[Printed], reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork
) -> list[Beside]:
    """Puts the rows of one of our benchmarks and networks beside figures of the slides, in the slides' order."""
    ours = [reproduction.row(benchmark.name, network.name, figure.arm) for figure in figures]
    theirs = [figure.miou if row else None for figure, row in zip(figures, ours, strict=True)]
    their_ranks, our_ranks = _ranks(theirs), _ranks([row.mean if row else None for row in ours])
    made = []
    for figure, row, their_rank, our_rank in zip(figures, ours, their_ranks, our_ranks, strict=True):
        start, plus, _ = figure.arm.partition("+")
        tuned = bool(plus) and "&" not in figure.arm
        control = reproduction.row(benchmark.name, network.name, f"{start}+more") if tuned else None
        gain = subtract(row, control) if row and control else None
        made.append(Beside(figure, row, their_rank, our_rank, control, gain))
    return made


def columns(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> list[Column]:
    """The columns of the slides' benchmark table for which one of our benchmarks and networks stand."""
    made = []
    for printed in BENCHMARKS:
        if (printed.benchmark, printed.backbone) != (benchmark.stands_for, network.stands_for):
            continue
        arms = printed.pretraining, f"{printed.pretraining}+more", printed.tuned_arm, "classification"
        baseline, control, tuned, imagenet = (reproduction.row(benchmark.name, network.name, arm) for arm in arms)
        lift = subtract(tuned, baseline) if tuned and baseline else None
        fair = subtract(tuned, control) if tuned and control else None
        made.append(Column(printed, baseline, control, tuned, imagenet, lift, fair))
    return made


def parts(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> list[Part]:
    """The variants of the tuning that were run on one of our benchmarks and networks; the slides have but one."""
    found = []
    for row in reproduction.block_rows(benchmark.name, network.name):
        start, _, suffix = row.arm.partition("+")
        if suffix == "graph" or suffix not in VARIANTS or "&" in row.arm:
            continue
        graph, control = (reproduction.row(benchmark.name, network.name, f"{start}+{s}") for s in ("graph", "more"))
        found.append(
            Part(
                row,
                VARIANTS[suffix].question,
                subtract(row, graph) if graph else None,
                subtract(row, control) if control else None,
            )
        )
    return found


def rank_agreements(reproduction: Reproduction) -> list[RankAgreement]:
    """Rank correlations of all tables of the slides with all that stands for them.

    A table is passed over where fewer than three of its rows were run, where these share no seed, or where all
    values are equal.
    """
    found = []
    for table in rank_tables():
        for benchmark, network in reproduction.places(table.benchmark, table.backbone):
            agreement = _agreement(table, reproduction, (benchmark.name, network.name))
            if agreement is not None:
                found.append(agreement)
    return found


def _agreement(table: RankTable, reproduction: Reproduction, place: tuple[str, str]) -> RankAgreement | None:
    pairs = [(figure.miou, row) for figure in table.rows if (row := reproduction.row(*place, figure.arm))]
    shared = sorted(set.intersection(*(set(row.seeds) for _, row in pairs))) if pairs else []
    if len(pairs) < LEAST_ROWS or not shared:
        return None
    theirs = np.array([miou for miou, _ in pairs])
    ours = np.array([[row.by_seed[seed] for _, row in pairs] for seed in shared])
    spearman, kendall = _spread(theirs, ours, stats.spearmanr), _spread(theirs, ours, stats.kendalltau)
    if spearman is None or kendall is None:
        return None
    return RankAgreement(table, place, len(pairs), len(table.rows), len(shared), spearman, kendall)


def _spread(theirs: Any, ours: Any, measure: Callable[[Any, Any], Any]) -> Spread | None:
    """The measure between theirs (R,) and each seed of ours (S, R); None where a seed has no order."""
    if any(np.ptp(values) == 0 for values in (theirs, *ours)):
        return None
    found = [float(measure(theirs, values).statistic) for values in ours]
    return Spread(float(np.mean(found)), min(found), max(found))


def _ranks(values: Sequence[float | None]) -> list[int | None]:
    """Places from the highest, 1; equal values share a place."""
    known = [v for v in values if v is not None]
    return [None if v is None else 1 + sum(other > v for other in known) for v in values]


@dataclass(frozen=True)
class Missing:
    """Arms of the slides that were not run for one benchmark and one backbone of the slides.

    Attributes:
        benchmark: of the slides.
        backbone: of the slides.
        ours: our benchmark and network that stand for them, or None where no row of them was run.
        arms: the arms that lack.
        of: how many arms the slides have there.
    """

    benchmark: str
    backbone: str
    ours: tuple[str, str] | None
    arms: tuple[str, ...]
    of: int


def missing(reproduction: Reproduction) -> list[Missing]:
    """What the slides have and the run has not, per benchmark and backbone."""
    wanted: dict[tuple[str, str], dict[str, None]] = {}
    for table in rank_tables():
        arms = wanted.setdefault((table.benchmark, table.backbone), {})
        arms.update(dict.fromkeys(row.arm for row in table.rows))
    found = []
    for (benchmark, backbone), arms in wanted.items():
        places = reproduction.places(benchmark, backbone)
        if not places:
            found.append(Missing(benchmark, backbone, None, tuple(arms), len(arms)))
        for b, n in places:
            lacking = tuple(arm for arm in arms if reproduction.row(b.name, n.name, arm) is None)
            if lacking:
                found.append(Missing(benchmark, backbone, (b.name, n.name), lacking, len(arms)))
    return found
