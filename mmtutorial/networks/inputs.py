"""From stored images to what a convolution takes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# Rough mean and spread of natural photos in 0..1, the same for each colour, so that grey and colour
# networks see inputs of one scale.
_MEAN, _STD = 0.45, 0.25


def to_unit_range(images: Tensor) -> Tensor:
    """uint8 0..255 or float 0..1 to float 0..1, of any shape."""
    return images.float() / 255 if images.dtype == torch.uint8 else images.float()


def to_grey(images: Tensor) -> Tensor:
    """Return (N, 1, H, W): the mean of red, green and blue, as Larsson et al. (2016) feed their network."""
    return images.mean(dim=1, keepdim=True)


def prepare(images: Tensor, in_channels: int) -> Tensor:
    """Return centred float input (N, in_channels, H, W) from colour images (N, 3, H, W), uint8 or float 0..1."""
    scaled = to_unit_range(images)
    if in_channels == 1:
        scaled = to_grey(scaled)
    return (scaled - _MEAN) / _STD


def renormalised(inputs: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Return our centred inputs (N, C, H, W) as a network wants them that centres each channel in its own way.

    Args:
        inputs: what :func:`prepare` gave.
        mean: of each channel, of values 0..1.
        std: of each channel.
    """
    theirs_mean, theirs_std = (inputs.new_tensor(values)[:, None, None] for values in (mean, std))
    return inputs * (_STD / theirs_std) + (_MEAN - theirs_mean) / theirs_std
