"""One step of a stage, as the training loop takes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmtutorial.training.engine import Stage


def step_loss(
    stage: Stage, step: int, generator: torch.Generator, module: nn.Module | None = None
) -> tuple[Tensor, dict[str, float]]:
    """What the stage's loss says of the batch that it draws for a step."""
    return stage.loss(stage.module if module is None else module, stage.draw(step, generator), generator)
