"""Score a data set that need not fit into memory: a portion at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.metrics import confusion_matrix

MasksOf = Callable[[Sequence[Tensor]], list[Tensor]]
"""Masks (H, W) of images (3, H, W): one network, or several together."""

# Images at once: 250 MB at 2048 x 1024.
_PORTION = 32


def truths_and_masks(images: SegmentationDataset, masks_of: MasksOf) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    """True and predicted masks of some images after the other, in the data set's order."""
    for start in range(0, len(images), _PORTION):
        pairs = [images[i] for i in range(start, min(start + _PORTION, len(images)))]
        yield [mask for _, mask in pairs], masks_of([image for image, _ in pairs])


def confusion_on(images: SegmentationDataset, masks_of: MasksOf) -> Tensor:
    """(K, K) counts over all images; row = truth, column = prediction."""
    classes = len(images.classes)
    total = torch.zeros((classes, classes), dtype=torch.long)
    for truths, masks in truths_and_masks(images, masks_of):
        total += confusion_matrix(truths, masks, classes)
    return total
