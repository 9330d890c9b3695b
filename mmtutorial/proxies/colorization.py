"""Colorization: predict the colour of pixels from a grey image (Larsson et al., 2016 and 2017).

Grey values of all layers at a pixel, its hypercolumn, go through one hidden layer to two distributions: over
hue and over chroma, 32 bins each. Grey pixels have no hue, so the hue loss of a pixel is weighted by its
chroma.

Source: ``selfsup/multi/methods/colorize_hypercolumn*.py`` of gustavla/self-supervision (one-hot bins,
hue loss times 5 times chroma); ``train/train_vgg16.prototxt`` of gustavla/autocolorize.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset, apply, training_transform
from mmtutorial.networks import TinyEncoder
from mmtutorial.networks.inputs import to_unit_range
from mmtutorial.presets import ProxyBudget, Schedule
from mmtutorial.sampling import batch_indices, steps_per_epoch

BINS = 32
HUE_WEIGHT = 5.0
_HIDDEN = 128


class Colorizer(nn.Module):
    """Grey encoder with a hypercolumn head for hue and chroma."""

    def __init__(self, encoder: TinyEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Sequential(nn.Linear(sum(encoder.widths), _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 2 * BINS))

    def forward(self, images: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the hue and chroma bins, each (N, P, 32).

        Args:
            images: (N, 3, H, W) uint8 or float 0..1; the encoder sees only their grey values.
            points: (N, P, 2) places as x, y in -1..1, corner to corner of the image.
        """
        scores = self.head(hypercolumns(self.encoder.feature_maps(images), points))
        hue, chroma = scores.float().split(BINS, dim=-1)
        return hue, chroma


def hypercolumns(maps: list[Tensor], points: Tensor) -> Tensor:
    """(N, P, sum of channels): every layer's features, bilinear, at points (N, P, 2) in -1..1.

    Past the outermost feature the border is repeated; padding with zeros would dim the columns near it.
    """
    at_points = [
        F.grid_sample(m, points[:, None].to(m.dtype), padding_mode="border", align_corners=False)[:, :, 0] for m in maps
    ]
    return torch.cat(at_points, dim=1).transpose(1, 2)


def hue_and_chroma(images: Tensor) -> tuple[Tensor, Tensor]:
    """Hue (of HSV, 0..1 round the circle; 0 where grey) and chroma (max - min, 0..1), each (N, H, W)."""
    scaled = to_unit_range(images)
    top, low = scaled.amax(dim=1), scaled.amin(dim=1)
    chroma = top - low
    red, green, blue = scaled.unbind(dim=1)
    span = torch.where(chroma > 0, chroma, torch.ones_like(chroma))
    sector = torch.where(
        top == red,
        (green - blue) / span % 6,
        torch.where(top == green, (blue - red) / span + 2, (red - green) / span + 4),
    )
    return torch.where(chroma > 0, sector / 6, torch.zeros_like(sector)), chroma


def to_bins(values: Tensor) -> Tensor:
    """Bin 0..31 of values 0..1."""
    return (values * BINS).long().clamp(0, BINS - 1)


class ColorizationStage:
    """Colorization as a stage for the training loop.

    Attributes:
        name: ``"colorization"``.
        module: the colorizer; its encoder goes on to tuning and segmentation.
        schedule: steps and learning rate.
        epoch_steps: steps for one pass over the images.
        about: what was asked for.
    """

    name = "colorization"

    def __init__(
        self,
        encoder: TinyEncoder,
        images: SegmentationDataset,
        budget: ProxyBudget,
        *,
        seed: int,
        about: dict[str, Any] | None = None,
    ) -> None:
        """Prepare pre-training of a grey ``encoder`` on ``images``, whose masks are not looked at."""
        self.module: nn.Module = Colorizer(encoder)
        self.images, self.budget, self.seed = images, budget, seed
        self.schedule: Schedule = budget.schedule
        self.epoch_steps = steps_per_epoch(len(images), self.schedule.images)
        self.transform = training_transform(budget.crop, scale=budget.scale, flip=True)
        self.about: dict[str, Any] = {**(about or {}), "budget": asdict(budget)}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """All weights alike."""
        return [{"params": list(self.module.parameters())}]

    def loss(self, module: nn.Module, step: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of hue, weighted by chroma, plus that of chroma, at random pixels."""
        indices = batch_indices(len(self.images), self.schedule.images, step, seed=self.seed, name=self.name)
        crops = [apply(self.transform, *self.images[i], generator)[0].as_subclass(Tensor) for i in indices]
        images = torch.stack(crops)
        points, pixels = _random_points(images, self.budget.points, generator)
        hue, chroma = hue_and_chroma(pixels)
        device = next(module.parameters()).device
        hue_scores, chroma_scores = module(images.to(device), points.to(device))
        return colour_loss(hue_scores, chroma_scores, hue[:, 0].to(device), chroma[:, 0].to(device))


def colour_loss(
    hue_scores: Tensor, chroma_scores: Tensor, hue: Tensor, chroma: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """Loss of scores (N, P, 32) for true hue and chroma (N, P), and the two parts for the log."""
    hue_loss = F.cross_entropy(hue_scores.flatten(0, 1), to_bins(hue).flatten(), reduction="none")
    hue_part = (HUE_WEIGHT * chroma.flatten() * hue_loss).mean()
    chroma_part = F.cross_entropy(chroma_scores.flatten(0, 1), to_bins(chroma).flatten())
    return hue_part + chroma_part, {"hue_loss": hue_part.item(), "chroma_loss": chroma_part.item()}


def _random_points(images: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random pixels: their places (N, P, 2) in -1..1 and their colours (N, 3, 1, P)."""
    n, _, height, width = images.shape
    x = torch.randint(width, (n, count), generator=generator)
    y = torch.randint(height, (n, count), generator=generator)
    colours = images.flatten(2).gather(2, (y * width + x)[:, None].expand(-1, 3, -1))
    # The centre of pixel i lies at (2 i + 1) / size - 1 when corners, not centres, are at -1 and 1.
    places = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
    return places, colours[:, :, None]
