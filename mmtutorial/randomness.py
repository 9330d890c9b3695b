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
    """Return a 63-bit seed that differs for every seed and purpose.

    Example:
        >>> seed_for(0, "tuning", 17) == seed_for(0, "tuning", 17)
        True
        >>> seed_for(0, "tuning", 17) == seed_for(0, "tuning", 18)
        False
    """
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator_for(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a fresh generator for a purpose, on the CPU.

    Example:
        >>> step_17 = torch.randperm(100, generator=generator_for(0, "tuning", 17))
        >>> torch.equal(step_17, torch.randperm(100, generator=generator_for(0, "tuning", 17)))
        True
        >>> torch.equal(step_17, torch.randperm(100, generator=generator_for(0, "tuning", 18)))
        False
    """
    return seeded(seed_for(seed, *purpose))


def seeded(seed: int) -> torch.Generator:
    """Return a fresh generator on the CPU that starts at a seed: for examples, tests and first tries.

    Where two generators must not give the same numbers, take :func:`generator_for` with what each is for.

    Example:
        >>> torch.equal(torch.rand(3, generator=seeded(0)), torch.rand(3, generator=seeded(0)))
        True
    """
    return torch.Generator().manual_seed(seed)


@contextmanager
def global_seed(seed: int, *purpose: str | int) -> Iterator[None]:
    """Seed torch's global generators inside a ``with`` block and put them back after it.

    For what takes no generator: the initial weights of layers, and dropout.

    Example:
        >>> with global_seed(0, "weights"):
        ...     first = torch.nn.Linear(2, 2).weight
        >>> with global_seed(0, "weights"):
        ...     again = torch.nn.Linear(2, 2).weight
        >>> torch.equal(first, again)
        True
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed_for(seed, *purpose))
        yield
