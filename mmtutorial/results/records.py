"""The records of results: scores of arms, their differences, proxy tasks, and what a run and a reproduction hold.

They are what ``results.json`` and ``reproduction.json`` are written from and read into, so the shape of those files
stands here and nowhere else. Where a name here differs from that in the file, the field says so. Whatever is decoded is
checked: types, finite numbers, lengths, K x K. mIoU and IoU are in percent, differences in points, times in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Protocol

import numpy as np
from msgspec import Meta, Struct, field
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable, voc_palette
from mmtutorial.results.statistics import Bounds, bounds, paired_difference

SCHEMA = 2
"""Since 2, mIoU is a mean over the classes that occur in the truth, and ``command`` is the last of ``commands``."""

Percent = Annotated[float, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0)]
Channel = Annotated[int, Meta(ge=0, le=255)]
Palette = tuple[tuple[Channel, Channel, Channel], ...]
Ends = tuple[float | None, float | None]
"""The two ends of an interval in a file; ``[null, null]`` where there is none."""


class Scores(Struct, frozen=True, kw_only=True):
    """The mIoU of one arm, seed by seed.

    Attributes:
        arm: its name, for example ``random+graph``; an ensemble joins two by ``&``.
        seeds: ``S`` seeds.
        miou: ``S`` values in percent.
        mean: their mean.
        ci95: the ends of its 95 % interval.
    """

    arm: str
    seeds: tuple[int, ...]
    miou: tuple[Percent, ...]
    mean: Percent = field(name="miou_mean")
    ci95: Ends = field(name="miou_ci95", default=(None, None))

    def __post_init__(self) -> None:
        if not self.seeds or len(self.seeds) != len(self.miou):
            raise ValueError(f"arm {self.arm} has {len(self.seeds)} seeds and {len(self.miou)} values of miou")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"arm {self.arm} has a seed twice: {', '.join(map(str, self.seeds))}")
        bounds(self.ci95)

    @property
    def interval(self) -> Bounds:
        """95 % interval of the mean; None for one seed."""
        return bounds(self.ci95)

    @property
    def by_seed(self) -> dict[int, float]:
        """The mIoU of each seed."""
        return dict(zip(self.seeds, self.miou, strict=True))


class Purity(Struct, frozen=True):
    """KNN purity across images, 0 to 1, before and after tuning; one value a seed, None where it has none."""

    before: tuple[float | None, ...] = ()
    after: tuple[float | None, ...] = ()


class ArmScores(Scores, frozen=True, kw_only=True):
    """One arm of a run, all its seeds together.

    Attributes:
        pretraining: what the encoder started from.
        tuning: ``none``, ``random-triplets``, ``graph``...
        head: segmentation head.
        per_class_iou: ``(S, K)`` IoU in percent, None where a class has none; None for a seed not recorded.
        pixels: ``(K, K)`` pixel counts over all seeds, a row per true class.
        steps: gradient steps of each stage.
        seconds: ``S`` training times.
        knn_purity: of a tuned arm.
    """

    arm: str = field(name="name")
    pretraining: str
    tuning: str
    head: str = ""
    per_class_iou: tuple[tuple[Percent | None, ...] | None, ...] = ()
    pixels: tuple[tuple[Count, ...], ...] = field(name="confusion", default=())
    steps: dict[str, Count] = {}
    seconds: tuple[float | None, ...] = ()
    knn_purity: Purity | None = None

    @property
    def class_iou(self) -> NDArray[np.float64]:
        """``(S, K)`` IoU in percent, NaN where a class has none; without the seeds that are not recorded."""
        rows = [[math.nan if v is None else v for v in row] for row in self.per_class_iou if row is not None]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(rows[0]) if rows else len(self.pixels))

    @property
    def confusion(self) -> NDArray[np.int64] | None:
        """``(K, K)`` pixel counts, a row per true class, or None."""
        return np.array(self.pixels, dtype=np.int64) if self.pixels else None

    @property
    def class_means(self) -> list[float | None]:
        """The IoU of each class, the mean of the seeds with a value; None where no seed has one."""
        return [mean(column) for column in self.class_iou.T.tolist()]

    @property
    def mean_seconds(self) -> float | None:
        """Mean training time of a seed."""
        return mean(self.seconds)

    @property
    def purity(self) -> tuple[float, float] | None:
        """Mean kNN purity before and after tuning, or None."""
        before, after = (mean(self.knn_purity.before), mean(self.knn_purity.after)) if self.knn_purity else (None, None)
        return None if before is None or after is None else (before, after)

    @property
    def tuned_folders(self) -> tuple[str, ...]:
        """The names under which a run's folder may keep the tuning that this arm had."""
        return tuple(dict.fromkeys((self.arm, f"{self.pretraining}+{self.tuning}")))

    def fit(self, classes: int) -> None:
        """Check the numbers by class.

        Raises:
            ValueError: they are not of so many classes.
        """
        rows = [row for row in self.per_class_iou if row is not None]
        if any(len(row) != classes for row in (*rows, *self.pixels)) or len(self.pixels) not in (0, classes):
            raise ValueError(f"arm {self.arm} has numbers by class that are not of the {classes} classes")


class Difference(Struct, frozen=True):
    """A paired difference in points of mIoU: ``a`` less ``b``, seed by seed.

    Attributes:
        a: an arm.
        b: another.
        value: the mean over the seeds that both have.
        ci95: the ends of its 95 % interval.
        per_seed: the difference of each of those seeds; empty where not recorded.
    """

    a: str
    b: str
    value: float = field(name="difference")
    ci95: Ends = (None, None)
    per_seed: tuple[float, ...] = ()
    paired_by: str = "seed"

    def __post_init__(self) -> None:
        bounds(self.ci95)

    @property
    def interval(self) -> Bounds:
        """95 % interval of the difference; None for one seed."""
        return bounds(self.ci95)


class ProxyScores(Struct, frozen=True, kw_only=True):
    """How well one proxy task was solved, and what kNN purity its features have.

    All numbers are one a seed, None where a seed has none; purities may be empty.
    """

    name: str
    seeds: tuple[int, ...] = ()
    measure: str
    higher_is_better: bool
    value: tuple[float | None, ...]
    trivial: tuple[float | None, ...]
    random_purity: tuple[float | None, ...] = ()
    purity: tuple[float | None, ...] = field(name="knn_purity", default=())


class Command(Struct, frozen=True):
    """A command that worked in a folder: as typed, and when it was begun (ISO 8601, UTC).

    ``covers`` is what a command of a reproduction asked for: data sets, networks, parts, seeds.
    """

    command: str
    date: str
    covers: dict[str, list[Any]] = {}


class Made(Struct, frozen=True, kw_only=True):
    """How results were made: commands, settings, versions, machine; and what to be wary of."""

    schema: int = SCHEMA
    preset: str | None = None
    dataset: str | None = None
    date: str | None = None
    command: str | None = None
    commands: tuple[Command, ...] = ()
    versions: dict[str, str] = {}
    machine: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()

    @property
    def version(self) -> str | None:
        """The version of this package that wrote them."""
        return self.versions.get("mmtutorial")


class Results(Made, frozen=True, kw_only=True):
    """What ``results.json`` holds: every number of a run, and the data that it is of."""

    names: tuple[str, ...] = field(name="classes")
    palette: Palette = ()
    background_ids: tuple[int, ...] = ()
    labeled: int | None = None
    images_evaluated: int | None = None
    evaluated_on: str | None = None
    classes_not_scored: tuple[str, ...] = ()
    network: dict[str, Any] = {}
    arms: tuple[ArmScores, ...]
    proxies: tuple[ProxyScores, ...] = ()
    comparisons: tuple[Difference, ...] = ()

    def __post_init__(self) -> None:
        self.classes  # noqa: B018  Says what is wrong with them.
        if not self.arms:
            raise ValueError("the list of arms is empty")
        for arm in self.arms:
            arm.fit(len(self.names))

    @property
    def classes(self) -> ClassTable:
        """The class table."""
        return class_table(self)

    def arm(self, name: str) -> ArmScores | None:
        """The scores of an arm, or None."""
        return next((arm for arm in self.arms if arm.arm == name), None)

    def paired(self, comparison: Difference) -> tuple[float, ...]:
        """The difference of each seed that both arms have."""
        a, b = self.arm(comparison.a), self.arm(comparison.b)
        found = subtract(a, b) if a and b else None
        return found.per_seed if found else ()


class HasClasses(Protocol):
    """What names classes; without colours it has those of VOC."""

    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def palette(self) -> Palette: ...  # noqa: D102
    @property
    def background_ids(self) -> tuple[int, ...]: ...  # noqa: D102


def class_table(found: HasClasses) -> ClassTable:
    """The class table of a record."""
    return ClassTable(found.names, found.palette or voc_palette(len(found.names)), found.background_ids)


def subtract(a: Scores, b: Scores) -> Difference | None:
    """The difference ``a`` less ``b`` over the seeds that both have, or None where they share none.

    Example:
        >>> a = Scores(arm="a", seeds=(0, 1), miou=(30.0, 32.0), mean=31.0)
        >>> b = Scores(arm="b", seeds=(1, 2), miou=(31.0, 40.0), mean=35.5)
        >>> subtract(a, b).per_seed
        (1.0,)
    """
    other = b.by_seed
    shared = [seed for seed in a.seeds if seed in other]
    if not shared:
        return None
    mine, theirs = [a.by_seed[seed] for seed in shared], [other[seed] for seed in shared]
    value, ends = paired_difference(mine, theirs)
    return Difference(a.arm, b.arm, value, (ends[0], ends[1]), tuple(x - y for x, y in zip(mine, theirs, strict=True)))


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is a number, or None where nothing is."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return sum(known) / len(known) if known else None


def rounded(value: float | None) -> float | None:
    """Four places, as the files have it; None where there is no number."""
    return None if value is None or math.isnan(value) else round(value, 4)
