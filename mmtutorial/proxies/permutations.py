"""Orders of tiles that are easy to tell apart: permutations far from one another in Hamming distance.

Nine tiles have 9! = 362,880 orders, far too many for a softmax. A jigsaw network names one of a few that are
kept. Were two of them alike but for two tiles, nothing but those two tiles would tell them apart, and where
both show bare ground nothing would. So the kept ones should differ in as many places as they can.

Source: Noroozi and Favaro (2016); the greedy rule is that of ``select_permutations.py`` in
bbrattoli/JigsawPuzzlePytorch. There the first of several equally good candidates is taken; here the generator
chooses.
"""

from __future__ import annotations

import math
from itertools import chain, permutations

import numpy as np
import torch
from torch import Tensor

from mmtutorial.errors import InputError

MOST_TILES = 9


def maximal_hamming(count: int, *, generator: torch.Generator, tiles: int = 9) -> Tensor:
    """Greedy choice of permutations: next is always the one farthest, on average, from those kept.

    The first ``tiles`` of them differ from one another in every place. (They are the rows of a Latin square:
    any rows that agree nowhere can be joined by a further one, which is Hall's marriage theorem.) After that
    each tile has been once at each place, all candidates are equally far on average, and the choice begins
    anew. A large mean therefore does not keep each *pair* far apart: among 1,000 some differ in 2 places only.

    Args:
        count: how many to keep.
        generator: picks the first, and one among equally good ones.
        tiles: length of each permutation, 2 to 9.

    Returns:
        (count, tiles) long; row ``p`` says that place ``i`` shows tile ``p[i]``. All rows differ.

    Raises:
        InputError: ``tiles`` out of range, or more permutations asked for than there are.
    """
    if not 2 <= tiles <= MOST_TILES:
        raise InputError(f"tiles is {tiles}; give 2 to {MOST_TILES}")
    total = math.factorial(tiles)
    if not 1 <= count <= total:
        raise InputError(f"count is {count}, but {tiles} tiles have {total} permutations; give 1 to {total}")
    # One byte a tile, and one column a place, since each round compares place by place.
    columns = _all_permutations(tiles, total).T.copy()
    # Places shared with each of those kept, added up: the fewest shared are the farthest on average.
    shared = np.zeros(total, dtype=np.int32)
    kept = np.empty(count, dtype=np.int64)
    for n in range(count):
        best = np.flatnonzero(shared == shared.min())
        kept[n] = best[int(torch.randint(len(best), (), generator=generator))]
        for column in columns:
            shared += column == column[kept[n]]
        # Out of reach: no candidate shares more than all places with all those kept.
        shared[kept[n]] += tiles * count + 1
    return torch.from_numpy(columns[:, kept].T.astype(np.int64))


def hamming(rows: Tensor) -> Tensor:
    """Return (K, K) long: in how many places each two of (K, tiles) permutations differ."""
    return (rows[:, None] != rows[None, :]).sum(dim=-1)


def _all_permutations(tiles: int, total: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return (total, tiles) uint8, in lexicographic order."""
    numbers = chain.from_iterable(permutations(range(tiles)))
    return np.fromiter(numbers, dtype=np.uint8, count=total * tiles).reshape(total, tiles)
