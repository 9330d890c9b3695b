"""Steps of a small network, taken where the learner's function is: for ``05.tuning_step``.

A network cannot be handed over as plain data. This file stands beside the learner's answer, so it knows no right ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mmtutorial.randomness import global_seed, seeded

STEPS = 4
MARGIN = 0.5


def _model(seed: int) -> nn.Module:
    with global_seed(seed, "exercise 05"):
        return nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4))


def walks(step: Callable[..., Any]) -> Callable[[int], tuple[list[Any], Tensor]]:
    """Make a function of a seed that takes a few steps of a small network: losses, and all weights at their end."""

    def walk(seed: int) -> tuple[list[Any], Tensor]:
        model, generator = _model(seed), seeded(seed)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        losses = []
        for _ in range(STEPS):
            patches = torch.rand((9, 3, 2, 2), generator=generator)
            triplets = torch.randint(9, (9, 3), generator=generator)
            losses.append(step(model, optimizer, patches, triplets, MARGIN))
        return losses, nn.utils.parameters_to_vector(model.parameters()).detach()

    return walk
