"""What the slides claim, pair by pair, and what a reproduction says to it.

Every claim here is that the slides print a higher mIoU for one arm than for another. Ours is judged by the paired
difference of the same two arms and by its 95 % interval, and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mmtutorial.reproduction.paper import (
    ALEXNET,
    BENCHMARKS,
    CITYSCAPES,
    ENSEMBLE,
    METHODS,
    PER_CLASS,
    VGG,
    VOC,
    Printed,
    benchmark_figures,
)
from mmtutorial.results.records import Difference, subtract
from mmtutorial.results.reproduction import Reproduction


class Judgement(Enum):
    """What the interval of a paired difference says to a claim."""

    REPRODUCED = "reproduced"
    CONTRADICTED = "contradicted"
    NOT_SHOWN = "not shown"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Claim:
    """The slides print more for ``a`` than for ``b``.

    Attributes:
        benchmark: of the slides.
        backbone: of the slides.
        a: our arm for the higher figure.
        b: our arm for the lower figure.
        figures: what the slides print for the two.
    """

    benchmark: str
    backbone: str
    a: str
    b: str
    figures: tuple[float, float]

    @property
    def control(self) -> str | None:
        """The fair opponent, where ``a`` had a tuning that ``b`` had not: ``b`` with the steps it cost."""
        return f"{self.b}+more" if "+" in self.a and "+" not in self.b and "&" not in self.a else None


@dataclass(frozen=True)
class Topic:
    """Claims that belong together, under one sentence."""

    name: str
    title: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Finding:
    """What one of our benchmarks and networks says to one claim.

    Attributes:
        claim: the claim.
        place: our benchmark and network; None where nothing that stands for the claim's was run.
        verdict: by the paired difference.
        difference: ``claim.a`` less ``claim.b``, or None where either was not run.
        control_verdict: the same for ``claim.control``, a claim of ours; None where the claim has none.
        control: ``claim.a`` less ``claim.control``, or None.
    """

    claim: Claim
    place: tuple[str, str] | None
    verdict: Judgement
    difference: Difference | None
    control_verdict: Judgement | None
    control: Difference | None


def judge(difference: Difference | None) -> Judgement:
    """Whether a difference that is claimed to be above zero is shown to be.

    Args:
        difference: None where it was not measured. Without an interval, as with a single seed, nothing is shown.
    """
    if difference is None:
        return Judgement.NOT_RUN
    if difference.interval is None:
        return Judgement.NOT_SHOWN
    low, high = difference.interval
    if low > 0:
        return Judgement.REPRODUCED
    return Judgement.CONTRADICTED if high < 0 else Judgement.NOT_SHOWN


def findings(claim: Claim, reproduction: Reproduction) -> list[Finding]:
    """One finding for each of our benchmarks and networks that stand for the claim's; at least one."""
    places = reproduction.places(claim.benchmark, claim.backbone)
    if not places:
        return [Finding(claim, None, Judgement.NOT_RUN, None, Judgement.NOT_RUN if claim.control else None, None)]
    found = []
    for benchmark, network in places:
        place = benchmark.name, network.name
        main = _difference(reproduction, place, claim.a, claim.b)
        control = _difference(reproduction, place, claim.a, claim.control) if claim.control else None
        verdict = judge(control) if claim.control else None
        found.append(Finding(claim, place, judge(main), main, verdict, control))
    return found


def topics() -> tuple[Topic, ...]:
    """Everything that the slides' tables claim and that two arms can decide."""
    alex, vgg = _methods(ALEXNET), _methods(VGG)
    tables = {place: _benchmarks(*place) for place in ((VOC, ALEXNET), (VOC, VGG), (CITYSCAPES, VGG))}
    per_class = {row.arm: Printed(VOC, VGG, row.method, row.arm, row.miou) for row in PER_CLASS}
    proxies = [arm for arm in alex if "+" not in arm and arm not in ("random", "classification")]
    return (
        Topic(
            "tuning",
            "M&M over the graph lifts every pre-training above plain fine-tuning",
            tuple(_claim(tables[c.benchmark, c.backbone], c.tuned_arm, c.pretraining) for c in BENCHMARKS),
        ),
        Topic(
            "graph",
            "The connected graph is above random triplets",
            (_claim(alex, "colorization+graph", "colorization+triplets"),),
        ),
        Topic(
            "random-start",
            "M&M from random weights is above the best self-supervised pre-training without it",
            (_claim(alex, "random+graph", "colorization"),),
        ),
        Topic(
            "start",
            "M&M from random weights is above M&M after colorization on AlexNet; on VGG-16 it is the other way round",
            (
                _claim(alex, "random+graph", "colorization+graph"),
                _claim(tables[VOC, VGG], "colorization+graph", "random+graph"),
                _claim(tables[CITYSCAPES, VGG], "colorization+graph", "random+graph"),
            ),
        ),
        Topic(
            "imagenet",
            "M&M after colorization is above ImageNet pre-training with VGG-16 on VOC 2012, and nowhere else",
            (
                _claim(vgg, "colorization+graph", "classification"),
                _claim(alex, "classification", "random+graph"),
                _claim(tables[CITYSCAPES, VGG], "classification", "colorization+graph"),
            ),
        ),
        Topic(
            "gap",
            "Without M&M, ImageNet pre-training is above the best self-supervised one",
            (
                _claim(alex, "classification", "colorization"),
                _claim(vgg, "classification", "colorization"),
                _claim(tables[CITYSCAPES, VGG], "classification", "colorization"),
            ),
        ),
        Topic(
            "ensemble",
            "The ensemble of ImageNet and M&M is above either of the two",
            tuple(_claim(per_class, ENSEMBLE, arm) for arm in ("classification", "colorization+graph")),
        ),
        Topic(
            "proxies",
            "Every self-supervised pre-training is above random weights",
            (
                *(_claim(alex, arm, "random") for arm in proxies),
                *(_claim(vgg, arm, "random") for arm in ("colorization-2016", "colorization")),
                _claim(tables[CITYSCAPES, VGG], "colorization", "random"),
            ),
        ),
        Topic(
            "best-proxy",
            "Colorization is the best of the self-supervised pre-trainings",
            (
                *(_claim(alex, "colorization", arm) for arm in proxies if arm != "colorization"),
                _claim(vgg, "colorization", "colorization-2016"),
            ),
        ),
    )


def _difference(reproduction: Reproduction, place: tuple[str, str], a: str, b: str) -> Difference | None:
    first, second = reproduction.row(*place, a), reproduction.row(*place, b)
    return subtract(first, second) if first and second else None


def _methods(backbone: str) -> dict[str, Printed]:
    return {row.arm: row for row in METHODS if row.backbone == backbone}


def _benchmarks(benchmark: str, backbone: str) -> dict[str, Printed]:
    return {row.arm: row for row in benchmark_figures(benchmark, backbone)}


def _claim(table: dict[str, Printed], a: str, b: str) -> Claim:
    """The claim as one table prints it: each claim quotes two figures of the same table."""
    high, low = table[a], table[b]
    return Claim(high.benchmark, high.backbone, a, b, (high.miou, low.miou))
