"""Two views of a part of an image: each a window of it, stretched to a square, perhaps mirrored, in other light.

What two views of one part share is what is in it.

Source: ``augmentations.py`` of facebookresearch/vicreg: brightness and contrast by 0.4 and hue by 0.1 of the circle, in
8 of 10 views; 2 of 10 grey. Its windows have 0.08 of the image or more, saturation changes by 0.2 there, by 0.4 here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

AREA = (0.3, 1.0)
"""Smallest and largest window, as shares of the part."""
_ASPECT = math.log(4 / 3)
_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = 0.4, 0.4, 0.4, 0.1
_CHANGED, _GREY = 0.8, 0.2


def draw_parts(count: int, side: float, generator: torch.Generator) -> Tensor:
    """Draw squares anywhere in images.

    Args:
        count: number N of squares.
        side: of the square, as a share of the image's.
        generator: source of all random numbers.

    Returns:
        (N, 2, 3) affine maps from a square to its image, both from -1 to 1 in x and y.
    """
    sizes = torch.full((2, count), side)
    return _windows(sizes, torch.rand((2, count), generator=generator))


def draw_windows(count: int, generator: torch.Generator) -> Tensor:
    """Draw windows: area, aspect and place at random, half of them mirrored.

    Args:
        count: number N of windows.
        generator: source of all random numbers.

    Returns:
        (N, 2, 3) affine maps, as those of :func:`draw_parts`.
    """
    area, aspect, mirror, *place = torch.rand((5, count), generator=generator)
    size = (AREA[0] + (AREA[1] - AREA[0]) * area).sqrt()
    stretch = torch.exp(_ASPECT / 2 * (2 * aspect - 1))
    windows = _windows(torch.stack((size * stretch, size / stretch)).clamp(max=1), torch.stack(place))
    windows[:, 0, 0] *= torch.where(mirror < 0.5, -1.0, 1.0)
    return windows


def within(parts: Tensor, windows: Tensor) -> Tensor:
    """Return windows (N, 2, 3) of parts (N, 2, 3) as windows of the whole image.

    Example:
        >>> left = torch.tensor([[[0.5, 0.0, -0.5], [0.0, 1.0, 0.0]]])
        >>> within(left, left)[0, 0]
        tensor([ 0.2500,  0.0000, -0.7500])
    """
    scale = parts[:, :, :2]
    return torch.cat((scale @ windows[:, :, :2], scale @ windows[:, :, 2:] + parts[:, :, 2:]), dim=2)


def cut_views(images: Tensor, windows: Tensor, side: int) -> Tensor:
    """Return (N, C, side, side): each window (N, 2, 3) of its image, float (N, C, H, W), bilinear."""
    shape = [*images.shape[:2], side, side]
    grid = F.affine_grid(windows.to(images), shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False, padding_mode="border")


def change_colours(views: Tensor, generator: torch.Generator) -> Tensor:
    """Change light and colours of each view by itself; some become grey.

    Otherwise the mean colour of a view would tell which one belongs to it, and nothing else would be learned.

    Args:
        views: (N, 3, H, W) float 0..1.
        generator: source of all random numbers.

    Returns:
        (N, 3, H, W) float 0..1.
    """
    draws = torch.rand((6, len(views), 1, 1, 1), generator=generator).to(views.device)
    brightness, contrast, saturation, hue = 2 * draws[:4] - 1
    lit = views * (1 + _BRIGHTNESS * brightness)
    lit = _away_from(lit.mean(dim=(1, 2, 3), keepdim=True), lit, 1 + _CONTRAST * contrast)
    lit = _away_from(lit.mean(dim=1, keepdim=True), lit, 1 + _SATURATION * saturation)
    turned = torch.einsum("nij,njhw->nihw", hue_turn(2 * math.pi * _HUE * hue.flatten()), lit)
    changed = torch.where(draws[4] < _CHANGED, turned, views).clamp(0, 1)
    return torch.where(draws[5] < _GREY, changed.mean(dim=1, keepdim=True), changed)


def hue_turn(angles: Tensor) -> Tensor:
    """Return (N, 3, 3) turns of red, green and blue about the grey axis by angles (N,) in radians.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0])
        >>> (hue_turn(torch.tensor([2 * math.pi / 3]))[0] @ red).round().abs().tolist()
        [0.0, 1.0, 0.0]
    """
    cos, sin = angles.cos()[:, None, None], angles.sin()[:, None, None]
    across = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], device=angles.device) / math.sqrt(3)
    third = torch.full((3, 3), 1 / 3, device=angles.device)
    return cos * torch.eye(3, device=angles.device) + sin * across + (1 - cos) * third


def _windows(sizes: Tensor, place: Tensor) -> Tensor:
    """Affine maps of windows with sizes (2, N), width and height as shares of 1, at places (2, N), 0..1."""
    windows = torch.diag_embed(sizes.T)
    # What is left free of -1 to 1 by a window of a width w is 2 - 2 w.
    return torch.cat((windows, ((1 - sizes) * (2 * place - 1)).T[:, :, None]), dim=2)


def _away_from(middle: Tensor, values: Tensor, factor: Tensor) -> Tensor:
    return middle + (values - middle) * factor
