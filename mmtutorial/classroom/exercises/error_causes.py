"""The check of 06.error_causes: each wrong pixel has one cause, looked for in a fixed order."""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import Case, Misconception, compare_tensors
from mmtutorial.datasets.classes import VOID


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


_HINTS = {
    "void": "Where the truth is void (255) nobody knows what is right, so no prediction is wrong there.",
    "right ones": "A pixel near an edge that is predicted rightly is no error.",
    "twice": "Each wrong pixel has one cause: those near an edge are not counted again under the other three.",
    "edge last": "The edge comes first: a wrong pixel near an edge counts there, whatever it was called.",
    "swapped": "Missed is an object that was called background; invented is background that was called an object.",
    "shares": "Asked for are counts of pixels, not shares.",
}


def examine_error_causes(ask: Ask) -> None:
    """Masks with objects, void and wrong pixels of every kind, then degenerate ones."""
    cases: list[Case] = []
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
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
    mistakes = [Misconception(hint, lambda t, p, e, k=key: _causes(t, p, e, k)) for key, hint in _HINTS.items()]
    compare_tensors(ask, cases, _causes, mistakes)
