"""Rows for which the slides have no figure, as they were made before: self-supervised starts of later years.

They stand after the slides' rows, never beside a figure of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmtutorial.reproduction.paper import ALEXNET, VOC
from mmtutorial.results.records import Difference, subtract
from mmtutorial.results.reproduction import Benchmark, OurNetwork, Reproduction, Row


@dataclass(frozen=True)
class Later:
    """A method that came after the slides.

    Attributes:
        benchmark: of the slides, for which ours stands.
        backbone: of the slides.
        method: as its paper is cited.
        arm: ours; it is also run with M&M, ``arm+graph``, and with the steps that M&M costs, ``arm+more``.
    """

    benchmark: str
    backbone: str
    method: str
    arm: str

    @property
    def arms(self) -> tuple[str, str, str]:
        """The arm alone, with M&M, and the fair control."""
        return self.arm, f"{self.arm}+graph", f"{self.arm}+more"


LATER = (Later(VOC, ALEXNET, "Bardes et al. 2022 (VICReg)", "vicreg"),)
"""What has been run since, in the order of the years."""


@dataclass(frozen=True)
class After:
    """A later method on one benchmark and network of ours; what was not run is None.

    Attributes:
        later: the method.
        plain: without M&M.
        control: without M&M, with the steps that M&M costs.
        tuned: with M&M.
        from_random: without M&M, less random weights.
        lift: with M&M less without.
        fair_lift: with M&M less the control.
    """

    later: Later
    plain: Row | None
    control: Row | None
    tuned: Row | None
    from_random: Difference | None
    lift: Difference | None
    fair_lift: Difference | None


def arms_after(benchmark: str, backbone: str) -> list[str]:
    """The arms of all later methods on a benchmark and a backbone of the slides."""
    found = [later.arms for later in LATER if (later.benchmark, later.backbone) == (benchmark, backbone)]
    return [arm for arms in found for arm in arms]


def after(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> list[After]:
    """The later methods of which a reproduction has any row on one of our benchmarks and networks."""
    place, found = (benchmark.name, network.name), []
    random = reproduction.row(*place, "random")
    for later in LATER:
        plain, tuned, control = (reproduction.row(*place, arm) for arm in later.arms)
        if not (plain or tuned or control):
            continue
        pairs = ((plain, random), (tuned, plain), (tuned, control))
        from_random, lift, fair = (subtract(a, b) if a and b else None for a, b in pairs)
        found.append(After(later, plain, control, tuned, from_random, lift, fair))
    return found
