"""Changes of light, for a whole batch at once."""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.networks.inputs import to_unit_range


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
