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
    from torchmetrics.functional.classification import multiclass_confusion_matrix

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
        true, predicted = (torch.as_tensor(mask).as_subclass(Tensor).long() for mask in (truth, prediction))
        seen = torch.cat((true[true != VOID], predicted.flatten()))
        if len(seen) and not 0 <= int(seen.min()) <= int(seen.max()) < classes:
            raise InputError(
                f"image {index}: ids go from {int(seen.min())} to {int(seen.max())}, but there are {classes} classes; "
                f"give ids 0 to {classes - 1}, and {VOID} for void in the true mask"
            )
        total += multiclass_confusion_matrix(
            predicted, true, num_classes=classes, ignore_index=VOID, validate_args=False
        )
    return total


def per_class_iou(confusion: Tensor) -> Tensor:
    """Intersection over union of each class.

    Args:
        confusion: (K, K) counts; row = truth, column = prediction.

    Returns:
        (K,) double, 0 to 1; NaN for a class that occurs neither in the truth nor in the predictions.

    Example:
        >>> per_class_iou(torch.tensor([[1, 1], [0, 1]])).tolist()
        [0.5, 0.5]
        >>> per_class_iou(torch.tensor([[3, 0], [0, 0]])).tolist()  # a class that is nowhere
        [1.0, nan]
    """
    counts = confusion.double()
    intersection = counts.diagonal()
    return intersection / (counts.sum(0) + counts.sum(1) - intersection)


def mean_iou(confusion: Tensor) -> float:
    """Mean intersection over union of the classes that occur (in truth or prediction), 0 to 1.

    Background counts as a class, as on the slides. NaN where no class occurs.

    Args:
        confusion: (K, K) counts; row = truth, column = prediction.

    Example:
        >>> mean_iou(torch.tensor([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
        0.7083333333333333
    """
    return float(per_class_iou(confusion).nanmean())
