"""Exercise of notebook 09: the supervised contrastive loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask, shown
from mmtutorial.classroom.exercise import Case, Exercise, Misconception, compare_numbers


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
        generator = torch.Generator().manual_seed(seed)
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
    known = [Misconception(hint, lambda e, y, t, k=key: _supcon(e, y, t, k)) for key, hint in _HINTS.items()]
    empty = Misconception("Where nothing has a positive, the mean of nothing is taken: answer 0.", lambda *_: math.nan)
    compare_numbers(ask, cases, _supcon, [*known, empty])
    embeddings = torch.randn((6, 4), generator=torch.Generator().manual_seed(1), requires_grad=True)
    answer = ask("embeddings that require a gradient", embeddings, torch.tensor([0, 0, 1, 1, 2, 2]), 0.5)
    ask.require(
        isinstance(answer, Tensor) and answer.requires_grad,
        shown(answer),
        "a tensor with a gradient",
        "Stay with torch operations: .item(), .tolist() and .detach() cut the gradient.",
    )


EXERCISES = (
    Exercise(
        "09.supcon", "Compute the supervised contrastive loss.", ("embeddings", "labels", "temperature"), _examine
    ),
)
