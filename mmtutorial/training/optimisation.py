"""How a schedule is carried out: the learning rate of each step, and the optimiser."""

from __future__ import annotations

import math
from typing import Any

import torch

from mmtutorial.settings.presets import Schedule


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
