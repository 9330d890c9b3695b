"""Typical wrong answers to the exercise of notebook 09, and a piece of the hint each must get."""

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


MUTANTS = {
    "09.supcon": [
        (itself_in_the_denominator, "not compared with itself"),
        (negatives_only, "positives as well as negatives"),
        (without_temperature, "divided by the temperature before"),
        (times_temperature, "not multiplied"),
        (not_normalised, "brought to length 1"),
    ],
}
