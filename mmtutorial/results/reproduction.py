"""A reproduction of the slides, read back: what was run, and how to look it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.results.statistics import paired_difference

Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class Benchmark:
    """A data set of ours, and the benchmark of the slides for which it stands."""

    name: str
    stands_for: str
    classes: ClassTable
    labeled: int | None = None
    images_evaluated: int | None = None
    evaluated_on: str | None = None


@dataclass(frozen=True)
class Network:
    """A network of ours, and the backbone of the slides for which it stands."""

    name: str
    stands_for: str
    about: str = ""


@dataclass(frozen=True)
class Row:
    """One arm on one benchmark with one network, all its seeds together.

    Attributes:
        benchmark: name of our benchmark.
        network: name of our network.
        arm: for example ``random+graph``; an ensemble joins two arms by ``&``.
        pretraining: what the encoder started from.
        tuning: ``none``, ``random-triplets``, ``graph`` or ``ensemble``.
        seeds: ``S`` seeds.
        miou: ``S`` values of mIoU in percent.
        mean: their mean.
        interval: 95 % interval of the mean, or None.
        class_iou: ``(S, K)`` IoU in percent, NaN where a class does not occur; no rows where not recorded.
        confusion: ``(K, K)`` pixel counts, a row per true class, or None.
        steps: gradient steps of each stage.
        seconds: ``S`` training times.
        purity: kNN purity before and after tuning, mean over seeds, or None.
    """

    benchmark: str
    network: str
    arm: str
    pretraining: str
    tuning: str
    seeds: tuple[int, ...]
    miou: tuple[float, ...]
    mean: float
    interval: Bounds
    class_iou: NDArray[np.float64]
    confusion: NDArray[np.int64] | None
    steps: Mapping[str, int]
    seconds: tuple[float, ...]
    purity: tuple[float, float] | None

    @property
    def by_seed(self) -> dict[int, float]:
        """The mIoU of each seed."""
        return dict(zip(self.seeds, self.miou, strict=True))


@dataclass(frozen=True)
class Proxy:
    """How well one proxy task was solved, and what kNN purity its features have.

    All numbers are one per seed, NaN where a seed has none; ``purity`` and ``random_purity`` may be empty.
    """

    benchmark: str
    network: str
    name: str
    seeds: tuple[int, ...]
    measure: str
    value: tuple[float, ...]
    trivial: tuple[float, ...]
    higher_is_better: bool
    purity: tuple[float, ...]
    random_purity: tuple[float, ...]


@dataclass(frozen=True)
class Difference:
    """A paired difference in points of mIoU: ``a`` less ``b``, seed by seed."""

    a: str
    b: str
    value: float
    interval: Bounds
    per_seed: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """A paired difference and where it was measured."""

    benchmark: str
    network: str
    difference: Difference


@dataclass(frozen=True)
class Point:
    """One arm at one value of a setting."""

    value: float | str
    arm: str
    seeds: tuple[int, ...]
    miou: tuple[float, ...]
    mean: float
    interval: Bounds


@dataclass(frozen=True)
class Ablation:
    """One setting turned through its values, all else kept."""

    name: str
    title: str
    benchmark: str
    network: str
    setting: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Reproduction:
    """What ``reproduction.json`` holds. ``about`` keeps the entries that are only shown, as they were written."""

    benchmarks: tuple[Benchmark, ...]
    networks: tuple[Network, ...]
    rows: tuple[Row, ...]
    proxies: tuple[Proxy, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    ablations: tuple[Ablation, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def row(self, benchmark: str, network: str, arm: str) -> Row | None:
        """The row of that name, or None where it was not run.

        Where ``classification``, which stands for the slides' ImageNet, was not run, ``imagenet`` itself answers.
        """
        by_arm = {row.arm: row for row in self.block_rows(benchmark, network)}
        return by_arm.get(arm) or by_arm.get(arm.replace("classification", "imagenet"))

    def places(self, benchmark: str, backbone: str) -> list[tuple[Benchmark, Network]]:
        """Our benchmarks and networks with rows that stand for one benchmark and one backbone of the slides."""
        ran = {(row.benchmark, row.network) for row in self.rows}
        return [
            (b, n)
            for b in self.benchmarks
            if b.stands_for == benchmark
            for n in self.networks
            if n.stands_for == backbone and (b.name, n.name) in ran
        ]

    def blocks(self) -> list[tuple[Benchmark, Network]]:
        """Each of our benchmarks with each of our networks, where any row was run."""
        ran = {(row.benchmark, row.network) for row in self.rows}
        return [(b, n) for b in self.benchmarks for n in self.networks if (b.name, n.name) in ran]

    def block_rows(self, benchmark: str, network: str) -> tuple[Row, ...]:
        """The rows of one benchmark and one network, in the order of the file."""
        return tuple(row for row in self.rows if (row.benchmark, row.network) == (benchmark, network))


def subtract(a: Row, b: Row) -> Difference | None:
    """The difference ``a`` less ``b`` over the seeds that both have, or None where they share none."""
    first, second = a.by_seed, b.by_seed
    shared = [seed for seed in a.seeds if seed in second]
    if not shared:
        return None
    values = [first[s] for s in shared], [second[s] for s in shared]
    value, (low, high) = paired_difference(*values)
    interval = None if low is None or high is None else (low, high)
    return Difference(a.arm, b.arm, value, interval, tuple(x - y for x, y in zip(*values, strict=True)))
