"""Mix: sample labelled patches from many images.

A few patches from each of many images show the network more classes and scales in one step than whole
images could. Each patch is centred on a labelled pixel; nine in ten stand on an object.

Source: ``RandomSamplingLayer`` and ``create_patch.createRandomPatchImg`` in the authors' code, which draw
10 patches of a 512 x 512 crop, 64 to 256 pixels wide, and resize them to 128. Where that code and this
differ: an image without background (or without objects) gives only patches that carry their true label,
and the overlap of a patch is a share of its own area, not of the first candidate's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import roi_align

from mmtutorial.datasets.classes import VOID
from mmtutorial.errors import InputError, unknown

# As the authors' code: five candidates for each patch wanted, and an object patch is passed over when more
# than 60 % of it is covered by those already kept.
CANDIDATES_PER_PATCH = 5
MAX_COVERED = 0.6

LARGE_PATCH = 96
"""Side in pixels from which patches of stored photos are resized one by one."""

LabelBy = Literal["centre", "majority"]
_Mask = npt.NDArray[np.uint8]
_Boxes = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class PatchBatch:
    """Patches of one batch of images, mixed.

    Attributes:
        images: (P, 3, S, S), the resized crops, of the images' type and range.
        labels: (P,) long, class of each patch; never void.
        boxes: (P, 4) long, x0, y0, x1, y1 in pixels of the image; may reach outside it.
        image_index: (P,) long, the image each patch comes from.
    """

    images: Tensor
    labels: Tensor
    boxes: Tensor
    image_index: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        size = self.images.shape[-1]
        classes, images = self.labels.unique(), self.image_index.unique()
        return (
            f"PatchBatch({len(self)} patches of {size}x{size} pixels, "
            f"{len(classes)} classes, from {len(images)} images)"
        )


def sample_patches(
    images: Tensor | Sequence[Tensor],
    masks: Tensor | Sequence[Tensor],
    *,
    per_image: int = 10,
    side: tuple[int, int] = (64, 256),
    output_size: int = 128,
    background_share: float = 0.1,
    label_by: LabelBy = "centre",
    generator: torch.Generator,
    background_ids: Sequence[int] = (0,),
) -> PatchBatch:
    """Draw patches round labelled pixels of every image.

    Args:
        images: N images (3, H, W), uint8 or float: one tensor, or a sequence whose sizes may differ.
        masks: N integer masks (H, W) of the same sizes; 255 is void.
        per_image: patches an image.
        side: smallest and largest side of a patch in pixels, both included; each is drawn uniformly.
        output_size: side in pixels to which every patch is resized.
        background_share: share of patches centred on background: ``max(1, floor(share * per_image))`` of
            an image, none at share 0. An image with only one of the two gives all its patches there.
        label_by: ``"centre"``, the class of the centre pixel (the original); or ``"majority"``, the class
            with most labelled pixels inside the patch.
        generator: source of all random numbers.
        background_ids: ids that count as background. Empty (street scenes): all centres are drawn alike.

    Returns:
        N * per_image patches, in the order of the images.

    Raises:
        InputError: an argument is out of its range, a mask holds no class ids, or an image has no labelled pixel.

    Example:
        >>> from mmtutorial.datasets import open_dataset
        >>> from mmtutorial.randomness import seeded
        >>> images, masks = zip(*open_dataset("scenes").subset(range(4)))
        >>> batch = sample_patches(images, masks, per_image=5, side=(24, 48), output_size=32, generator=seeded(0))
        >>> batch.images.shape, batch.image_index.bincount().tolist()
        (torch.Size([20, 3, 32, 32]), [5, 5, 5, 5])
        >>> bool((batch.boxes[:, 2] - batch.boxes[:, 0] <= 48).all())
        True
    """
    _check_arguments(images, masks, per_image, side, output_size, background_share, label_by)
    boxes, labels = [], []
    for index, mask in enumerate(masks):
        # Turning these into uint8 would make other classes of them without a word: 1 of 257, 254 of -2.
        if mask.is_floating_point() or (mask.dtype != torch.uint8 and bool(((mask < 0) | (mask > VOID)).any())):
            raise InputError(f"mask {index} is {mask.dtype}, or has ids outside 0..{VOID}; give integer class ids")
        pixels = np.asarray(mask.cpu(), dtype=np.uint8)
        if mask.shape != images[index].shape[-2:]:
            raise InputError(
                f"image {index} has {tuple(images[index].shape[-2:])} pixels but its mask {tuple(mask.shape)}; "
                "give masks of the same height and width"
            )
        drawn = _draw_boxes(pixels, per_image, side, background_share, tuple(background_ids), generator, index)
        boxes.append(drawn)
        labels.append(_labels(pixels, drawn, label_by))
    all_boxes = torch.from_numpy(np.concatenate(boxes))
    image_index = torch.arange(len(boxes)).repeat_interleave(per_image)
    return PatchBatch(
        images=crop_and_resize(images, all_boxes, image_index, output_size),
        labels=torch.from_numpy(np.concatenate(labels)),
        boxes=all_boxes,
        image_index=image_index,
    )


def _draw_boxes(
    mask: _Mask,
    count: int,
    side: tuple[int, int],
    background_share: float,
    background_ids: tuple[int, ...],
    generator: torch.Generator,
    index: int,
) -> _Boxes:
    """(count, 4) boxes of one image: object patches first, then background."""
    # Of few ids, comparing with each in turn is faster than numpy's isin.
    is_background = np.zeros(mask.shape, dtype=bool)
    for background_id in set(background_ids) - {VOID}:
        is_background |= mask == background_id
    background = np.flatnonzero(is_background)
    foreground = np.flatnonzero(~is_background & (mask != VOID))
    if len(background) + len(foreground) == 0:
        raise InputError(f"the mask of image {index} is void everywhere; leave the image out or label it")
    # The tiny addend undoes the rounding of products such as 0.29 * 100.
    n_background = max(1, int(background_share * count + 1e-9)) if background_share > 0 else 0
    if len(background) == 0:
        n_background = 0
    elif len(foreground) == 0:
        n_background = count
    objects = _candidates(foreground, count - n_background, mask.shape[1], side, generator)
    return np.concatenate(
        (
            _spread_out(objects, count - n_background, (mask.shape[0], mask.shape[1])),
            _candidates(background, n_background, mask.shape[1], side, generator)[:n_background],
        )
    )


def _candidates(
    pool: npt.NDArray[np.int64], wanted: int, width: int, side: tuple[int, int], generator: torch.Generator
) -> _Boxes:
    """(5 * wanted, 4) boxes round pixels drawn uniformly, with replacement, from a pool of flat indices."""
    n = CANDIDATES_PER_PATCH * wanted
    if n == 0:
        return np.empty((0, 4), dtype=np.int64)
    centres = pool[torch.randint(len(pool), (n,), generator=generator).numpy()]
    sides = torch.randint(side[0], side[1] + 1, (n,), generator=generator).numpy()
    x0, y0 = centres % width - sides // 2, centres // width - sides // 2
    return np.stack((x0, y0, x0 + sides, y0 + sides), axis=1)


def _spread_out(candidates: _Boxes, wanted: int, shape: tuple[int, int]) -> _Boxes:
    """The first ``wanted`` candidates that the earlier ones do not mostly cover; rejects top them up."""
    covered = np.zeros(shape, dtype=bool)
    kept: list[int] = []
    rejected: list[int] = []
    for row, box in enumerate(candidates):
        if len(kept) == wanted:
            break
        inside = _window(covered, box)
        if np.count_nonzero(inside) > MAX_COVERED * inside.size:
            rejected.append(row)
        else:
            kept.append(row)
            inside[...] = True
    return candidates[(kept + rejected)[:wanted]]


def _labels(mask: _Mask, boxes: _Boxes, label_by: LabelBy) -> npt.NDArray[np.int64]:
    """(P,) class of each box."""
    if label_by == "centre":
        half = (boxes[:, 2] - boxes[:, 0]) // 2
        return mask[boxes[:, 1] + half, boxes[:, 0] + half].astype(np.int64)
    # The centre is labelled, so some class other than void always occurs; ties go to the smaller id.
    counts = [np.bincount(_window(mask, box).ravel(), minlength=VOID + 1)[:VOID] for box in boxes]
    return np.array([count.argmax() for count in counts], dtype=np.int64)


def _window(array: npt.NDArray[np.generic], box: _Boxes) -> npt.NDArray[np.generic]:
    """View of the part of a box that lies inside an (H, W) array."""
    x0, y0, x1, y1 = np.maximum(box, 0)
    return array[y0:y1, x0:x1]


def _check_arguments(
    images: Tensor | Sequence[Tensor],
    masks: Tensor | Sequence[Tensor],
    per_image: int,
    side: tuple[int, int],
    output_size: int,
    background_share: float,
    label_by: str,
) -> None:
    if len(images) != len(masks) or len(images) == 0:
        raise InputError(f"{len(images)} images and {len(masks)} masks; give one mask for each of 1 or more images")
    if per_image < 1 or output_size < 1:
        raise InputError(f"per_image is {per_image} and output_size {output_size}; both must be 1 or more")
    if not 1 <= side[0] <= side[1]:
        raise InputError(f"side is {side}; give (smallest, largest) in pixels with 1 <= smallest <= largest")
    if not 0 <= background_share <= 1:
        raise InputError(f"background_share is {background_share}; give a share between 0 and 1")
    if label_by not in get_args(LabelBy):
        raise unknown("label_by", label_by, get_args(LabelBy))


def crop_and_resize(images: Tensor | Sequence[Tensor], boxes: Tensor, image_index: Tensor, output_size: int) -> Tensor:
    """Cut boxes out of images and resize them. Outside the image is 0.

    Bilinear where a crop is enlarged. Where it shrinks, each output pixel is a mean of several, so that fine texture
    does not alias: of a grid of bilinear samples one pixel apart or closer, all in one operation on any device. Large
    patches of stored photos on the processor, which this would keep waiting, are resized one by one with Pillow's
    triangle in its place, seven times as fast: about a level apart on photos.

    Args:
        images: N images (3, H, W), uint8 or float; sizes may differ.
        boxes: (P, 4) x0, y0, x1, y1 in pixels.
        image_index: (P,) the image of each box.
        output_size: side S of the result in pixels.

    Returns:
        (P, 3, S, S) of the images' type; uint8 is rounded.

    Example:
        >>> image = torch.arange(48.0).reshape(1, 3, 4, 4)
        >>> same = crop_and_resize(image, torch.tensor([[0, 0, 4, 4]]), torch.tensor([0]), 4)
        >>> torch.allclose(same, image)
        True
    """
    stored = images[0].dtype == torch.uint8 and images[0].device.type == "cpu" and not boxes.is_floating_point()
    if stored and output_size >= LARGE_PATCH:
        return _resized_one_by_one(images, boxes, image_index, output_size)
    canvas = _canvas(images)
    rois = torch.cat((image_index[:, None], boxes), dim=1).to(canvas)
    # One pixel is the canvas's border. roi_align's grid of samples has ceil(side / output) points a bin.
    rois[:, 1:] += 1
    patches = roi_align(canvas, rois, output_size, sampling_ratio=-1, aligned=True)
    return patches.round().to(torch.uint8) if images[0].dtype == torch.uint8 else patches


def _resized_one_by_one(
    images: Tensor | Sequence[Tensor], boxes: Tensor, image_index: Tensor, output_size: int
) -> Tensor:
    """(P, 3, S, S) uint8: torch's own resize of bytes, which never makes them floats."""
    patches = torch.empty((len(boxes), 3, output_size, output_size), dtype=torch.uint8)
    for patch, (x0, y0, x1, y1), index in zip(patches, boxes.tolist(), image_index.tolist(), strict=True):
        height, width = images[index].shape[-2:]
        left, right = sorted(min(max(x, 0), width) for x in (x0, x1))
        top, bottom = sorted(min(max(y, 0), height) for y in (y0, y1))
        crop = images[index][:, top:bottom, left:right]
        if crop.shape[-2:] != (y1 - y0, x1 - x0):
            whole = crop.new_zeros((3, y1 - y0, x1 - x0))
            whole[:, top - y0 : bottom - y0, left - x0 : right - x0] = crop
            crop = whole
        patch[None] = F.interpolate(crop[None], patch.shape[-2:], mode="bilinear", antialias=True)
    return patches


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
