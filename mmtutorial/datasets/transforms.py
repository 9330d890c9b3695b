"""Joint transforms of an image and its mask, with torchvision's v2 transforms and an explicit generator.

Torchvision tells an ``Image`` from a ``Mask`` by type: it interpolates the one and picks nearest neighbours
in the other, and it moves both by the same random numbers.
"""

from __future__ import annotations

from typing import Any

import torch
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from mmtutorial.datasets.classes import VOID
from mmtutorial.errors import InputError

Sample = tuple[tv_tensors.Image, tv_tensors.Mask]


class RandomScale(v2.Transform):
    """Resize by one random factor, uniform in a range, height and width alike.

    Torchvision has ``RandomResize``, which draws the length of the short side in pixels, and ``ScaleJitter``,
    which first fits the image to a target; neither draws a plain factor.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        if not 0 < low <= high:
            raise InputError(f"scale must be a range (low, high) with 0 < low <= high, got ({low}, {high})")
        self.low, self.high = low, high

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the factor and returns the new height and width in pixels."""
        height, width = F.get_size(flat_inputs[0])
        factor = self.low + (self.high - self.low) * float(torch.rand(()))
        return {"size": [max(1, round(height * factor)), max(1, round(width * factor))]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Resize one image (bilinear, anti-aliased) or mask (nearest neighbour)."""
        return _resize(inpt, params["size"])


class ResizeLongSide(v2.Transform):
    """Resize so that the longer side has a given number of pixels, keeping the proportions."""

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 1:
            raise InputError(f"size must be at least 1 pixel, got {size}")
        self.size = size

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Return the new height and width in pixels."""
        height, width = F.get_size(flat_inputs[0])
        factor = self.size / max(height, width)
        return {"size": [max(1, round(height * factor)), max(1, round(width * factor))]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Resize one image (bilinear, anti-aliased) or mask (nearest neighbour)."""
        return _resize(inpt, params["size"])


def _resize(inpt: Any, size: list[int]) -> Any:
    """Resize as the type asks. A mask takes the pixel nearest to each new centre, never a mixture of ids."""
    if not isinstance(inpt, tv_tensors.Mask):
        return F.resize(inpt, size, interpolation=v2.InterpolationMode.BILINEAR, antialias=True)
    # "nearest-exact", not "nearest": that one takes a pixel's corner for its centre, as old OpenCV did, and
    # so moves the mask by up to half a pixel against the image.
    plain = inpt.as_subclass(torch.Tensor)[None, None]
    resized = torch.nn.functional.interpolate(plain, size=size, mode="nearest-exact")
    return tv_tensors.wrap(resized[0, 0], like=inpt)


def training_transform(
    size: int | tuple[int, int], scale: tuple[float, float] = (0.75, 1.5), flip: bool = True
) -> v2.Transform:
    """Return the usual augmentation for segmentation: random scale, then crop, then horizontal flip.

    The crop follows the scaling, so that it always has the size asked for. An image smaller than the crop is
    put at a random place in it; round it the image is black and the mask void, and losses pass the padding
    over.

    Args:
        size: Height and width of the crop in pixels, or one number for both.
        scale: Range of the factor by which the image is resized; ``(1, 1)`` leaves the size alone.
        flip: Whether to mirror half of the images.

    Raises:
        InputError: The size is below one pixel or the range of scales is empty.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise InputError(f"size of the crop must be at least 1 pixel, got {size}")
    steps: list[v2.Transform] = []
    if tuple(scale) != (1, 1):
        steps.append(RandomScale(*scale))
    fill: dict[type | str, Any] = {tv_tensors.Image: 0, tv_tensors.Mask: VOID}
    steps.append(v2.RandomCrop((height, width), pad_if_needed=True, fill=fill))
    if flip:
        steps.append(v2.RandomHorizontalFlip())
    return v2.Compose(steps)


def resize_long_side(size: int) -> v2.Transform:
    """Return a transform that gives the longer side ``size`` pixels, see ``ResizeLongSide``.

    Raises:
        InputError: The size is below one pixel.
    """
    return ResizeLongSide(size)


def apply(
    transform: v2.Transform, image: tv_tensors.Image, mask: tv_tensors.Mask, generator: torch.Generator
) -> Sample:
    """Apply a transform with random numbers that come from ``generator`` alone.

    Torchvision's transforms draw from torch's global generator. Here one number is drawn from ``generator``
    and seeds the global one for the length of the call; afterwards its state is as it was before.

    Args:
        transform: Any v2 transform.
        image: ``(3, H, W)``.
        mask: ``(H, W)``.
        generator: A generator on the CPU; it moves on by one draw, whatever the transform does.

    Returns:
        The transformed image and mask.
    """
    seed = int(torch.randint(2**62, (), generator=generator))
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would reseed the accelerators too.
        torch.default_generator.manual_seed(seed)
        moved: Sample = transform(image, mask)
    return moved
