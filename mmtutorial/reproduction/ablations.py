"""Ablations: one number of the experiment is changed, all else stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

from mmtutorial.experiment import Plan, parse_arms
from mmtutorial.settings.budgets import Preset
from mmtutorial.settings.overrides import override

_ALL_FOUR = "random,random+more,random+triplets,random+graph"


@dataclass(frozen=True)
class Ablation:
    """One curve or more of mIoU against one number.

    Attributes:
        name: also the folder's.
        title: with its unit, for the axis.
        setting: ``labeled``, or a path into the preset.
        values: what the number is set to.
        relative: whether the values are multiples of the preset's number, so that they suit any preset.
        arms: names with commas between.
    """

    name: str
    title: str
    setting: str
    values: tuple[float, ...]
    arms: str
    relative: bool = False

    def plans(self, base: Plan, available: int) -> Iterator[tuple[float, Plan]]:
        """A plan for each value; numbers of labelled images beyond those ``available`` are left out."""
        arms = tuple(parse_arms(self.arms))
        for value in self.values:
            if self.setting != "labeled":
                number = max(1, round(value * _at(base.preset, self.setting))) if self.relative else value
                changed = override(base.preset, {self.setting: f"{number:g}"})
                yield number, replace(base, preset=changed, arms=arms)
            elif value <= available:
                yield value, replace(base, request=replace(base.request, labeled=int(value)), arms=arms)


def _at(preset: Preset, path: str) -> float:
    """The number at a path such as ``tuning.schedule.steps``."""
    return float(reduce(getattr, path.split("."), preset))  # type: ignore[arg-type]


# Whatever changes the cost of tuning changes that of its fair control, which is therefore run at each value.
ABLATIONS = (
    Ablation("labeled", "labelled images", "labeled", (25, 50, 100, 200, 400, 1000), _ALL_FOUR),
    Ablation("margin", "margin", "tuning.margin", (0.1, 0.3, 0.5, 1.0, 2.1), "random+graph"),
    # Not 1: an image gives at least one patch of background, and a step would have no other class. Of 2 it is half.
    Ablation(
        "patches", "patches an image", "tuning.patches", (2, 5, 10, 20), "random+more,random+triplets,random+graph"
    ),
    Ablation("images", "images a step", "tuning.schedule.images", (2, 4, 8, 16), "random+more,random+graph"),
    Ablation("steps", "tuning steps", "tuning.schedule.steps", (0.2, 0.5, 1, 2), "random+more,random+graph", True),
)
