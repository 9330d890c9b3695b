"""What is compared: an arm is a pre-training and what follows it before fine-tuning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmtutorial.experiment.variants import VARIANTS, Variant
from mmtutorial.networks.linear import ENLARGED
from mmtutorial.networks.spec import HeadName
from mmtutorial.proxies import PROXIES
from mmtutorial.settings.budgets import Preset, Schedule, SegmentationBudget
from mmtutorial.settings.names import DEFAULT_ARMS as DEFAULT_ARMS
from mmtutorial.settings.names import PRETRAININGS, SUFFIXES, arm_name, parse_arm_names


@dataclass(frozen=True)
class Arm:
    """One row of the comparison.

    Attributes:
        pretraining: ``random``, ``imagenet`` or a proxy task.
        suffix: ``""``; ``probe``, a linear head on features as they are; ``more``, plain fine-tuning that also gets
            the steps that tuning cost; or a way to tune, a name in :data:`mmtutorial.experiment.variants.VARIANTS`.
    """

    pretraining: str
    suffix: str

    @property
    def name(self) -> str:
        """As on the command line: ``random+graph``."""
        return arm_name(self.pretraining, self.suffix)

    @property
    def variant(self) -> Variant | None:
        """How it is tuned; None for plain fine-tuning."""
        return VARIANTS.get(self.suffix)

    @property
    def tuning(self) -> str:
        """As in the results file: ``none``, ``random-triplets``, ``graph``..."""
        return self.variant.tuning if self.variant else "none"

    @property
    def tuned(self) -> bool:
        """Whether a tuning stage comes before fine-tuning."""
        return self.variant is not None

    @property
    def probes(self) -> bool:
        """Whether only a linear head is trained, on features that stay as they are."""
        return self.suffix == "probe"

    @property
    def is_learned(self) -> bool:
        """Whether a proxy task comes first."""
        return self.pretraining in PROXIES

    def head(self, preset: Preset) -> HeadName:
        """The head that scores classes."""
        return "linear" if self.probes else preset.head

    def segmentation_budget(self, preset: Preset) -> SegmentationBudget:
        """How it is fine-tuned; a probe leaves the encoder as it is."""
        return replace(preset.segmentation, encoder_lr=0.0) if self.probes else preset.segmentation

    def segmentation_schedule(self, preset: Preset) -> Schedule:
        """The schedule of fine-tuning; longer for the fair control."""
        schedule = preset.segmentation.schedule
        extra = tuning_cost(preset) if self.suffix == "more" else 0
        return replace(schedule, steps=schedule.steps + extra)

    def steps(self, preset: Preset) -> dict[str, int]:
        """Gradient steps of each stage."""
        return {
            "proxy": PROXIES[self.pretraining].steps(preset.proxy) if self.is_learned else 0,
            "tuning": preset.tuning.schedule.steps if self.tuned else 0,
            "segmentation": self.segmentation_schedule(preset).steps,
        }


ARMS: dict[str, Arm] = {
    arm.name: arm for arm in (Arm(pretraining, suffix) for pretraining in PRETRAININGS for suffix in SUFFIXES)
}


def tuning_cost(preset: Preset) -> int:
    """What tuning costs, in steps of fine-tuning: the larger of its steps and its share of pixels.

    Steps alone would favour tuning where its batches hold more pixels than those of fine-tuning.
    """
    tuning, segmentation = preset.tuning, preset.segmentation
    tuning_pixels = tuning.schedule.images_a_step * tuning.patches * tuning.output_size**2
    side = segmentation.crop * (ENLARGED if preset.head == "linear" else 1)
    segmentation_pixels = segmentation.schedule.images_a_step * side**2
    return math.ceil(tuning.schedule.steps * max(1.0, tuning_pixels / segmentation_pixels))


def parse_arms(text: str | None) -> list[Arm]:
    """Arms from names with commas between; the default ones for None.

    Raises:
        InputError: an unknown arm (the nearest name is suggested), or none at all.
    """
    return [ARMS[name] for name in parse_arm_names(text)]


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
