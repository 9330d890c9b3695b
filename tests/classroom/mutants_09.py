"""Typical wrong answers to the exercises of notebook 09, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor


def _scores(embeddings: Tensor, temperature: float) -> Tensor:
    unit = embeddings / embeddings.norm(dim=1, keepdim=True)
    return unit @ unit.T / temperature


def _from(scores: Tensor, against: Tensor, labels: Tensor) -> Tensor:
    itself = torch.eye(len(labels), dtype=torch.bool)
    positive = (labels[:, None] == labels) & ~itself
    log_chance = scores - scores.masked_fill(~against, -torch.inf).logsumexp(1, keepdim=True)
    anchors = positive.any(1)
    each = -(log_chance * positive).sum(1)[anchors] / positive.sum(1)[anchors]
    return each.mean() if len(each) else scores.sum() * 0


def itself_in_the_denominator(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    return _from(_scores(embeddings, temperature), torch.ones(len(labels), len(labels), dtype=torch.bool), labels)


def negatives_only(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    return _from(_scores(embeddings, temperature), labels[:, None] != labels, labels)


def without_temperature(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    return _from(_scores(embeddings, 1.0), ~torch.eye(len(labels), dtype=torch.bool), labels)


def times_temperature(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    return _from(_scores(embeddings, 1 / temperature), ~torch.eye(len(labels), dtype=torch.bool), labels)


def not_normalised(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    return _from(embeddings @ embeddings.T / temperature, ~torch.eye(len(labels), dtype=torch.bool), labels)


def _where(pairs: Tensor, negative: Tensor) -> Tensor:
    return torch.nonzero(pairs[:, :, None] & negative[:, None, :])


def _same(labels: Tensor) -> Tensor:
    return labels[:, None] == labels


def its_own_positive(labels: Tensor) -> Tensor:
    return _where(_same(labels), ~_same(labels))


def each_pair_once(labels: Tensor) -> Tensor:
    return _where(_same(labels).triu(diagonal=1), ~_same(labels))


def anyone_as_negative(labels: Tensor) -> Tensor:
    others = ~torch.eye(len(labels), dtype=torch.bool)
    return _where(_same(labels) & others, others)


def columns_changed(labels: Tensor) -> Tensor:
    pairs = _same(labels) & ~torch.eye(len(labels), dtype=torch.bool)
    return _where(pairs, ~_same(labels))[:, [0, 2, 1]]


def one_negative_a_pair(labels: Tensor) -> Tensor:
    pairs = _same(labels) & ~torch.eye(len(labels), dtype=torch.bool)
    first = (~_same(labels)) & ((~_same(labels)).cumsum(dim=1) == 1)
    return _where(pairs, first)


def a_list_when_empty(labels: Tensor) -> Tensor:
    pairs = _same(labels) & ~torch.eye(len(labels), dtype=torch.bool)
    found = _where(pairs, ~_same(labels))
    return found if len(found) else torch.tensor([])


def _share(similarities: Tensor, temperature: float) -> Tensor:
    return (similarities / temperature).softmax(0)


def without_the_outer_factor(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    return _share(similarities, temperature) - positive / positive.sum()


def softmax_without_temperature(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    return (similarities.softmax(0) - positive / positive.sum()) / temperature


def each_positive_a_whole(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    return (_share(similarities, temperature) - positive.float()) / temperature


def downhill(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    return (positive / positive.sum() - _share(similarities, temperature)) / temperature


def softmax_over_negatives(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    share = _share(similarities.masked_fill(positive, -torch.inf), temperature)
    return (share - positive / positive.sum()) / temperature


MUTANTS = {
    "09.all_triplets": [
        (its_own_positive, "not its own positive"),
        (each_pair_once, "each is anchor to the other"),
        (anyone_as_negative, "of another class than the anchor"),
        (columns_changed, "has the anchor's class"),
        (one_negative_a_pair, "Some are missing"),
        (a_list_when_empty, "(0, 3) where there is none"),
    ],
    "09.score_gradient": [
        (without_the_outer_factor, "once more by the chain rule"),
        (softmax_without_temperature, "before the exponential"),
        (each_positive_a_whole, "its part of the 1"),
        (downhill, "points uphill"),
        (softmax_over_negatives, "over all others"),
    ],
    "09.supcon": [
        (itself_in_the_denominator, "not compared with itself"),
        (negatives_only, "positives as well as negatives"),
        (without_temperature, "divided by the temperature before"),
        (times_temperature, "not multiplied"),
        (not_normalised, "brought to length 1"),
    ],
}
