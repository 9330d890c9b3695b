from __future__ import annotations

import math
from itertools import permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.proxies.permutations import hamming, maximal_hamming
from mmtutorial.randomness import seeded


def slow_greedy(count: int, tiles: int, generator: torch.Generator) -> list[tuple[int, ...]]:
    """The rule in words: of the candidates farthest on average from those kept, one at random."""
    left = list(permutations(range(tiles)))
    kept: list[tuple[int, ...]] = []
    for _ in range(count):
        far = [sum(a != b for old in kept for a, b in zip(old, new, strict=True)) for new in left]
        best = [new for new, distance in zip(left, far, strict=True) if distance == max(far)]
        kept.append(best[int(torch.randint(len(best), (), generator=generator))])
        left.remove(kept[-1])
    return kept


def mean_distance(rows: Tensor) -> float:
    return float(hamming(rows).sum()) / (len(rows) * (len(rows) - 1))


@pytest.mark.parametrize(("count", "tiles"), [(1, 2), (2, 2), (6, 3), (5, 4), (24, 4), (30, 5)])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_agrees_with_a_slow_greedy_choice(count: int, tiles: int, seed: int) -> None:
    found = maximal_hamming(count, generator=seeded(seed), tiles=tiles)
    assert found.dtype == torch.int64
    assert [tuple(row) for row in found.tolist()] == slow_greedy(count, tiles, seeded(seed))


@given(tiles=st.integers(2, 6), seed=st.integers(0, 2**31), data=st.data())
def test_all_are_distinct_permutations(tiles: int, seed: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, min(40, math.factorial(tiles))))
    found = maximal_hamming(count, generator=seeded(seed), tiles=tiles)
    assert found.shape == (count, tiles)
    assert bool((found.sort(dim=1).values == torch.arange(tiles)).all())
    assert len(found.unique(dim=0)) == count


@given(tiles=st.integers(2, 7), seed=st.integers(0, 2**31))
def test_the_first_ones_differ_everywhere(tiles: int, seed: int) -> None:
    """As many as there are tiles form a Latin square; every distance is the largest there is."""
    distances = hamming(maximal_hamming(tiles, generator=seeded(seed), tiles=tiles))
    assert bool((distances == tiles * (1 - torch.eye(tiles, dtype=torch.int64))).all())


def test_a_thousand_of_nine_tiles() -> None:
    found = maximal_hamming(1000, generator=seeded(0))
    assert found.shape == (1000, 9)
    assert len(found.unique(dim=0)) == 1000
    assert bool((hamming(found[:9]) == 9 * (1 - torch.eye(9, dtype=torch.int64))).all())


@pytest.mark.parametrize("count", [10, 27, 64])
def test_they_are_farther_apart_than_random_ones(count: int) -> None:
    best = mean_distance(maximal_hamming(count, generator=seeded(0)))
    noise = seeded(1)
    rivals = [torch.rand(count, 9, generator=noise).argsort(dim=1) for _ in range(50)]
    assert best > max(mean_distance(rows) for rows in rivals)


def test_the_generator_settles_the_choice() -> None:
    first, again, other = (maximal_hamming(20, generator=seeded(seed), tiles=6) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_hamming_distances() -> None:
    rows = torch.tensor([[0, 1, 2, 3], [0, 1, 3, 2], [3, 2, 1, 0]])
    assert hamming(rows).tolist() == [[0, 2, 4], [2, 0, 4], [4, 4, 0]]


@pytest.mark.parametrize(
    ("count", "tiles", "says"),
    [(25, 4, "24 permutations"), (0, 4, "1 to 24"), (-1, 9, "1 to 362880"), (1, 1, "2 to 9"), (1, 10, "2 to 9")],
)
def test_what_cannot_be_is_refused(count: int, tiles: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        maximal_hamming(count, generator=seeded(0), tiles=tiles)
