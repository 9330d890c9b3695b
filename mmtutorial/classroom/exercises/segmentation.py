"""Exercises of notebook 06: segmentation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import (
    Case,
    Exercise,
    Misconception,
    compare_numbers,
    compare_tensors,
    mistaken,
    require_gradient,
)
from mmtutorial.datasets.classes import VOID


# ---------------------------------------------------------------- 06.pixel_loss
def _pixel_loss(scores: Tensor, mask: Tensor, mistake: str = "") -> float:
    """Mean cross-entropy of the labelled pixels, one by one; optionally with one mistake."""
    by_image: list[list[float]] = []
    for image, truth in zip(scores, mask, strict=True):
        by_image.append([])
        for y, row in enumerate(truth.tolist()):
            for x, label in enumerate(row):
                known = label if label != VOID else 0
                if label == VOID and mistake != "void":
                    continue
                chance = _softmax((image[known] if mistake == "over a row" else image[:, y, x]).flatten().tolist())
                right = chance[y * len(row) + x] if mistake == "over a row" else chance[known]
                by_image[-1].append(1 - right if mistake == "no logarithm" else -math.log(right))
    losses = [value for image in by_image for value in image]
    if mistake == "image by image":
        means = [sum(values) / len(values) for values in by_image if values]
        return sum(means) / max(len(means), 1)
    if mistake == "sum":
        return sum(losses)
    if mistake == "nothing labelled" and not losses:
        return math.nan
    return sum(losses) / max(mask.numel() if mistake == "all pixels" else len(losses), 1)


_LOSS_HINTS = {
    "void": "Void (255) is no class: these pixels are left out, not taken for background.",
    "all pixels": "The mean is over the labelled pixels; yours is divided by the number of all pixels.",
    "image by image": "All labelled pixels of the batch weigh alike; yours is a mean of the images' means.",
    "sum": "The mean over the labelled pixels is asked for; this is their sum.",
    "no logarithm": "The loss of a pixel is minus the logarithm of the probability of its true class.",
    "over a row": "The probabilities of a pixel add up to 1 over the classes, not over the pixels.",
    "nothing labelled": "A batch without a labelled pixel divides 0 by 0. Its loss should be 0.",
}


def _pixel_loss_check(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(12):
        generator = ask.seeded(seed)
        scores = torch.randn((2, 4, 3, 5), generator=generator) * 2
        mask = torch.randint(4, (2, 3, 5), generator=generator)
        # The first image has more void than the second, so that a mean over images differs.
        mask[0][torch.rand((3, 5), generator=generator) < 0.5] = VOID
        mask[1, 0, 0] = VOID
        cases.append((f"scores of 4 classes, 2 images of 3 x 5 pixels, some void, seed {seed}", (scores, mask)))
    cases.append(("two images, nothing labelled", (scores, mask * 0 + VOID)))
    mistakes = mistaken(_pixel_loss, _LOSS_HINTS)
    compare_numbers(ask, cases, _pixel_loss, mistakes)
    scores, mask = cases[0][1]
    require_gradient(ask, "scores that ask for a gradient", scores.requires_grad_(), mask)


# ---------------------------------------------------------------- 06.mean_iou
def _miou(truths: Sequence[Tensor], predictions: Sequence[Tensor], classes: int, mistake: str = "") -> float:
    """Mean intersection over union, counted pixel by pixel; optionally with one mistake."""
    if mistake == "image by image":
        each = [_miou([t], [p], classes) for t, p in zip(truths, predictions, strict=True)]
        each = [value for value in each if not math.isnan(value)]
        return sum(each) / len(each) if each else math.nan
    pairs: Counter[tuple[int, int]] = Counter()
    for truth, prediction in zip(truths, predictions, strict=True):
        pairs.update(zip(truth.flatten().tolist(), prediction.flatten().tolist(), strict=True))
    if mistake != "void":
        pairs = Counter({(t, p): n for (t, p), n in pairs.items() if t != VOID})
    if mistake == "pixel accuracy":
        return sum(n for (t, p), n in pairs.items() if t == p) / max(pairs.total(), 1)
    scores = []
    for label in range(1 if mistake == "no background" else 0, classes):
        both = pairs[label, label]
        true = sum(n for (t, _), n in pairs.items() if t == label)
        predicted = sum(n for (_, p), n in pairs.items() if p == label)
        union = true + predicted - both
        if mistake == "recall":
            union = true
        elif mistake == "dice":
            both, union = 2 * both, true + predicted
        elif mistake == "no intersection taken off":
            union = true + predicted
        if true or (predicted and mistake == "predicted is enough"):
            scores.append(both / union)
        elif mistake == "absent is 0":
            scores.append(0.0)
        elif mistake == "absent is 1":
            scores.append(1.0)
    return sum(scores) / len(scores) if scores else math.nan


_MIOU_HINTS = {
    "image by image": "Count over all images first and divide once at the end; yours is a mean over images.",
    "void": "Pixels whose truth is void (255) do not count, whatever was predicted there.",
    "no background": "Background is a class like the others and counts in the mean.",
    "predicted is enough": "A class of which the truth has no pixel is left out, predicted or not: the truth decides.",
    "absent is 0": "A class of which the truth has no pixel has no IoU; leave it out of the mean.",
    "absent is 1": "A class of which the truth has no pixel has no IoU; leave it out of the mean.",
    "pixel accuracy": "This is the share of right pixels; a large class outweighs all others in it.",
    "recall": "The union has the pixels that were predicted wrongly as this class as well.",
    "dice": "This is the Dice score; IoU divides the intersection once by the union.",
    "no intersection taken off": "Pixels that are both true and predicted are in the union once, not twice.",
}


def _mean_iou(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(15):
        generator = ask.seeded(seed)
        classes = 3 + seed % 4
        truths, predictions = [], []
        for image in range(3):
            # Each image has its own classes, so that a mean over images differs from the mean over all pixels.
            truth = torch.randint(1 + (seed + image) % classes, (6, 5 + image), generator=generator)
            wrong = torch.rand(truth.shape, generator=generator) < 0.3
            prediction = torch.where(wrong, torch.randint(classes - 1, truth.shape, generator=generator), truth)
            truth[torch.rand(truth.shape, generator=generator) < 0.1] = VOID
            truths.append(truth)
            predictions.append(prediction)
        cases.append((f"3 images, {classes} classes, some void, seed {seed}", (truths, predictions, classes)))
    ones = torch.ones((2, 3), dtype=torch.long)
    cases += [
        ("a perfect prediction of one class out of four", ([ones], [ones], 4)),
        ("a class that is predicted and never true", ([ones], [torch.tensor([[1, 1, 2], [1, 1, 1]])], 3)),
        ("everything wrong", ([ones], [ones * 0], 2)),
        ("one image all void", ([ones, ones * VOID], [ones, ones * 0], 2)),
    ]
    mistakes = mistaken(_miou, _MIOU_HINTS)
    compare_numbers(ask, cases, _miou, mistakes)


# ---------------------------------------------------------------- 06.ensemble
def _vote(first: Tensor, second: Tensor) -> Tensor:
    """(H, W) class of the highest mean probability, pixel by pixel."""
    _, height, width = first.shape
    answer = torch.zeros((height, width), dtype=torch.long)
    for y in range(height):
        for x in range(width):
            chances = [_softmax(scores[:, y, x].tolist()) for scores in (first, second)]
            mean = [(a + b) / 2 for a, b in zip(*chances, strict=True)]
            answer[y, x] = max(range(len(mean)), key=mean.__getitem__)
    return answer


def _softmax(scores: list[float]) -> list[float]:
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    return [power / sum(powers) for power in powers]


_ENSEMBLE_MISTAKES = (
    Misconception(
        "The mean is taken of probabilities, not of raw scores: one loud network would drown the other.",
        lambda a, b: (a + b).argmax(0),
    ),
    Misconception("Only the first network is heard.", lambda a, b: a.argmax(0)),
    Misconception("Only the second network is heard.", lambda a, b: b.argmax(0)),
    Misconception(
        "Class numbers have no mean: between class 0 and class 2 lies no class 1.",
        lambda a, b: (a.argmax(0) + b.argmax(0)) // 2,
    ),
    Misconception(
        "The probabilities of one pixel add up to 1 over the classes: softmax goes over the first axis.",
        lambda a, b: (a.softmax(1) + b.softmax(1)).argmax(0),
    ),
    Misconception(
        "softmax goes over the classes, the first axis, not along a row.",
        lambda a, b: (a.softmax(2) + b.softmax(2)).argmax(0),
    ),
    Misconception(
        "These are probabilities; asked for is the class of the highest one.",
        lambda a, b: (a.softmax(0) + b.softmax(0)) / 2,
    ),
    Misconception(
        "The surer of the two does not decide alone; take the mean.",
        lambda a, b: torch.maximum(a.softmax(0), b.softmax(0)).argmax(0),
    ),
)


def _ensemble(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(12):
        generator = ask.seeded(seed)
        first = torch.randn((4, 5, 6), generator=generator) * 2
        second = torch.randn((4, 5, 6), generator=generator) * (1 + 3 * (seed % 2))
        cases.append((f"scores of 4 classes on 5 x 6 pixels, seed {seed}", (first, second)))
    one = torch.randn((3, 1, 1), generator=ask.seeded(1))
    cases += [
        ("one pixel", (one, one * 2)),
        ("scores in the hundreds", (torch.tensor([[[300.0]], [[100.0]]]), torch.tensor([[[0.0]], [[0.5]]]))),
        ("a single class", (torch.zeros((1, 2, 2)), torch.ones((1, 2, 2)))),
    ]
    compare_tensors(ask, cases, _vote, _ENSEMBLE_MISTAKES)


# ---------------------------------------------------------------- 06.error_causes
def _causes(truth: Tensor, prediction: Tensor, edge: Tensor, mistake: str = "") -> Tensor:
    """Wrong pixels near an edge, missed, invented and confused, counted one by one; optionally with one mistake."""
    counts = [0, 0, 0, 0]
    pixels = zip(truth.flatten().tolist(), prediction.flatten().tolist(), edge.flatten().tolist(), strict=True)
    for true, predicted, near in pixels:
        if true == VOID and mistake != "void":
            continue
        if true == predicted and not (mistake == "right ones" and near):
            continue
        if near and mistake != "edge last":
            counts[0] += 1
            if mistake != "twice" or true == predicted:
                continue
        counts[1 if predicted == 0 else 2 if true == 0 else 3] += 1
    if mistake == "swapped":
        counts[1], counts[2] = counts[2], counts[1]
    answer = torch.tensor(counts)
    return answer / answer.sum() if mistake == "shares" else answer


_CAUSE_HINTS = {
    "void": "Where the truth is void (255) nobody knows what is right, so no prediction is wrong there.",
    "right ones": "A pixel near an edge that is predicted rightly is no error.",
    "twice": "Each wrong pixel has one cause: those near an edge are not counted again under the other three.",
    "edge last": "The edge comes first: a wrong pixel near an edge counts there, whatever it was called.",
    "swapped": "Missed is an object that was called background; invented is background that was called an object.",
    "shares": "Asked for are counts of pixels, not shares.",
}


def _error_causes(ask: Ask) -> None:
    """Masks with objects, void and wrong pixels of every kind, then degenerate ones."""
    cases: list[Case] = []
    for seed in range(12):
        generator = ask.seeded(seed)
        truth = torch.randint(4, (7, 9), generator=generator) * torch.randint(2, (7, 9), generator=generator)
        wrong = torch.rand(truth.shape, generator=generator) < 0.5
        prediction = torch.where(wrong, torch.randint(4, truth.shape, generator=generator), truth)
        truth[torch.rand(truth.shape, generator=generator) < 0.15] = VOID
        edge = torch.rand(truth.shape, generator=generator) < 0.4
        cases.append((f"7 x 9 pixels, 4 classes, some void, seed {seed}", (truth, prediction, edge)))
    ones, nowhere = torch.ones((2, 3), dtype=torch.long), torch.zeros((2, 3), dtype=torch.bool)
    cases += [
        ("one object, all missed", (ones, ones * 0, nowhere)),
        ("background, an object invented all over it", (ones * 0, ones, nowhere)),
        ("one object, called another", (ones, ones * 2, nowhere)),
        ("one object, missed, all of it near an edge", (ones, ones * 0, ~nowhere)),
        ("a perfect prediction", (ones, ones, ~nowhere)),
        ("void all over", (ones * VOID, ones, nowhere)),
    ]
    mistakes = mistaken(_causes, _CAUSE_HINTS)
    compare_tensors(ask, cases, _causes, mistakes)


EXERCISES = (
    Exercise(
        "06.pixel_loss",
        ("scores", "mask"),
        _pixel_loss_check,
    ),
    Exercise(
        "06.mean_iou",
        ("truths", "predictions", "classes"),
        _mean_iou,
    ),
    Exercise(
        "06.error_causes",
        ("truth", "prediction", "edge"),
        _error_causes,
    ),
    Exercise("06.ensemble", ("first", "second"), _ensemble),
)
