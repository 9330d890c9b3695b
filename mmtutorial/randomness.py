"""Random numbers that are a function of what they are for.

A generator is made from a seed and a list of names ("tuning", step 17). So nothing has to be saved to
resume a run exactly, and no stage's numbers depend on what ran before it or on how many workers there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def seed_for(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed that differs for every seed and purpose."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator_for(seed: int, *purpose: str | int) -> torch.Generator:
    """A fresh generator for a purpose, on the CPU."""
    return torch.Generator().manual_seed(seed_for(seed, *purpose))


@contextmanager
def global_seed(seed: int, *purpose: str | int) -> Iterator[None]:
    """Seed torch's global generators inside a ``with`` block and put them back after it.

    For what takes no generator: the initial weights of layers, and dropout.
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed_for(seed, *purpose))
        yield
