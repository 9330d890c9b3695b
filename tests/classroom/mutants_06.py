"""Typical wrong answers to the exercises of notebook 06, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.metrics import confusion_matrix, per_class_iou

Masks = list[Tensor]


def mean_over_images(truths: Masks, predictions: Masks, classes: int) -> float:
    each = [
        per_class_iou(confusion_matrix([t], [p], classes)).nanmean() for t, p in zip(truths, predictions, strict=True)
    ]
    return float(torch.stack(each).nanmean())


def void_kept(truths: Masks, predictions: Masks, classes: int) -> float:
    moved = [torch.where(t == 255, classes, t) for t in truths]
    return float(per_class_iou(confusion_matrix(moved, predictions, classes + 1))[:classes].nanmean())


def background_left_out(truths: Masks, predictions: Masks, classes: int) -> float:
    return float(per_class_iou(confusion_matrix(truths, predictions, classes))[1:].nanmean())


def absent_classes_as_zero(truths: Masks, predictions: Masks, classes: int) -> float:
    return float(per_class_iou(confusion_matrix(truths, predictions, classes)).nan_to_num(0).mean())


def pixel_accuracy(truths: Masks, predictions: Masks, classes: int) -> float:
    confusion = confusion_matrix(truths, predictions, classes).float()
    return float(confusion.diagonal().sum() / confusion.sum())


def dice(truths: Masks, predictions: Masks, classes: int) -> float:
    counts = confusion_matrix(truths, predictions, classes).double()
    return float((2 * counts.diagonal() / (counts.sum(0) + counts.sum(1))).nanmean())


def recall(truths: Masks, predictions: Masks, classes: int) -> float:
    counts = confusion_matrix(truths, predictions, classes).double()
    return float((counts.diagonal() / counts.sum(1)).nanmean())


def scores_added(first: Tensor, second: Tensor) -> Tensor:
    return (first + second).argmax(0)


def class_numbers_averaged(first: Tensor, second: Tensor) -> Tensor:
    return (first.argmax(0) + second.argmax(0)) // 2


def softmax_over_rows(first: Tensor, second: Tensor) -> Tensor:
    return (first.softmax(1) + second.softmax(1)).argmax(0)


def probabilities(first: Tensor, second: Tensor) -> Tensor:
    return (first.softmax(0) + second.softmax(0)) / 2


def the_surer_decides(first: Tensor, second: Tensor) -> Tensor:
    return torch.stack((first.softmax(0), second.softmax(0))).amax(0).argmax(0)


MUTANTS = {
    "06.mean_iou": [
        (mean_over_images, "mean over images"),
        (void_kept, "void (255) do not count"),
        (background_left_out, "Background is a class"),
        (absent_classes_as_zero, "leave it out of the mean"),
        (pixel_accuracy, "share of right pixels"),
        (dice, "Dice"),
        (recall, "predicted wrongly as this class"),
    ],
    "06.ensemble": [
        (scores_added, "not of raw scores"),
        (class_numbers_averaged, "Class numbers have no mean"),
        (softmax_over_rows, "add up to 1 over the classes"),
        (probabilities, "asked for is the class"),
        (the_surer_decides, "does not decide alone"),
    ],
}
