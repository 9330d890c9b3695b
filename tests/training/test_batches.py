from __future__ import annotations

import itertools
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.randomness import generator_for, global_seed, seed_for
from mmtutorial.training.batches import batch_indices, steps_per_epoch


@given(count=st.integers(1, 30), batch=st.integers(1, 40), seed=st.integers(0, 99), epochs=st.integers(1, 4))
def test_every_image_once_an_epoch(count: int, batch: int, seed: int, epochs: int) -> None:
    steps = -(-count * epochs // batch)
    seen = [i for step in range(steps) for i in batch_indices(count, batch, step, seed=seed, name="tuning")]
    assert len(seen) == steps * batch
    for epoch in range(epochs):
        assert sorted(seen[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_a_step_does_not_depend_on_the_steps_before_it() -> None:
    forward = [batch_indices(50, 7, step, seed=1, name="a") for step in range(40)]
    backward = [batch_indices(50, 7, step, seed=1, name="a") for step in reversed(range(40))]
    assert forward == backward[::-1]


def test_orders_differ_between_epochs_seeds_and_stages() -> None:
    whole = [
        tuple(batch_indices(20, 20, step, seed=seed, name=name))
        for step, seed, name in itertools.product(range(3), range(3), ("tuning", "segmentation"))
    ]
    assert len(set(whole)) == len(whole)
    assert tuple(range(20)) not in whole


def test_what_is_handed_out_is_a_copy() -> None:
    first = batch_indices(10, 10, 0, seed=0, name="a")
    expected = list(first)
    first.clear()
    assert batch_indices(10, 10, 0, seed=0, name="a") == expected


def test_the_first_image_is_uniform() -> None:
    counts = Counter(batch_indices(5, 1, 5 * epoch, seed=3, name="a")[0] for epoch in range(500))
    assert min(counts[i] for i in range(5)) > 65


@pytest.mark.parametrize(("count", "batch", "steps"), [(100, 16, 6), (100, 10, 10), (3, 16, 1), (24, 16, 2), (1, 1, 1)])
def test_steps_per_epoch(count: int, batch: int, steps: int) -> None:
    assert steps_per_epoch(count, batch) == steps


def test_seeds_differ_for_every_seed_and_purpose() -> None:
    purposes = [(), ("a",), ("b",), ("a", 1), ("a", "1"), ("a", 1, 1), ("a", 11), ("a1",), (1, "a")]
    seeds = [seed_for(seed, *purpose) for seed in (0, 1, 2, -1) for purpose in purposes]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_are_the_same_in_every_process_and_release() -> None:
    """Python's own hash of a text changes from process to process; and a resumed run must find its numbers again."""
    assert seed_for(3, "tuning", 17) == 1_142_900_768_254_764_289


def test_generators_are_fresh_each_time() -> None:
    first, second = (torch.rand(4, generator=generator_for(0, "x")) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, torch.rand(4, generator=generator_for(0, "y")))


def test_the_global_seed_holds_inside_the_block_only() -> None:
    before = torch.get_rng_state()
    with global_seed(4, "weights"):
        first = torch.nn.Linear(3, 3).weight
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(9)
    with global_seed(4, "weights"):
        second = torch.nn.Linear(3, 3).weight
    with global_seed(5, "weights"):
        third = torch.nn.Linear(3, 3).weight
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    torch.set_rng_state(before)


def test_the_global_generator_comes_back_after_an_error() -> None:
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="in the block"), global_seed(4, "weights"):
        raise RuntimeError("in the block")
    assert torch.equal(before, torch.get_rng_state())
