"""Fine-tuning for semantic segmentation, and prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from mmtutorial.datasets import VOID, SegmentationDataset, training_transform
from mmtutorial.networks import Segmenter
from mmtutorial.networks.hypercolumns import random_points
from mmtutorial.settings.budgets import Schedule, SegmentationBudget, described
from mmtutorial.training.batches import CropBatches, jitter_light, steps_per_epoch

# Pixels that an encoder sees in one forward pass of prediction: 32 images of 96 x 96.
_PIXELS_A_BATCH = 32 * 96 * 96


class SegmentationStage:
    """Fine-tuning with per-pixel cross-entropy, as a stage for the training loop.

    All weights are trained, but those of the encoder that were frozen before; with ``encoder_lr=0`` the head alone.

    Attributes:
        name: ``"segmentation"``.
        module: the segmentation network.
        schedule: steps and learning rate.
        epoch_steps: steps for one pass over the labelled images.
        about: what was asked for.
        draw: crops of labelled images, and their masks.
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
        self.network, self.budget = network, budget
        if budget.encoder_lr == 0:
            network.encoder.requires_grad_(False)
        self.module: nn.Module = network
        self.schedule = schedule or budget.schedule
        self.epoch_steps = steps_per_epoch(len(images), self.schedule.images_a_step)
        transform = training_transform(budget.crop, scale=budget.scale, flip=True)
        self.draw = CropBatches(images, transform, self.schedule.images, seed, self.name)
        self.about: dict[str, Any] = {
            **(about or {}),
            "classes": list(images.classes.names),
            "palette": [list(colour) for colour in images.classes.palette],
            "budget": described(budget),
            "schedule": asdict(self.schedule),
        }

    def begin(self, generator: torch.Generator) -> None:
        """Nothing: the weights are given."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The encoder, at its own share of the learning rate, and the head."""
        trained = [weight for weight in self.network.encoder.parameters() if weight.requires_grad]
        encoder = [{"params": trained, "lr_scale": self.budget.encoder_lr}] if trained else []
        return [*encoder, {"params": list(self.network.head.parameters())}]

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy over the labelled pixels of a batch of crops."""
        images, masks = batch
        if self.budget.encoder_lr == 0:
            self.network.encoder.eval()  # Else batch norm would go on learning.
        device = next(module.parameters()).device
        images = jitter_light(images.to(device), self.budget.jitter, generator)
        if self.budget.points is None:
            scores, masks = module(images), masks.to(device)
        else:
            points, at_points = random_points(masks[:, None], self.budget.points, generator, self.budget.border)
            scores, masks = module(images, points.to(device)), at_points[:, 0, 0].to(device)
        # A sum over labelled pixels and not the mean of F.cross_entropy, which is 0/0 where crops hold none.
        labelled = (masks != VOID).sum().clamp(min=1)
        return F.cross_entropy(scores, masks.long(), ignore_index=VOID, reduction="sum") / labelled, {}


def predict_probabilities(network: nn.Module, images: Sequence[Tensor]) -> list[Tensor]:
    """Class probabilities at every pixel.

    Images of one size go through the network together; each image is seen whole, at its own size.

    Args:
        network: gives scores (N, K, H, W).
        images: uint8 or float 0..1 images (3, H, W), of any sizes.

    Returns:
        A tensor (K, H, W), on the CPU, for each image.

    Example:
        >>> from mmtutorial.networks import FCN, TinyEncoder
        >>> [found] = predict_probabilities(FCN(TinyEncoder(), classes=9), [torch.zeros(3, 32, 32)])
        >>> found.shape, torch.allclose(found.sum(dim=0), torch.ones(32, 32))
        (torch.Size([9, 32, 32]), True)
    """
    return _by_groups([network], images, lambda probabilities: probabilities.cpu())


def predict(network: nn.Module, images: Sequence[Tensor]) -> list[Tensor]:
    """The likeliest class at every pixel: a uint8 mask (H, W) for each image (3, H, W).

    Example:
        >>> from mmtutorial.networks import FCN, TinyEncoder
        >>> masks = predict(FCN(TinyEncoder(), classes=9), [torch.zeros(3, 32, 32), torch.zeros(3, 40, 24)])
        >>> [tuple(mask.shape) for mask in masks]
        [(32, 32), (40, 24)]
    """
    return ensemble([network], images)


def ensemble(networks: Sequence[nn.Module], images: Sequence[Tensor]) -> list[Tensor]:
    """Masks from the mean of several networks' probabilities, as the slides' "ImageNet + M&M".

    Example:
        >>> from mmtutorial.networks import FCN, TinyEncoder
        >>> networks = [FCN(TinyEncoder(), classes=9) for _ in range(2)]
        >>> [mask] = ensemble(networks, [torch.zeros(3, 32, 32)])
        >>> tuple(mask.shape), mask.dtype
        ((32, 32), torch.uint8)
    """
    return _by_groups(networks, images, lambda mean: mean.argmax(dim=1).to(torch.uint8).cpu())


def _by_groups(
    networks: Sequence[nn.Module], images: Sequence[Tensor], reduce: Callable[[Tensor], Tensor]
) -> list[Tensor]:
    """What ``reduce`` makes of the networks' mean probabilities (N, K, H, W), for each image.

    Group by group, since probabilities take 4 K bytes a pixel where a mask takes one.
    """
    found: dict[int, Tensor] = {}
    most_pixels = _PIXELS_A_BATCH // max(getattr(network, "enlarged", 1) for network in networks) ** 2
    bar = tqdm(total=len(images), desc="predict", unit="image", delay=1, leave=False)
    with bar, _evaluating(networks):
        for group in _groups_of_one_size(images, most_pixels):
            batch = torch.stack([torch.as_tensor(images[i]).as_subclass(Tensor) for i in group])
            batch = batch.to(next(networks[0].parameters()).device)
            found_by = [network(batch).softmax(dim=1) for network in networks]
            # One network's are their own mean; a copy of those of a huge photo takes hundreds of megabytes.
            mean = found_by[0] if len(found_by) == 1 else torch.stack(found_by).mean(dim=0)
            found.update(zip(group, reduce(mean), strict=True))
            bar.update(len(group))
    return [found[i] for i in range(len(images))]


@contextmanager
def _evaluating(networks: Sequence[nn.Module]) -> Iterator[None]:
    """Without gradients, and as in evaluation; afterwards each network is as it was."""
    before = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for network, training in zip(networks, before, strict=True):
            network.train(training)


def _groups_of_one_size(images: Sequence[Tensor], most_pixels: int) -> list[list[int]]:
    """Indices of images of one size, in groups of a bounded number of pixels."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        by_size.setdefault(tuple(image.shape[-2:]), []).append(index)
    groups = []
    for (height, width), members in by_size.items():
        portion = max(1, most_pixels // (height * width))
        groups += [members[i : i + portion] for i in range(0, len(members), portion)]
    return groups
