"""Fine-tuning for semantic segmentation, and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from mmtutorial.augment import jitter_light
from mmtutorial.datasets import VOID, SegmentationDataset, apply, training_transform
from mmtutorial.networks import Segmenter
from mmtutorial.networks.hypercolumns import random_points
from mmtutorial.presets import Schedule, SegmentationBudget
from mmtutorial.sampling import batch_indices, steps_per_epoch

# Pixels in one forward pass of prediction: 32 images of 96 x 96.
_PIXELS_A_BATCH = 32 * 96 * 96


class SegmentationStage:
    """Fine-tuning of all weights with per-pixel cross-entropy, as a stage for the training loop.

    Attributes:
        name: ``"segmentation"``.
        module: the segmentation network.
        schedule: steps and learning rate.
        epoch_steps: steps for one pass over the labelled images.
        about: what was asked for.
    """

    name = "segmentation"

    def __init__(
        self,
        network: Segmenter,
        images: SegmentationDataset,
        budget: SegmentationBudget,
        *,
        schedule: Schedule | None = None,
        seed: int,
        about: dict[str, Any] | None = None,
    ) -> None:
        """Prepare fine-tuning of ``network`` on labelled ``images``.

        Args:
            network: encoder from pre-training or tuning, head from random weights.
            images: labelled images.
            budget: crop, scale, schedule.
            schedule: instead of the budget's, for the control that gets tuning's steps too.
            seed: decides in which order the images come.
            about: further description for the checkpoint.
        """
        self.network, self.images, self.budget, self.seed = network, images, budget, seed
        self.module: nn.Module = network
        self.schedule = schedule or budget.schedule
        self.epoch_steps = steps_per_epoch(len(images), self.schedule.images)
        self.transform = training_transform(budget.crop, scale=budget.scale, flip=True)
        self.about: dict[str, Any] = {
            **(about or {}),
            "classes": list(images.classes.names),
            "palette": [list(colour) for colour in images.classes.palette],
            "budget": asdict(budget),
            "schedule": asdict(self.schedule),
        }

    def begin(self, generator: torch.Generator) -> None:
        """Nothing: the weights are given."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The encoder, at its own share of the learning rate, and the head."""
        return [
            {"params": list(self.network.encoder.parameters()), "lr_scale": self.budget.encoder_lr},
            {"params": list(self.network.head.parameters())},
        ]

    def loss(self, module: nn.Module, step: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy over the labelled pixels of a batch of crops."""
        indices = batch_indices(len(self.images), self.schedule.images, step, seed=self.seed, name=self.name)
        samples = [apply(self.transform, *self.images[i], generator) for i in indices]
        device = next(module.parameters()).device
        images = torch.stack([image.as_subclass(Tensor) for image, _ in samples]).to(device)
        masks = torch.stack([mask.as_subclass(Tensor) for _, mask in samples])
        images = jitter_light(images, self.budget.jitter, generator)
        if self.budget.points is None:
            scores, masks = module(images), masks.to(device)
        else:
            points, at_points = random_points(masks[:, None], self.budget.points, generator)
            scores, masks = module(images, points.to(device)), at_points[:, 0, 0].to(device)
        # A sum over labelled pixels and not the mean of F.cross_entropy, which is 0/0 where crops hold none.
        labelled = (masks != VOID).sum().clamp(min=1)
        return F.cross_entropy(scores, masks.long(), ignore_index=VOID, reduction="sum") / labelled, {}


@torch.no_grad()
def predict_probabilities(network: nn.Module, images: Sequence[Tensor]) -> list[Tensor]:
    """Class probabilities at every pixel.

    Images of one size go through the network together; each image is seen whole, at its own size.

    Args:
        network: gives scores (N, K, H, W).
        images: uint8 or float 0..1 images (3, H, W), of any sizes.

    Returns:
        A tensor (K, H, W), on the CPU, for each image.
    """
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    found: dict[int, Tensor] = {}
    with tqdm(total=len(images), desc="predict", unit="image", delay=1, leave=False) as bar:
        for group in _groups_of_one_size(images):
            batch = torch.stack([torch.as_tensor(images[i]).as_subclass(Tensor) for i in group]).to(device)
            probabilities = network(batch).softmax(dim=1).cpu()
            found.update(zip(group, probabilities, strict=True))
            bar.update(len(group))
    network.train(was_training)
    return [found[i] for i in range(len(images))]


def predict(network: nn.Module, images: Sequence[Tensor]) -> list[Tensor]:
    """The likeliest class at every pixel: a uint8 mask (H, W) for each image (3, H, W)."""
    masks: list[Tensor] = []
    # In portions, since probabilities take 4 K bytes a pixel where a mask takes one.
    for start in range(0, len(images), 64):
        portion = predict_probabilities(network, images[start : start + 64])
        masks += [probabilities.argmax(dim=0).to(torch.uint8) for probabilities in portion]
    return masks


def ensemble(networks: Sequence[nn.Module], images: Sequence[Tensor]) -> list[Tensor]:
    """Masks from the mean of several networks' probabilities, as the slides' "ImageNet + M&M"."""
    each = [predict_probabilities(network, images) for network in networks]
    return [torch.stack(found).mean(dim=0).argmax(dim=0).to(torch.uint8) for found in zip(*each, strict=True)]


def _groups_of_one_size(images: Sequence[Tensor]) -> list[list[int]]:
    """Indices of images of one size, in groups of a bounded number of pixels."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        by_size.setdefault(tuple(image.shape[-2:]), []).append(index)
    groups = []
    for (height, width), members in by_size.items():
        portion = max(1, _PIXELS_A_BATCH // (height * width))
        groups += [members[i : i + portion] for i in range(0, len(members), portion)]
    return groups
