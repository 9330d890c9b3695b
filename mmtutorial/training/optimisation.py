"""How a schedule is carried out: the learning rate of each step, and the optimiser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.settings.budgets import Schedule


def learning_rate(schedule: Schedule, step: int) -> float:
    """Learning rate of a step, counted from 0: a linear climb, then a cosine or steps down."""
    warmup = round(schedule.warmup * schedule.steps)
    if step < warmup:
        return schedule.lr * (step + 1) / (warmup + 1)
    if schedule.decay == "step":
        return schedule.lr * 0.1 ** sum(step >= m * schedule.steps for m in schedule.milestones)
    return schedule.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, schedule.steps - warmup)))


def make_optimizer(groups: list[dict[str, Any]], schedule: Schedule) -> torch.optim.Optimizer:
    """SGD with momentum 0.9, as the authors have it, or AdamW, for groups of parameters."""
    if schedule.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=schedule.lr, momentum=0.9, weight_decay=schedule.weight_decay)
    return torch.optim.AdamW(groups, lr=schedule.lr, weight_decay=schedule.weight_decay)


_KEPT = {"SGD": {"momentum_buffer"}, "AdamW": {"step", "exp_avg", "exp_avg_sq"}}
"""What an optimiser remembers of each parameter."""


def check_optimizer_state(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], path: Path
) -> dict[int, dict[str, Tensor]]:
    """What an optimiser remembers, by parameter, from tensors with names such as ``3.exp_avg``.

    Raises:
        InputError: it is not what this optimiser remembers of its parameters; the message names ``path``.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        place = int(index) if index.isdecimal() else -1
        shape = parameters[place].shape if 0 <= place < len(parameters) and key != "step" else torch.Size()
        if not 0 <= place < len(parameters) or value.shape != shape or not torch.isfinite(value).all():
            raise _no_fit(path, name)
        found.setdefault(place, {})[key] = value
    if not found:
        raise _no_fit(path, "it has no state")
    wanted = _KEPT.get(type(optimizer).__name__.removeprefix("Fabric"))
    for place, kept in found.items():
        if wanted is not None and kept.keys() != wanted:
            raise _no_fit(path, f"{place}.{min(kept.keys() ^ wanted)}")
    return found


def _no_fit(path: Path, name: str) -> InputError:
    return InputError(
        f"{path} does not fit its optimiser ({name}); delete it and run again with --resume: only its stage is repeated"
    )
