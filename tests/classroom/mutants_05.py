"""Typical wrong answers to the exercises of notebook 05, and a piece of the hint each must get."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmtutorial.triplet import triplet_loss


def gradients_add_up(model: Any, optimizer: Any, patches: Tensor, triplets: Tensor, margin: float) -> float:
    loss = triplet_loss(model(patches), triplets, margin=margin)
    loss.backward()
    optimizer.step()
    return loss.item()


def no_step(model: Any, optimizer: Any, patches: Tensor, triplets: Tensor, margin: float) -> float:
    optimizer.zero_grad()
    loss = triplet_loss(model(patches), triplets, margin=margin)
    loss.backward()
    return loss.item()


def cleared_too_late(model: Any, optimizer: Any, patches: Tensor, triplets: Tensor, margin: float) -> float:
    loss = triplet_loss(model(patches), triplets, margin=margin)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def loss_after_the_step(model: Any, optimizer: Any, patches: Tensor, triplets: Tensor, margin: float) -> float:
    optimizer.zero_grad()
    triplet_loss(model(patches), triplets, margin=margin).backward()
    optimizer.step()
    return triplet_loss(model(patches), triplets, margin=margin).item()


def other_margin(model: Any, optimizer: Any, patches: Tensor, triplets: Tensor, margin: float) -> float:
    return loss_after_the_step(model, optimizer, patches, triplets, 2.1)


def drawn_anew(labels: Tensor, generator: torch.Generator) -> Tensor:
    return labels.unique()[torch.randint(len(labels.unique()), labels.shape, generator=generator)]


def classes_renamed(labels: Tensor, generator: torch.Generator) -> Tensor:
    names, place = labels.unique(return_inverse=True)
    return names.roll(1)[place]


def nothing_done(labels: Tensor, generator: torch.Generator) -> Tensor:
    torch.randperm(len(labels), generator=generator)
    return labels


def turned_round(labels: Tensor, generator: torch.Generator) -> Tensor:
    return labels.flip(0)


def own_random_numbers(labels: Tensor, generator: torch.Generator) -> Tensor:
    return labels[torch.randperm(len(labels))]


def rolled(labels: Tensor, generator: torch.Generator) -> Tensor:
    return labels.roll(int(torch.randint(len(labels), (), generator=generator)))


def rolled_or_reversed(labels: Tensor, generator: torch.Generator) -> Tensor:
    turned = rolled(labels, generator)
    return turned.flip(0) if float(torch.rand((), generator=generator)) < 0.5 else turned


MUTANTS = {
    "05.tuning_step": [
        (gradients_add_up, "earlier steps are still there"),
        (no_step, "never takes its step"),
        (cleared_too_late, ""),
        (loss_after_the_step, "measured after it"),
        (other_margin, ""),
    ],
    "05.shuffled_labels": [
        (rolled, "turning or reversing"),
        (rolled_or_reversed, "turning or reversing"),
        (drawn_anew, "instead of drawing new ones"),
        (classes_renamed, "Only the names of the classes changed"),
        (nothing_done, "Nothing was shuffled"),
        (turned_round, "turning or reversing"),
        (own_random_numbers, "generator that is handed over"),
    ],
}
