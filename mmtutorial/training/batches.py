"""What a training step sees: which images, their crops, and changes of light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torchvision.transforms import v2

from mmtutorial.datasets import SegmentationDataset, apply
from mmtutorial.networks.inputs import to_unit_range
from mmtutorial.randomness import generator_for


@lru_cache(maxsize=4)
def _order(seed: int, name: str, epoch: int, count: int) -> list[int]:
    order: list[int] = torch.randperm(count, generator=generator_for(seed, name, "order", epoch)).tolist()
    return order


def batch_indices(count: int, batch: int, step: int, *, seed: int, name: str) -> list[int]:
    """The images of one step: every image once an epoch, in an order shuffled anew each epoch.

    A function of the step alone, so that a resumed run sees what the unbroken one would have seen.

    Args:
        count: images in all.
        batch: images a step; more than ``count`` is allowed and repeats images.
        step: number of the step, from 0.
        seed: seed of the orders.
        name: of the stage, so that stages differ.
    """
    places = range(step * batch, (step + 1) * batch)
    return [_order(seed, name, place // count, count)[place % count] for place in places]


def steps_per_epoch(count: int, batch: int) -> int:
    """Steps until every image has been seen about once; at least 1."""
    return max(1, round(count / batch))


@dataclass(frozen=True)
class CropBatches:
    """Crops of the images of a step: a function of the step and its generator, so that any process may call it.

    Attributes:
        images: where they come from.
        transform: scale, crop and mirror, all to one size.
        batch: images a step.
        seed: decides in which order the images come.
        name: of the stage.
    """

    images: SegmentationDataset
    transform: v2.Transform
    batch: int
    seed: int
    name: str

    def __call__(self, step: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Crops (N, 3, crop, crop) uint8 and their masks (N, crop, crop)."""
        indices = batch_indices(len(self.images), self.batch, step, seed=self.seed, name=self.name)
        return stacked([apply(self.transform, *self.images[i], generator) for i in indices])


def stacked(pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Images (N, 3, H, W) and masks (N, H, W) of N pairs of one size, as plain tensors."""
    images, masks = zip(*pairs, strict=True)
    return torch.stack([i.as_subclass(Tensor) for i in images]), torch.stack([m.as_subclass(Tensor) for m in masks])


def jitter_light(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change brightness and contrast of each image by its own random factors.

    Args:
        images: (N, 3, H, W) uint8 or float 0..1.
        strength: largest relative change, 0 to 1; at 0 the images come back as they are.
        generator: source of all random numbers.

    Returns:
        (N, 3, H, W) float 0..1, or ``images`` itself at strength 0.
    """
    if strength == 0:
        return images
    scaled = to_unit_range(images)
    factors = 1 + strength * (2 * torch.rand((2, len(images), 1, 1, 1), generator=generator) - 1)
    brightness, contrast = factors.to(scaled.device)
    middle = scaled.mean(dim=(1, 2, 3), keepdim=True)
    changed: Tensor = (scaled - middle) * contrast + middle * brightness
    return changed.clamp(0, 1)


def flip_some(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror a random half of the images (N, C, H, W) from left to right."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(mirrored.to(images.device)[:, None, None, None], images.flip(-1), images)
