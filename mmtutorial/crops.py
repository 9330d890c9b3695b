"""Cut boxes out of images and resize them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import roi_align


def crop_and_resize(images: Tensor | Sequence[Tensor], boxes: Tensor, image_index: Tensor, output_size: int) -> Tensor:
    """Cut boxes out of images and resize them, all in one operation.

    Bilinear where a crop is enlarged. Where it shrinks, each output pixel is the mean of a grid of bilinear
    samples one pixel apart or closer, so that fine texture does not alias. Outside the image is 0.

    Args:
        images: N images (3, H, W), uint8 or float; sizes may differ.
        boxes: (P, 4) x0, y0, x1, y1 in pixels.
        image_index: (P,) the image of each box.
        output_size: side S of the result in pixels.

    Returns:
        (P, 3, S, S) of the images' type; uint8 is rounded.
    """
    canvas = _canvas(images)
    rois = torch.cat((image_index[:, None], boxes), dim=1).to(canvas)
    # One pixel is the canvas's border. roi_align's grid of samples has ceil(side / output) points a bin.
    rois[:, 1:] += 1
    patches = roi_align(canvas, rois, output_size, sampling_ratio=-1, aligned=True)
    return patches.round().to(torch.uint8) if images[0].dtype == torch.uint8 else patches


def _canvas(images: Tensor | Sequence[Tensor]) -> Tensor:
    """(N, 3, H, W) float of the images, each with a border of zeros that makes "outside" read as zero.

    Without the border roi_align would repeat the edge for the first pixel outside.
    """
    height = max(image.shape[-2] for image in images)
    width = max(image.shape[-1] for image in images)
    dtype = torch.float32 if images[0].dtype == torch.uint8 else images[0].dtype
    canvas = torch.zeros((len(images), 3, height + 2, width + 2), dtype=dtype, device=images[0].device)
    for place, image in zip(canvas, images, strict=True):
        place[:, 1 : image.shape[-2] + 1, 1 : image.shape[-1] + 1] = image
    return canvas
