"""Typical wrong answers to the exercises of notebook 06, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.metrics import confusion_matrix, per_class_iou

Masks = list[Tensor]


def void_as_background(scores: Tensor, mask: Tensor) -> Tensor:
    return F.cross_entropy(scores, torch.where(mask == 255, 0, mask))


def divided_by_all_pixels(scores: Tensor, mask: Tensor) -> Tensor:
    return F.cross_entropy(scores, mask, ignore_index=255, reduction="none").mean()


def torch_as_it_is(scores: Tensor, mask: Tensor) -> Tensor:
    return F.cross_entropy(scores, mask, ignore_index=255)


def mean_of_means(scores: Tensor, mask: Tensor) -> Tensor:
    labelled = (mask != 255).sum((1, 2)).clamp(min=1)
    each = F.cross_entropy(scores, mask, ignore_index=255, reduction="none").sum((1, 2)) / labelled
    return each.mean()


def cut_from_the_graph(scores: Tensor, mask: Tensor) -> Tensor:
    labelled = (mask != 255).sum().clamp(min=1)
    return F.cross_entropy(scores, mask, ignore_index=255, reduction="sum").detach() / labelled


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


def predicted_classes_too(truths: Masks, predictions: Masks, classes: int) -> float:
    counts = confusion_matrix(truths, predictions, classes).double()
    return float((counts.diagonal() / (counts.sum(0) + counts.sum(1) - counts.diagonal())).nanmean())


def pixel_accuracy(truths: Masks, predictions: Masks, classes: int) -> float:
    confusion = confusion_matrix(truths, predictions, classes).float()
    return float(confusion.diagonal().sum() / confusion.sum())


def dice(truths: Masks, predictions: Masks, classes: int) -> float:
    counts = confusion_matrix(truths, predictions, classes).double()
    return float((2 * counts.diagonal() / (counts.sum(0) + counts.sum(1)))[counts.sum(1) > 0].mean())


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


def causes(truth: Tensor, prediction: Tensor, edge: Tensor) -> list[Tensor]:
    wrong = (truth != prediction) & (truth != 255)
    inner = wrong & ~edge
    return [wrong & edge, inner & (prediction == 0), inner & (truth == 0), inner & (truth != 0) & (prediction != 0)]


def void_is_wrong(truth: Tensor, prediction: Tensor, edge: Tensor) -> Tensor:
    return torch.stack([part.sum() for part in causes(truth.where(truth != 255, 77), prediction, edge)])


def edges_counted_twice(truth: Tensor, prediction: Tensor, edge: Tensor) -> Tensor:
    found = causes(truth, prediction, edge & False)
    return torch.stack([causes(truth, prediction, edge)[0].sum(), *(part.sum() for part in found[1:])])


def all_of_the_edge(truth: Tensor, prediction: Tensor, edge: Tensor) -> Tensor:
    found = causes(truth, prediction, edge)
    return torch.stack([(edge & (truth != 255)).sum(), *(part.sum() for part in found[1:])])


def missed_for_invented(truth: Tensor, prediction: Tensor, edge: Tensor) -> Tensor:
    edges, missed, invented, confused = (part.sum() for part in causes(truth, prediction, edge))
    return torch.stack([edges, invented, missed, confused])


def shares_of_the_errors(truth: Tensor, prediction: Tensor, edge: Tensor) -> Tensor:
    counts = torch.stack([part.sum() for part in causes(truth, prediction, edge)])
    return counts / counts.sum()


MUTANTS = {
    "06.pixel_loss": [
        (void_as_background, "Void (255) is no class"),
        (divided_by_all_pixels, "number of all pixels"),
        (mean_of_means, "mean of the images' means"),
        (torch_as_it_is, "divides 0 by 0"),
        (cut_from_the_graph, "Training needs the gradient"),
    ],
    "06.error_causes": [
        (void_is_wrong, "no prediction is wrong there"),
        (edges_counted_twice, "Each wrong pixel has one cause"),
        (all_of_the_edge, "predicted rightly is no error"),
        (missed_for_invented, "Missed is an object"),
        (shares_of_the_errors, "not shares"),
    ],
    "06.mean_iou": [
        (mean_over_images, "mean over images"),
        (void_kept, "void (255) do not count"),
        (background_left_out, "Background is a class"),
        (absent_classes_as_zero, "leave it out of the mean"),
        (predicted_classes_too, "the truth decides"),
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
