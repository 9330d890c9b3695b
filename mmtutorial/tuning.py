"""Mix-and-Match tuning: patches -> encoder -> graph -> triplet loss.

The stage between pre-training and fine-tuning. It uses the same pixel labels as fine-tuning, no more, and
shapes the encoder so that patches of one class gather and those of different classes part.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import tv_tensors

from mmtutorial.contrastive import supervised_contrastive_loss
from mmtutorial.datasets import VOID, SegmentationDataset, apply, training_transform
from mmtutorial.errors import unknown
from mmtutorial.matching import get_matching
from mmtutorial.networks import Encoder
from mmtutorial.patches import PatchBatch, sample_patches
from mmtutorial.randomness import seeded
from mmtutorial.settings.budgets import Schedule, TuningBudget, described
from mmtutorial.training.batches import batch_indices, flip_some, jitter_light, steps_per_epoch
from mmtutorial.training.devices import from_all_devices
from mmtutorial.triplet import hinge, triplet_distances, triplet_statistics


class Embedder(nn.Module):
    """Encoder whose feature map of a patch becomes one embedding. Adds no weights.

    Attributes:
        encoder: what tuning shapes.
        pooling: ``"flatten"`` keeps the layout, so that patches are compared position by position (the
            original); ``"max"`` and ``"mean"`` pool over positions.

    Example:
        >>> from mmtutorial.networks import TinyEncoder
        >>> Embedder(TinyEncoder(), pooling="max")(torch.zeros(5, 3, 32, 32)).shape
        torch.Size([5, 96])
    """

    def __init__(self, encoder: Encoder, pooling: str = "flatten") -> None:
        super().__init__()
        if pooling not in ("flatten", "max", "mean"):
            raise unknown("pooling", pooling, ("flatten", "max", "mean"))
        self.encoder, self.pooling = encoder, pooling

    def forward(self, patches: Tensor) -> Tensor:
        """(P, D) float embeddings, not normalised, of patches (P, 3, S, S), uint8 or float 0..1."""
        features: Tensor = self.encoder(patches).float()
        if self.pooling == "flatten":
            return features.flatten(1)
        return features.amax(dim=(2, 3)) if self.pooling == "max" else features.mean(dim=(2, 3))


@dataclass(frozen=True)
class PatchBatches:
    """Patches of the images of a step: a function of the step and its generator, so that any process may call it.

    Attributes:
        images: labelled images.
        budget: how many patches, of which size and label, and of how many images.
        side: smallest and largest patch in pixels.
        seed: decides in which order the images come.
        name: of the stage.
    """

    images: SegmentationDataset
    budget: TuningBudget
    side: tuple[int, int]
    seed: int
    name: str

    def __call__(self, step: int, generator: torch.Generator) -> PatchBatch:
        """The batch of a step."""
        count = self.budget.schedule.images
        indices = batch_indices(len(self.images), count, step, seed=self.seed, name=self.name)
        return draw_patches(self.images, indices, self.budget, self.side, generator)


class TuningStage:
    """Mix-and-Match as a stage for the training loop.

    Attributes:
        name: ``"tuning"``.
        module: the embedder; it has the encoder's weights and no others.
        schedule: steps and learning rate.
        epoch_steps: steps for one pass over the labelled images.
        about: what was asked for.
        draw: patches of labelled images.
    """

    name = "tuning"

    def __init__(
        self,
        encoder: Encoder,
        images: SegmentationDataset,
        budget: TuningBudget,
        *,
        matching: str = "graph",
        shuffled: bool = False,
        seed: int,
        about: dict[str, Any] | None = None,
    ) -> None:
        """Prepare tuning of ``encoder`` on labelled ``images``.

        Args:
            encoder: from random weights or a proxy task.
            images: labelled images; their table says which ids are background.
            budget: patches, loss, margin, pooling, schedule.
            matching: a name in :data:`mmtutorial.matching.MATCHINGS`; the contrastive loss needs none.
            shuffled: whether the labels of each batch change places at random, so that they mean nothing.
                What tuning still gains then, it does not gain from the classes.
            seed: decides in which order the images come.
            about: further description for the checkpoint.

        Raises:
            InputError: no such matching or pooling.
        """
        self.module: nn.Module = Embedder(encoder, budget.pooling)
        self.budget, self.shuffled = budget, shuffled
        self.match = get_matching(matching)
        self.schedule: Schedule = budget.schedule
        self.epoch_steps = steps_per_epoch(len(images), self.schedule.images_a_step)
        self.draw = PatchBatches(images, budget, patch_side(images, budget), seed, self.name)
        self.about: dict[str, Any] = {
            **(about or {}),
            "matching": matching,
            "shuffled": shuffled,
            "budget": described(budget),
        }

    def begin(self, generator: torch.Generator) -> None:
        """Nothing: the weights are given."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """All weights alike."""
        return [{"params": list(self.module.parameters())}]

    def loss(self, module: nn.Module, batch: PatchBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The loss over one batch of patches; over those of all devices, with ``budget.across_devices``.

        Then every device has the same whole loss, and the mean of their gradients is its gradient. Batch norm alone
        still sees the patches of its own device.
        """
        # First of all, so that it does not matter how many numbers a device needs for its own patches.
        common = torch.randint(2**62, (1,), generator=generator) if self.budget.across_devices else None
        if self.shuffled:
            batch = replace(batch, labels=batch.labels[torch.randperm(len(batch), generator=generator)])
        patches = jitter_light(flip_some(batch.images, generator), self.budget.jitter, generator)
        embeddings = module(patches.to(next(module.parameters()).device))
        if common is not None:
            embeddings, batch, generator = _of_all_devices(embeddings, batch, common)
        if self.budget.loss == "contrastive":
            return supervised_contrastive_loss(embeddings, batch.labels, temperature=self.budget.temperature), {}
        return self._triplet_loss(embeddings, batch, generator)

    def _triplet_loss(
        self, embeddings: Tensor, batch: PatchBatch, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Mean triplet loss over several graphs of the batch."""
        # Further graphs over the same embeddings cost next to nothing and even out the luck of one partner.
        graphs = [self.match(batch, generator) for _ in range(self.budget.graphs)]
        triplets = torch.cat([graph.triplets for graph in graphs])
        positive, negative = triplet_distances(embeddings, triplets)
        loss = hinge(positive, negative, self.budget.margin).sum() / max(len(triplets), 1)
        watched = triplet_statistics(positive, negative, margin=self.budget.margin)
        return loss, {**asdict(watched), "triplets": float(len(triplets))}


def _of_all_devices(
    embeddings: Tensor, batch: PatchBatch, common: Tensor
) -> tuple[Tensor, PatchBatch, torch.Generator]:
    """Embeddings, labels and places of all devices' patches, and a generator that is the same on each.

    The pixels stay where they are: nothing is matched by them.
    """
    device = embeddings.device
    labels, boxes, image_index, common = (
        from_all_devices(each.to(device)).cpu() for each in (batch.labels, batch.boxes, batch.image_index, common)
    )
    # Each device counts its images from 0; for `within` they are different images all the same.
    of_device = torch.arange(len(labels)) // len(batch)
    image_index = image_index + of_device * (int(image_index.max()) + 1)
    together = PatchBatch(batch.images, labels, boxes, image_index)
    return from_all_devices(embeddings), together, seeded(int(common[0]))


def patch_side(images: SegmentationDataset, budget: TuningBudget) -> tuple[int, int]:
    """Smallest and largest patch in pixels: the budget's shares of the crop, or of the images' median long side.

    Example:
        >>> from mmtutorial.datasets import open_dataset
        >>> from mmtutorial.settings.presets import get_preset
        >>> patch_side(open_dataset("scenes"), get_preset("class").tuning)  # a quarter to half of 96 pixels
        (24, 48)
    """
    if budget.crop is not None:
        canvas = float(budget.crop)
    else:
        long_sides = [images.long_side(i) for i in range(len(images))]
        canvas = float(torch.tensor(long_sides).float().median())
    return max(1, round(budget.side[0] * canvas)), max(1, round(budget.side[1] * canvas))


def draw_patches(
    images: SegmentationDataset,
    indices: list[int],
    budget: TuningBudget,
    side: tuple[int, int],
    generator: torch.Generator,
) -> PatchBatch:
    """Patches of some images of a data set, as the budget has them.

    Example:
        >>> from mmtutorial.datasets import open_dataset
        >>> from mmtutorial.randomness import seeded
        >>> from mmtutorial.settings.presets import get_preset
        >>> images, budget = open_dataset("scenes"), get_preset("class").tuning
        >>> draw_patches(images, [0, 7], budget, patch_side(images, budget), seeded(0)).images.shape
        torch.Size([10, 3, 32, 32])
    """
    pairs = [images[i] for i in indices]
    if budget.crop is not None:
        pairs = [_cropped(image, mask, budget.crop, generator) for image, mask in pairs]
    return sample_patches(
        [image for image, _ in pairs],
        [mask for _, mask in pairs],
        per_image=budget.patches,
        side=side,
        output_size=budget.output_size,
        background_share=budget.background_share,
        label_by=budget.label_by,
        generator=generator,
        background_ids=images.classes.background_ids,
    )


def _cropped(
    image: tv_tensors.Image, mask: tv_tensors.Mask, crop: int, generator: torch.Generator
) -> tuple[tv_tensors.Image, tv_tensors.Mask]:
    """A random crop with a label in it; the whole image, should ten crops in a row have none."""
    transform = training_transform(crop, scale=(1.0, 1.0), flip=False)
    for _ in range(10):
        found = apply(transform, image, mask, generator)
        if bool((found[1] != VOID).any()):
            return found
    return image, mask
