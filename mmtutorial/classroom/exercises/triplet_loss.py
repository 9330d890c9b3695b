"""Exercises of notebook 04: the triplet loss."""

from __future__ import annotations

import operator

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


# ---------------------------------------------------------------- 04.triplet_loss
def _loss(embeddings: Tensor, triplets: Tensor, margin: float, mistake: str = "") -> float:
    """The triplet loss, one triplet and one coordinate at a time; optionally with one mistake."""
    rows = _unit_rows(embeddings, mistake)
    losses = []
    for a, p, n in triplets.tolist():
        positive = sum((x - y) ** 2 for x, y in zip(rows[a], rows[p], strict=True))
        negative = sum((x - y) ** 2 for x, y in zip(rows[a], rows[n], strict=True))
        if mistake == "cosine":
            positive, negative = (2 - 2 * sum(map(operator.mul, rows[a], rows[b])) for b in (p, n))
        if mistake == "root":
            positive, negative = positive**0.5, negative**0.5
        if mistake == "swapped":
            positive, negative = negative, positive
        value = positive - negative + (-margin if mistake == "minus margin" else margin)
        losses.append(value if mistake == "no hinge" else max(0.0, value))
    if mistake == "sum":
        return float(sum(losses))
    if mistake == "active only":
        losses = [value for value in losses if value > 0]
    return float(sum(losses)) / max(len(losses), 1) / (2 if mistake == "half" else 1)


def _unit_rows(embeddings: Tensor, mistake: str) -> list[list[float]]:
    rows: list[list[float]] = embeddings.double().tolist()
    if mistake == "not normalised":
        return rows
    if mistake == "normalised over the batch":
        length = sum(x * x for row in rows for x in row) ** 0.5
        return [[x / (length or 1.0) for x in row] for row in rows]
    if mistake == "normalised by columns":
        lengths = [sum(x * x for x in column) ** 0.5 for column in zip(*rows, strict=True)]
        return [[x / (length or 1.0) for x, length in zip(row, lengths, strict=True)] for row in rows]
    units = []
    for row in rows:
        length = sum(x * x for x in row) ** 0.5
        units.append([x / (length or 1.0) for x in row])
    return units


_LOSS_HINTS = {
    "root": "The distance is squared; yours is the plain length of the difference.",
    "not normalised": "Before the distance, each embedding is brought to length 1.",
    "normalised over the batch": "Each embedding gets length 1 by itself; yours share one length for the batch.",
    "normalised by columns": "The length is taken over the coordinates of one embedding, not over the batch.",
    "swapped": "Positive and negative are the wrong way round: this loss pushes positives away.",
    "minus margin": "The margin is added: it is what a negative must be further away than a positive.",
    "no hinge": "A triplet with enough distance has loss 0, not less: the hinge is missing.",
    "sum": "The mean over the triplets is asked for; this is their sum.",
    "active only": "The mean is over all triplets; yours leaves out those whose loss is 0.",
    "cosine": "2 - 2 cos is the squared distance of vectors of length 1. A vector of zeros has no length to divide by: "
    "it stays at the origin, 1 away from the others.",
    "half": "There is a factor 1/2 too much. (The authors' Caffe layer has it; the formula here does not.)",
}


def _triplet_loss(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(20):
        generator = ask.seeded(seed)
        embeddings = torch.randn(8, 5, generator=generator) * (1 + seed)
        triplets = torch.randint(8, (12, 3), generator=generator)
        margin = (0.5, 0.1, 1.0, 2.1)[seed % 4]
        cases.append(
            (f"8 embeddings of width 5, 12 triplets, margin {margin}, seed {seed}", (embeddings, triplets, margin))
        )
    corner = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    cases += [
        (
            "one triplet in a plane: anchor (1, 0), positive (2, 0), negative (0, 1)",
            (corner, torch.tensor([[0, 2, 1]]), 2.1),
        ),
        ("the same, positive and negative exchanged", (corner, torch.tensor([[0, 1, 2]]), 0.5)),
        ("an anchor that is its own positive", (corner, torch.tensor([[0, 0, 1]]), 2.1)),
        ("no triplets", (corner, torch.empty((0, 3), dtype=torch.long), 2.1)),
        ("an embedding of zeros", (torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[0, 0, 1]]), 0.5)),
    ]
    extra = [
        Misconception(
            "Without triplets, or with an embedding of zeros, something is divided by zero.", lambda *_: float("nan")
        ),
    ]
    compare_numbers(ask, cases, _loss, [*mistaken(_loss, _LOSS_HINTS), *extra])
    embeddings = torch.randn(6, 4, generator=ask.seeded(99), requires_grad=True)
    triplets = torch.tensor([[0, 1, 2], [3, 4, 5]])
    require_gradient(ask, "embeddings that require a gradient", embeddings, triplets, 2.1)


# ---------------------------------------------------------------- 04.gradient
def _gradient(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """(3, D) gradients by central differences, one coordinate at a time."""
    points = torch.stack((anchor, positive, negative)).double()
    slopes, step = torch.zeros_like(points), 1e-5
    for role in range(3):
        for axis in range(points.shape[1]):
            ahead, behind = points.clone(), points.clone()
            ahead[role, axis] += step
            behind[role, axis] -= step
            slopes[role, axis] = (_hinge(ahead, margin) - _hinge(behind, margin)) / (2 * step)
    return slopes


def _hinge(points: Tensor, margin: float) -> float:
    a, p, n = points
    return max(0.0, float(((a - p) ** 2).sum() - ((a - n) ** 2).sum() + margin))


def _open(a: Tensor, p: Tensor, n: Tensor, margin: float) -> Tensor:
    """The three gradients of an open hinge, whether it is open or not: one of the mistakes."""
    return torch.stack((2 * (n - p), 2 * (p - a), 2 * (a - n)))


_GRADIENT_MISTAKES = (
    Misconception("The hinge of this triplet is closed: its loss stays 0 if a point moves a little.", _open),
    Misconception("A factor 2 is missing: the distance is squared.", lambda *a: _gradient(*a) / 2),
    Misconception(
        "All signs are turned round: the gradient points uphill, training goes against it.", lambda *a: -_gradient(*a)
    ),
    Misconception(
        "The anchor's gradient has two parts: the distance to the negative enters the loss with a minus sign.",
        lambda *a: torch.cat(((2 * (a[0] - a[1]) + 2 * (a[0] - a[2]))[None].double(), _gradient(*a)[1:])),
    ),
    Misconception(
        "Check the sign for the negative: it enters the loss with a minus.",
        lambda *a: _gradient(*a) * torch.tensor([[1.0], [1.0], [-1.0]]),
    ),
    Misconception(
        "Check the sign for the positive: moving it towards the anchor lowers the loss.",
        lambda *a: _gradient(*a) * torch.tensor([[1.0], [-1.0], [1.0]]),
    ),
)


def _gradients(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(24):
        points = torch.randn(3, 2 + seed % 4, generator=ask.seeded(seed), dtype=torch.float64)
        units = points / points.norm(dim=1, keepdim=True)
        margin = (2.1, 0.2, 0.5)[seed % 3]
        value = _hinge_raw(units, margin)
        if abs(value) > 1e-3:  # On the kink itself there is no gradient to ask for.
            cases.append((f"unit vectors of width {units.shape[1]}, margin {margin}, seed {seed}", (*units, margin)))
    cases += [
        (
            "negative opposite of the anchor, margin 0.5",
            (*torch.tensor([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]]).double(), 0.5),
        ),
        ("anchor and positive at one place", (*torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).double(), 2.1)),
    ]
    compare_tensors(ask, cases, _gradient, _GRADIENT_MISTAKES)


def _hinge_raw(points: Tensor, margin: float) -> float:
    a, p, n = points
    return float(((a - p) ** 2).sum() - ((a - n) ** 2).sum() + margin)


# ---------------------------------------------------------------- 04.half_quiet_margin
def _half_quiet_margin(ask: Ask) -> None:
    for seed in range(20):
        generator = ask.seeded(seed)
        m = (21, 40, 7, 100)[seed % 4]
        # Skewed on purpose: the mean of the gaps is then far from their middle.
        positive = torch.rand(m, generator=generator) ** 3
        negative = torch.rand(m, generator=generator) * 2
        with ask.case():
            _half_of(ask, positive, negative, f"{m} triplets, seed {seed}")
    with ask.case():
        _half_of(ask, torch.tensor([0.2]), torch.tensor([1.1]), "a single triplet")
    nearer = torch.tensor([0.1, 0.3, 0.2])
    with ask.case():
        _half_of(ask, torch.tensor([1.5, 1.2, 1.9]), nearer, "all negatives nearer than positives")


def _half_of(ask: Ask, positive: Tensor, negative: Tensor, tried: str) -> None:
    answer = ask.number(f"{tried} (positive and negative distances)", positive, negative)
    gaps = [n - p for p, n in zip(positive.tolist(), negative.tolist(), strict=True)]
    # A triplet is quiet when its loss is 0. The smallest addend forgives the rounding of one float32.
    quiet = sum(gap >= answer - 1e-6 for gap in gaps)
    hint = ""
    m = len(gaps)
    half = abs(2 * quiet - m) <= 2  # one triplet more or less
    if not half:
        middle = sorted(gaps)[m // 2]
        if abs(answer + middle) < 1e-3 or abs(answer + sorted(gaps)[(m - 1) // 2]) < 1e-3:
            hint = (
                "The sign is turned round: a triplet is quiet when its negative is further away by at least the margin."
            )
        elif abs(answer - sum(gaps) / m) < 1e-4:
            hint = "The mean of the differences is not their middle: half the triplets asks for another average."
        elif abs(answer - float(negative.median() - positive.median())) < 1e-4:
            hint = (
                "The middle of the differences is not the difference of the middles: subtract triplet by triplet first."
            )
        elif abs(answer - 2.1) < 1e-6 or quiet == 0:
            hint = "At this margin no triplet is quiet. At which margin does a single triplet fall silent?"
    ask.require(
        half,
        f"margin {answer:.4f}: {quiet} of {m} triplets have loss 0",
        f"a margin at which half of the {m} have (one more or less is fine)",
        hint,
    )


EXERCISES = (
    Exercise(
        "04.triplet_loss",
        ("embeddings", "triplets", "margin"),
        _triplet_loss,
    ),
    Exercise(
        "04.gradient",
        ("anchor", "positive", "negative", "margin"),
        _gradients,
    ),
    Exercise(
        "04.half_quiet_margin",
        ("positive", "negative"),
        _half_quiet_margin,
    ),
)
