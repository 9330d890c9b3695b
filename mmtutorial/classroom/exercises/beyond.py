"""Exercises of notebook 09: all triplets, the supervised contrastive loss, and how its softmax weighs."""

from __future__ import annotations

import math

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


def _supcon(embeddings: Tensor, labels: Tensor, temperature: float, mistake: str = "") -> float:
    """Supervised contrastive loss, one pair at a time; optionally with one mistake.

    Source: Khosla et al. (2020), equation 2 (the sum over positives stands outside the logarithm).
    """
    rows: list[list[float]] = embeddings.double().tolist()
    if mistake != "not normalised":
        rows = [[x / math.sqrt(sum(y * y for y in row)) for x in row] for row in rows]
    scale = 1.0 if mistake == "no temperature" else 1 / temperature if mistake == "times temperature" else temperature
    n, classes = len(rows), labels.tolist()
    score = [[sum(x * y for x, y in zip(a, b, strict=True)) / scale for b in rows] for a in rows]
    losses = []
    for i in range(n):
        positives = [j for j in range(n) if j != i and classes[j] == classes[i]]
        if not positives:
            if mistake == "lonely ones count":
                losses.append(0.0)
            continue
        against = [j for j in range(n) if j != i]
        if mistake == "itself":
            against = list(range(n))
        if mistake == "negatives only":
            against = [j for j in range(n) if classes[j] != classes[i]]
        total = sum(math.exp(score[i][j]) for j in against)
        if mistake == "inside":
            losses.append(-math.log(sum(math.exp(score[i][j]) for j in positives) / total / len(positives)))
            continue
        terms = [-(score[i][j] - math.log(total)) for j in positives]
        losses.append(sum(terms) / (1 if mistake == "sum over positives" else len(terms)))
    if not losses:
        return 0.0
    return sum(losses) / (1 if mistake == "sum over anchors" else len(losses))


_HINTS = {
    "itself": "An anchor is not compared with itself: it stays out of the denominator.",
    "negatives only": "The denominator runs over all others, positives as well as negatives.",
    "no temperature": "The cosine is divided by the temperature before the exponential.",
    "times temperature": "The cosine is divided by the temperature, not multiplied with it.",
    "not normalised": "The embeddings are brought to length 1 first.",
    "inside": "The mean over the positives stands outside the logarithm.",
    "sum over positives": "Over the positives of one anchor the mean is taken, not the sum.",
    "sum over anchors": "Over the anchors the mean is taken, not the sum.",
    "lonely ones count": "An anchor without positives is left out of the mean; it does not count as 0.",
}


def _examine(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(20):
        generator = ask.seeded(seed)
        embeddings = torch.randn((10, 4), generator=generator) * 1.5
        labels = torch.cat((torch.randint(3, (9,), generator=generator), torch.tensor([8])))
        temperature = (0.5, 0.2, 2.0)[seed % 3]
        cases.append(
            (
                f"10 embeddings of width 4, one of them alone in its class, temperature {temperature}, seed {seed}",
                (embeddings, labels, temperature),
            )
        )
    pair = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 2.0]])
    cases += [
        ("two of one class, one of another", (pair, torch.tensor([0, 0, 1]), 0.5)),
        ("one class only", (pair, torch.tensor([3, 3, 3]), 0.5)),
        ("no anchor has a positive: loss 0", (pair, torch.tensor([0, 1, 2]), 0.5)),
    ]
    known = mistaken(_supcon, _HINTS)
    empty = Misconception("Where nothing has a positive, the mean of nothing is taken: answer 0.", lambda *_: math.nan)
    compare_numbers(ask, cases, _supcon, [*known, empty])
    embeddings = torch.randn((6, 4), generator=ask.seeded(1), requires_grad=True)
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    require_gradient(ask, "embeddings that require a gradient", embeddings, labels, 0.5)


def _triplets(labels: Tensor) -> set[tuple[int, ...]]:
    """All lawful triplets, one at a time."""
    classes, nodes = labels.tolist(), range(len(labels))
    return {
        (a, p, n)
        for a in nodes
        for p in nodes
        for n in nodes
        if a != p and classes[a] == classes[p] and classes[a] != classes[n]
    }


def _examine_triplets(ask: Ask) -> None:
    cases = [("labels 0, 0, 1", torch.tensor([0, 0, 1])), ("labels 4, 1, 4, 1, 4", torch.tensor([4, 1, 4, 1, 4]))]
    for seed in range(6):
        labels = torch.randint(4, (9,), generator=ask.seeded(seed))
        cases.append((f"9 nodes of up to four classes, seed {seed}", labels))
    cases += [("one class only", torch.tensor([2, 2, 2])), ("all alone in their class", torch.tensor([0, 1, 2]))]
    for tried, labels in cases:
        with ask.case():
            answer, expected = ask.whole(tried, labels), _triplets(labels)
            shape = (len(expected), 3)
            wrong = _wrong_triplets(answer, labels, expected)
            ask.require(not wrong, answer, f"{shape[0]} different rows (anchor, positive, negative)", wrong)


def _wrong_triplets(answer: Tensor, labels: Tensor, expected: set[tuple[int, ...]]) -> str:
    """What is wrong with a list of triplets, or an empty text."""
    if answer.shape == (0,):
        return "An empty list has no columns. The shape is (M, 3), and (0, 3) where there is none."
    if answer.ndim != 2 or answer.shape[1] != 3:
        return "One row for each triplet: shape (M, 3), and (0, 3) where there is none."
    rows = [tuple(row) for row in answer.tolist()]
    if len(rows) == len(expected) and set(rows) == expected:
        return ""
    if any(not 0 <= node < len(labels) for row in rows for node in row):
        return "A triplet has numbers of nodes, not classes."
    if any(a == p for a, p, _ in rows):
        return "An anchor is not its own positive."
    if any(labels[a] != labels[p] for a, p, _ in rows):
        return "The second node of a row, the positive, has the anchor's class."
    if any(labels[a] == labels[n] for a, _, n in rows):
        return "The third node of a row, the negative, is of another class than the anchor."
    if len(set(rows)) < len(rows):
        return "A triplet occurs twice."
    if 2 * len(rows) == len(expected):
        return "Half of them: of two nodes of a class each is anchor to the other."
    return "Some are missing: any positive goes with any negative."


def _score_gradient(similarities: Tensor, positive: Tensor, temperature: float, mistake: str = "") -> Tensor:
    """Gradient of one anchor's supervised contrastive loss, number by number; optionally with one mistake."""
    cosines, wanted = similarities.double().tolist(), positive.tolist()
    weights = [math.exp(c if mistake == "no temperature" else c / temperature) for c in cosines]
    if mistake == "negatives only":
        weights = [0.0 if p else w for w, p in zip(weights, wanted, strict=True)]
    each = 1 if mistake == "each a whole" else sum(wanted)
    terms = [w / sum(weights) - p / each for w, p in zip(weights, wanted, strict=True)]
    sign = -1 if mistake == "sign" else 1
    return torch.tensor([sign * t / (1 if mistake == "outer factor" else temperature) for t in terms])


_GRADIENT_HINTS = {
    "outer factor": "The temperature comes in twice: inside the exponential, and once more by the chain rule.",
    "no temperature": "Each similarity is divided by the temperature before the exponential.",
    "each a whole": "The loss takes the mean over the positives, so each of them has only its part of the 1.",
    "sign": "This points downhill. The gradient points uphill: it is negative where the loss wants more.",
    "negatives only": "The softmax runs over all others, the positives as well.",
}


def _examine_gradient(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(8):
        generator = ask.seeded(seed)
        similarities = 2 * torch.rand(7, generator=generator) - 1
        positive = torch.tensor([True, False, True, False, False, seed % 2 == 0, False])
        temperature = (0.5, 0.1, 2.0)[seed % 3]
        cases.append((f"7 similarities, temperature {temperature}, seed {seed}", (similarities, positive, temperature)))
    two = torch.tensor([0.5, -0.5])
    cases += [
        ("one positive, one negative", (two, torch.tensor([True, False]), 0.5)),
        ("positives only", (two, torch.tensor([True, True]), 0.5)),
    ]
    known = mistaken(_score_gradient, _GRADIENT_HINTS)
    compare_tensors(ask, cases, _score_gradient, known)


EXERCISES = (
    Exercise("09.all_triplets", ("labels",), _examine_triplets),
    Exercise("09.supcon", ("embeddings", "labels", "temperature"), _examine, library=("triplet",)),
    Exercise(
        "09.score_gradient",
        ("similarities", "positive", "temperature"),
        _examine_gradient,
    ),
)
