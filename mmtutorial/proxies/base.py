"""What all proxy tasks share: batches of crops, a score against a trivial predictor, a picture of the task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from mmtutorial.datasets import SegmentationDataset, apply, training_transform
from mmtutorial.networks import Encoder
from mmtutorial.networks.spec import Input
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.training.batches import CropBatches, stacked, steps_per_epoch


@dataclass(frozen=True)
class ProxyScore:
    """How well a proxy task is solved on held-out images.

    Attributes:
        measure: what was measured, in words: ``"permutations named right, %"``.
        value: of the trained network.
        trivial: of the best predictor that does not look at the image, on the same images.
        higher_is_better: which way is good.
    """

    measure: str
    value: float
    trivial: float
    higher_is_better: bool

    @property
    def beats_trivial(self) -> bool:
        """Whether the network does better than the trivial predictor."""
        return self.value > self.trivial if self.higher_is_better else self.value < self.trivial


@dataclass(frozen=True)
class ProxyPicture:
    """What the task looks like: three rows of N pictures, each (N, 3, h, w) uint8, of one size a row.

    Attributes:
        sees: what the network is given.
        target: what it shall predict, drawn as a picture.
        prediction: what it predicts, drawn in the same way.
        captions: three short captions, one a row.
    """

    sees: Tensor
    target: Tensor
    prediction: Tensor
    captions: tuple[str, str, str]


class ProxyStage(ABC):
    """A proxy task as a stage for the training loop.

    Attributes:
        name: as on the command line; also the stage's name.
        input: what its encoder sees: ``"rgb"``, ``"grey"`` or ``"split"``.
        needs_tags: whether it learns from image-level labels, and so needs masks to read them off.
        shortcut: the easy way out that the task must block, and how it does.
        module: encoder and the task's own head.
        encoder: goes on to tuning and segmentation.
        schedule: steps and learning rate.
        epoch_steps: steps for one pass over the images.
        about: what was asked for.
        draw: crops of the images, scaled and mirrored at random, with their masks.
    """

    name: str
    input: ClassVar[Input] = "rgb"
    needs_tags: ClassVar[bool] = False
    shortcut: ClassVar[str]

    def __init__(
        self,
        encoder: Encoder,
        images: SegmentationDataset,
        budget: ProxyBudget,
        *,
        seed: int,
        about: dict[str, Any] | None = None,
    ) -> None:
        """Prepare pre-training of ``encoder`` on ``images``; the head's weights come from the global generator.

        Args:
            encoder: as :attr:`input` says.
            images: unlabelled images; masks are looked at only where :attr:`needs_tags`.
            budget: crop, schedule.
            seed: decides in which order the images come.
            about: further description for the checkpoint.
        """
        self.encoder, self.images, self.budget = encoder, images, budget
        steps, schedule = self.steps(budget), budget.schedule
        self.schedule: Schedule = replace(schedule, steps=steps) if steps else schedule.without_steps()
        self.epoch_steps = steps_per_epoch(len(images), self.schedule.images_a_step)
        transform = training_transform(budget.crop, scale=budget.scale, flip=True)
        self.draw = CropBatches(images, transform, self.schedule.images, seed, self.name)
        self.module: nn.Module = self.network(encoder)
        self.about: dict[str, Any] = {**(about or {}), "budget": asdict(budget)}

    @classmethod
    def steps(cls, budget: ProxyBudget) -> int:
        """Gradient steps of the task; those of the budget but for tasks without gradients."""
        return budget.schedule.steps

    @abstractmethod
    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with the task's head."""

    @abstractmethod
    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of one batch of crops (N, 3, crop, crop) and their masks, with numbers for the log."""

    @abstractmethod
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Return how well the trained :attr:`module` does on held-out ``images``, beside a trivial predictor."""

    @abstractmethod
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Return what the network sees, its target and its prediction, for images (N, 3, H, W) uint8."""

    def show(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyPicture:
        """Return the picture of held-out images."""
        return self.picture(self.held_out_crops(images, generator), generator)

    def begin(self, generator: torch.Generator) -> None:  # noqa: B027 (most tasks need none)
        """Called once, before the first step; for weights that are computed from the images."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return all weights alike."""
        return [{"params": list(self.module.parameters())}]

    def held_out_crops(self, images: SegmentationDataset, generator: torch.Generator) -> Tensor:
        """Return (N, 3, crop, crop) uint8: a crop of each held-out image, not scaled and not mirrored."""
        return self.held_out_samples(images, generator)[0]

    def held_out_samples(self, images: SegmentationDataset, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the same crops and their masks (N, crop, crop)."""
        transform = training_transform(self.budget.crop, scale=(1.0, 1.0), flip=False)
        return stacked([apply(transform, *images[i], generator) for i in range(len(images))])
