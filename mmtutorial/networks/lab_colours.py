"""L*a*b* colours: lightness apart from colour, and distances that are about as large as they look (CIE 1976)."""

from __future__ import annotations

import torch
from kornia.color import lab_to_rgb, rgb_to_lab
from torch import Tensor

from mmtutorial.networks.inputs import to_unit_range

# Roughly the mean and spread of photos and of drawn scenes.
_MEAN = (50.0, 0.0, 0.0)
_STD = (25.0, 20.0, 20.0)


def to_lab(images: Tensor) -> Tensor:
    """Lightness and colour of images, under daylight (D65).

    Args:
        images: (N, 3, H, W) red, green, blue (sRGB), uint8 or float 0..1.

    Returns:
        (N, 3, H, W) float: L* 0..100, a* (green to red) and b* (blue to yellow), about -110..110.
    """
    # Half precision would round the matrix product inside by more than a grey pixel's colour.
    with torch.autocast(images.device.type, enabled=False):
        lab: Tensor = rgb_to_lab(to_unit_range(images))
    return lab


def from_lab(lab: Tensor) -> Tensor:
    """(N, 3, H, W) float 0..1 images of L*a*b* colours (N, 3, H, W); cut off where no screen shows the colour."""
    with torch.autocast(lab.device.type, enabled=False):
        images: Tensor = lab_to_rgb(lab.float())
    return images


def prepare_lab(images: Tensor) -> Tensor:
    """Return (N, 3, H, W) L*, a* and b*, each of about zero mean and unit spread, of images as for :func:`to_lab`."""
    lab = to_lab(images)
    return (lab - lab.new_tensor(_MEAN)[:, None, None]) / lab.new_tensor(_STD)[:, None, None]
