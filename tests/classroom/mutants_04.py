"""Typical wrong answers to the exercises of notebook 04, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.classroom import answers


def _hinge_mean(points: Tensor, triplets: Tensor, margin: float) -> Tensor:
    a, p, n = points[triplets].unbind(1)
    return ((a - p).square().sum(1) - (a - n).square().sum(1) + margin).clamp(min=0).mean()


def not_squared(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return F.triplet_margin_loss(*F.normalize(embeddings)[triplets].unbind(1), margin=margin)


def not_normalised(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return _hinge_mean(embeddings, triplets, margin)


def normalised_over_the_batch(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return _hinge_mean(embeddings / embeddings.norm(), triplets, margin)


def normalised_by_columns(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return _hinge_mean(F.normalize(embeddings, dim=0), triplets, margin)


def wrong_way_round(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return _hinge_mean(F.normalize(embeddings), triplets[:, [0, 2, 1]], margin)


def no_hinge(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    a, p, n = F.normalize(embeddings)[triplets].unbind(1)
    return ((a - p).square().sum(1) - (a - n).square().sum(1) + margin).mean()


def summed(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return answers.triplet_loss(embeddings, triplets, margin) * len(triplets)


def halved(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return answers.triplet_loss(embeddings, triplets, margin) / 2


def mean_of_active(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    a, p, n = F.normalize(embeddings)[triplets].unbind(1)
    losses = ((a - p).square().sum(1) - (a - n).square().sum(1) + margin).clamp(min=0)
    return losses[losses > 0].mean()


def nothing_divided_by_nothing(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return _hinge_mean(F.normalize(embeddings), triplets, margin)


def no_gradient(embeddings: Tensor, triplets: Tensor, margin: float) -> float:
    return answers.triplet_loss(embeddings, triplets, margin).item()


Gradients = tuple[Tensor, Tensor, Tensor]


def hinge_forgotten(a: Tensor, p: Tensor, n: Tensor, margin: float) -> Gradients:
    return 2 * (n - p), 2 * (p - a), 2 * (a - n)


def two_forgotten(a: Tensor, p: Tensor, n: Tensor, margin: float) -> Gradients:
    return tuple(part / 2 for part in answers.gradient(a, p, n, margin))


def downhill(a: Tensor, p: Tensor, n: Tensor, margin: float) -> Gradients:
    return tuple(-part for part in answers.gradient(a, p, n, margin))


def anchor_pulled_twice(a: Tensor, p: Tensor, n: Tensor, margin: float) -> Gradients:
    _, of_p, of_n = answers.gradient(a, p, n, margin)
    return 2 * (a - p) + 2 * (a - n), of_p, of_n


def sign_of_the_negative(a: Tensor, p: Tensor, n: Tensor, margin: float) -> Gradients:
    of_a, of_p, of_n = answers.gradient(a, p, n, margin)
    return of_a, of_p, -of_n


def middle_with_the_wrong_sign(positive: Tensor, negative: Tensor) -> Tensor:
    return (positive - negative).median()


def mean_for_middle(positive: Tensor, negative: Tensor) -> Tensor:
    return (negative - positive).mean()


def difference_of_middles(positive: Tensor, negative: Tensor) -> Tensor:
    return negative.median() - positive.median()


def the_paper_s_margin(positive: Tensor, negative: Tensor) -> float:
    return 2.1


def by_the_cosine(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    a, p, n = torch.nn.functional.normalize(embeddings, dim=1)[triplets].unbind(1)
    losses = ((2 - 2 * (a * p).sum(1)) - (2 - 2 * (a * n).sum(1)) + margin).clamp(min=0)
    return losses.sum() / max(len(losses), 1)


MUTANTS = {
    "04.triplet_loss": [
        (by_the_cosine, "it stays at the origin"),
        (not_squared, "distance is squared"),
        (not_normalised, "brought to length 1"),
        (normalised_over_the_batch, "share one length for the batch"),
        (normalised_by_columns, "coordinates of one embedding"),
        (wrong_way_round, "wrong way round"),
        (no_hinge, "hinge is missing"),
        (summed, "this is their sum"),
        (halved, "factor 1/2 too much"),
        (mean_of_active, "leaves out those whose loss is 0"),
        (nothing_divided_by_nothing, "divided by zero"),
        (no_gradient, "cut the gradient"),
    ],
    "04.gradient": [
        (hinge_forgotten, "hinge of this triplet is closed"),
        (two_forgotten, "factor 2 is missing"),
        (downhill, "All signs are turned round"),
        (anchor_pulled_twice, "two parts"),
        (sign_of_the_negative, "sign for the negative"),
    ],
    "04.half_quiet_margin": [
        (middle_with_the_wrong_sign, "sign is turned round"),
        (mean_for_middle, "mean of the differences is not their middle"),
        (difference_of_middles, "subtract triplet by triplet first"),
        (the_paper_s_margin, "no triplet is quiet"),
    ],
}
