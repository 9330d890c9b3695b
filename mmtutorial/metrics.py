"""How good a segmentation is: intersection over union, from one confusion matrix over all images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmtutorial.datasets.classes import VOID
from mmtutorial.errors import InputError


def confusion_matrix(truths: Sequence[Tensor], predictions: Sequence[Tensor], classes: int) -> Tensor:
    """Count pixels by true and predicted class.

    Args:
        truths: integer masks (H, W); 255 is void and not counted.
        predictions: integer masks of the same sizes, without void.
        classes: K.

    Returns:
        (K, K) long; row = truth, column = prediction.

    Raises:
        InputError: the masks do not fit each other, or hold ids that are no class.

    Example:
        >>> truth, prediction = torch.tensor([[0, 0, 1, 255]]), torch.tensor([[0, 1, 1, 1]])
        >>> confusion_matrix([truth], [prediction], classes=2).tolist()  # void is not counted
        [[1, 1], [0, 1]]
    """
    total = torch.zeros((classes, classes), dtype=torch.long)
    if len(truths) != len(predictions):
        raise InputError(f"{len(truths)} true masks and {len(predictions)} predictions; give one for each image")
    for index, (truth, prediction) in enumerate(zip(truths, predictions, strict=True)):
        if truth.shape != prediction.shape:
            raise InputError(
                f"image {index}: the true mask has size {tuple(truth.shape)}, the prediction "
                f"{tuple(prediction.shape)}; predict at the size of the image"
            )
        # Plain tensors: the mask of a data set is a tv_tensor.
        true, predicted = (torch.as_tensor(mask).as_subclass(Tensor).flatten() for mask in (truth, prediction))
        if not true.numel():
            continue
        total += _pairs(index, true, predicted, classes).cpu()
    return total


def _pairs(index: int, true: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """(K, K) counts of one image. Ids that are no class are refused, and void in the prediction."""
    low, high = (int(end) for end in predicted.aminmax())
    lowest, highest = (int(end) for end in true.aminmax())
    if 0 <= low <= high < classes and 0 <= lowest <= highest <= VOID:
        # A pair of classes is one number, and counting numbers is one pass over the pixels. Void has a row of its own,
        # which is left out. Short numbers are added several times as fast as torch's own.
        short = torch.int16 if (VOID + 1) * classes <= torch.iinfo(torch.int16).max else torch.int32
        pairs = torch.add(predicted.to(short), true.to(short), alpha=classes)
        counts = torch.bincount(pairs, minlength=(VOID + 1) * classes).view(VOID + 1, classes)
        if not bool(counts[classes:VOID].any()):
            return counts[:classes]
    labelled = true[true != VOID]
    if len(labelled):
        low, high = min(low, int(labelled.min())), max(high, int(labelled.max()))
    raise InputError(
        f"image {index}: ids go from {low} to {high}, but there are {classes} classes; "
        f"give ids 0 to {classes - 1}, and {VOID} for void in the true mask"
    )


def scored_classes(confusion: Tensor) -> Tensor:
    """Say which classes are scored: those that the truth shows, whatever was predicted.

    Args:
        confusion: (K, K) counts; row = truth, column = prediction.

    Returns:
        (K,) bool.

    Example:
        >>> scored_classes(torch.tensor([[3, 1], [0, 0]])).tolist()
        [True, False]
    """
    return confusion.sum(1) > 0


def per_class_iou(confusion: Tensor) -> Tensor:
    """Return the intersection over union of each class that the truth shows.

    Args:
        confusion: (K, K) counts; row = truth, column = prediction.

    Returns:
        (K,) double, 0 to 1; NaN for a class of which the truth has no pixel. Pixels that were called such a class count
        all the same, in the union of the class that they truly are: as missed pixels.

    Example:
        >>> per_class_iou(torch.tensor([[1, 1], [0, 1]])).tolist()
        [0.5, 0.5]
        >>> per_class_iou(torch.tensor([[3, 1], [0, 0]])).tolist()  # the truth has no pixel of the second class
        [0.75, nan]
    """
    counts = confusion.double()
    intersection = counts.diagonal()
    union = counts.sum(0) + counts.sum(1) - intersection
    return torch.where(scored_classes(confusion), intersection / union, torch.nan)


def mean_iou(confusion: Tensor) -> float:
    """Return the mean intersection over union of the classes that the truth shows, 0 to 1.

    The truth of the scored images alone decides which classes these are. So two networks that are scored on the same
    images are always averaged over the same classes: neither one that invents a pixel of a class which no image shows,
    nor one that never finds a class which some image shows, changes what the mean is of. The invented pixel costs what
    any wrong pixel costs, in the class that it truly is. Background counts as a class, as on the slides. NaN where the
    truth has no pixel at all.

    Args:
        confusion: (K, K) counts over all images; row = truth, column = prediction.

    Example:
        >>> mean_iou(torch.tensor([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
        0.7083333333333333
        >>> mean_iou(torch.tensor([[3, 1], [0, 0]]))
        0.75
    """
    return float(per_class_iou(confusion).nanmean())
