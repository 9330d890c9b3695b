"""Hypercolumns: what all layers say at one point of an image (Hariharan et al., 2015; Larsson et al., 2016)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def hypercolumns(maps: list[Tensor], points: Tensor) -> Tensor:
    """Return (N, P, sum of channels): every layer's features, bilinear, at points (N, P, 2) in -1..1.

    Past the outermost feature the border is repeated; padding with zeros would dim the columns near it.
    """
    at_points = [
        F.grid_sample(m, points[:, None].to(m.dtype), padding_mode="border", align_corners=False)[:, :, 0] for m in maps
    ]
    return torch.cat(at_points, dim=1).transpose(1, 2)


def random_points(images: Tensor, count: int, generator: torch.Generator, border: float = 0.0) -> tuple[Tensor, Tensor]:
    """Draw random pixels of (N, C, H, W): their places (N, P, 2) in -1..1 and their values (N, C, 1, P).

    Args:
        images: where to draw.
        count: P, pixels an image.
        generator: source of all random numbers.
        border: share of the width and of the height, below 1/2, that is left out on each side.
    """
    n, channels, height, width = images.shape
    left, top = round(border * width), round(border * height)
    # Of a tiny image rounding may leave out all; then one pixel in the middle stays.
    x = torch.randint(left, max(width - left, left + 1), (n, count), generator=generator)
    y = torch.randint(top, max(height - top, top + 1), (n, count), generator=generator)
    values = images.flatten(2).gather(2, (y * width + x)[:, None].expand(-1, channels, -1))
    # The centre of pixel i lies at (2 i + 1) / size - 1 when corners, not centres, are at -1 and 1.
    places = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
    return places, values[:, :, None]


def pixel_grid(height: int, width: int) -> Tensor:
    """Return (1, H * W, 2) centres of all pixels as x, y in -1..1, row by row."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
    return places.view(1, -1, 2)
