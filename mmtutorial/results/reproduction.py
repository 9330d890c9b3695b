"""The records of a reproduction of the slides: rows, each an arm on a benchmark with a network; and their look-up."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.results.records import ArmScores, Difference, Made, Palette, ProxyScores, Scores, class_table


class Benchmark(Struct, frozen=True, kw_only=True):
    """A data set of ours, and the benchmark of the slides for which it stands."""

    name: str
    stands_for: str
    names: tuple[str, ...] = field(name="classes")
    palette: Palette = ()
    background_ids: tuple[int, ...] = ()
    labeled: int | None = None
    images_evaluated: int | None = None
    evaluated_on: str | None = None
    classes_not_scored: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.classes  # noqa: B018  Says what is wrong with them.

    @property
    def classes(self) -> ClassTable:
        """The class table."""
        return class_table(self)


class OurNetwork(Struct, frozen=True):
    """A network of ours, and the backbone of the slides for which it stands."""

    stands_for: str
    about: str = ""
    name: str = ""


class Row(ArmScores, frozen=True, kw_only=True):
    """One arm on one benchmark of ours with one network of ours."""

    benchmark: str
    network: str
    arm: str = field(name="arm")


class RowDifference(Difference, frozen=True, kw_only=True):
    """A paired difference of two rows of one benchmark and network."""

    benchmark: str
    network: str


class ProxyRow(ProxyScores, frozen=True, kw_only=True):
    """A proxy task on one benchmark with one network."""

    benchmark: str
    network: str


class Point(Scores, frozen=True, kw_only=True):
    """One arm at one value of a setting."""

    value: float | str


class AblationScores(Struct, frozen=True, kw_only=True):
    """One setting turned through its values, all else kept."""

    name: str
    benchmark: str
    network: str
    setting: str
    points: tuple[Point, ...]
    heading: str = field(name="title", default="")

    @property
    def title(self) -> str:
        """What the setting is called, with its unit."""
        return self.heading or self.name


class Reproduction(Made, frozen=True, kw_only=True):
    """What ``reproduction.json`` holds. A run that has not finished, or was asked for less, leaves parts out."""

    benchmarks: tuple[Benchmark, ...]
    network_table: dict[str, OurNetwork] = field(name="networks")
    rows: tuple[Row, ...]
    proxies: tuple[ProxyRow, ...] = ()
    comparisons: tuple[RowDifference, ...] = ()
    ablations: tuple[AblationScores, ...] = ()
    seeds: tuple[int, ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not self.rows and not self.ablations:
            raise ValueError("there are neither rows nor ablations")
        classes = {benchmark.name: len(benchmark.names) for benchmark in self.benchmarks}
        for row in self.rows:
            if row.benchmark not in classes:
                raise ValueError(f"row {row.arm} has the benchmark {row.benchmark!r}, which is not listed")
            if row.network not in self.network_table:
                raise ValueError(f"row {row.arm} has the network {row.network!r}, which is not listed")
            row.fit(classes[row.benchmark])

    @property
    def networks(self) -> tuple[OurNetwork, ...]:
        """Our networks, each with its name."""
        return tuple(msgspec.structs.replace(network, name=name) for name, network in self.network_table.items())

    def row(self, benchmark: str, network: str, arm: str) -> Row | None:
        """The row of that name, or None where it was not run.

        Where ``classification``, which stands for the slides' ImageNet, was not run, ``imagenet`` itself answers.
        """
        by_arm = {row.arm: row for row in self.block_rows(benchmark, network)}
        return by_arm.get(arm) or by_arm.get(arm.replace("classification", "imagenet"))

    def places(self, benchmark: str, backbone: str) -> list[tuple[Benchmark, OurNetwork]]:
        """Our benchmarks and networks with rows that stand for one benchmark and one backbone of the slides."""
        return [(b, n) for b, n in self.blocks() if (b.stands_for, n.stands_for) == (benchmark, backbone)]

    def blocks(self) -> list[tuple[Benchmark, OurNetwork]]:
        """Each of our benchmarks with each of our networks, where any row was run."""
        ran = {(row.benchmark, row.network) for row in self.rows}
        return [(b, n) for b in self.benchmarks for n in self.networks if (b.name, n.name) in ran]

    def block_rows(self, benchmark: str, network: str) -> tuple[Row, ...]:
        """The rows of one benchmark and one network, in the order of the file."""
        return tuple(row for row in self.rows if (row.benchmark, row.network) == (benchmark, network))

    def block_differences(self, benchmark: str, network: str) -> tuple[RowDifference, ...]:
        """The paired differences of one benchmark and one network, in the order of the file."""
        return tuple(c for c in self.comparisons if (c.benchmark, c.network) == (benchmark, network))
