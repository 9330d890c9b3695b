"""Which images a training step sees."""

from __future__ import annotations

from functools import lru_cache

import torch

from mmtutorial.randomness import generator_for


@lru_cache(maxsize=4)
def _order(seed: int, name: str, epoch: int, count: int) -> list[int]:
    order: list[int] = torch.randperm(count, generator=generator_for(seed, name, "order", epoch)).tolist()
    return order


def batch_indices(count: int, batch: int, step: int, *, seed: int, name: str) -> list[int]:
    """The images of one step: every image once an epoch, in an order shuffled anew each epoch.

    A function of the step alone, so that a resumed run sees what the unbroken one would have seen.

    Args:
        count: images in all.
        batch: images a step; more than ``count`` is allowed and repeats images.
        step: number of the step, from 0.
        seed: seed of the orders.
        name: of the stage, so that stages differ.
    """
    places = range(step * batch, (step + 1) * batch)
    return [_order(seed, name, place // count, count)[place % count] for place in places]


def steps_per_epoch(count: int, batch: int) -> int:
    """Steps until every image has been seen about once; at least 1."""
    return max(1, round(count / batch))
