"""What is compared: an arm is a pre-training and what follows it before fine-tuning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmtutorial.errors import InputError, unknown
from mmtutorial.presets import Preset, Schedule
from mmtutorial.proxies import PROXIES

# What the results file calls each suffix of an arm's name. ``more`` is no tuning but more fine-tuning.
_TUNING_OF_SUFFIX = {"": "none", "more": "none", "triplets": "random-triplets", "graph": "graph"}


@dataclass(frozen=True)
class Arm:
    """One row of the comparison.

    Attributes:
        pretraining: ``random`` or a proxy task.
        suffix: ``""``; ``more``, plain fine-tuning that also gets the steps that tuning cost; ``triplets``
            or ``graph``, the tuning.
    """

    pretraining: str
    suffix: str

    @property
    def name(self) -> str:
        """As on the command line: ``random+graph``."""
        return f"{self.pretraining}+{self.suffix}" if self.suffix else self.pretraining

    @property
    def tuning(self) -> str:
        """As in the results file: ``none``, ``random-triplets`` or ``graph``."""
        return _TUNING_OF_SUFFIX[self.suffix]

    @property
    def tuned(self) -> bool:
        """Whether a tuning stage comes before fine-tuning."""
        return self.tuning != "none"

    def segmentation_schedule(self, preset: Preset) -> Schedule:
        """The schedule of fine-tuning; longer for the fair control."""
        schedule = preset.segmentation.schedule
        extra = tuning_cost(preset) if self.suffix == "more" else 0
        return replace(schedule, steps=schedule.steps + extra)

    def steps(self, preset: Preset) -> dict[str, int]:
        """Gradient steps of each stage."""
        return {
            "proxy": 0 if self.pretraining == "random" else preset.proxy.schedule.steps,
            "tuning": preset.tuning.schedule.steps if self.tuned else 0,
            "segmentation": self.segmentation_schedule(preset).steps,
        }


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (Arm(pretraining, suffix) for pretraining in ("random", *PROXIES) for suffix in _TUNING_OF_SUFFIX)
}


def tuning_cost(preset: Preset) -> int:
    """What tuning costs, in steps of fine-tuning: the larger of its steps and its share of pixels.

    Steps alone would favour tuning where its batches hold more pixels than those of fine-tuning.
    """
    tuning, segmentation = preset.tuning, preset.segmentation
    tuning_pixels = tuning.schedule.images * tuning.patches * tuning.output_size**2
    segmentation_pixels = segmentation.schedule.images * segmentation.crop**2
    return math.ceil(tuning.schedule.steps * max(1.0, tuning_pixels / segmentation_pixels))


def parse_arms(text: str | None) -> list[Arm]:
    """Arms from names with commas between; all of them for None.

    Raises:
        InputError: an unknown arm (the nearest name is suggested), or none at all.
    """
    if text is None:
        return list(ARMS.values())
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in ARMS:
            raise unknown("arm", name, ARMS)
    if not names:
        raise InputError(f"no arm given; name some of: {', '.join(ARMS)}")
    return [ARMS[name] for name in names]


def compared(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Pairs (a, b) whose difference a - b means something.

    Within one pre-training every arm with every arm before it; across pre-trainings equal suffixes.
    """
    return [
        (a, b)
        for place, a in enumerate(arms)
        for b in arms[:place]
        if a.pretraining == b.pretraining or a.suffix == b.suffix
    ]
