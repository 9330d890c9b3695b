"""Rank and select: which place a node has within its class, and who is the nth of its class or of the others.

The graph asks these questions for all nodes at once. With them it needs no search through the nodes that came
before, and so no O(N^2) time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class ClassPlaces:
    """Where each class stands in a sequence of N labels.

    Attributes:
        by_class: (N,) positions sorted by class, then by position.
        start: (N,) where the class of each position begins in ``by_class``.
        rank: (N,) how many of its class come before each position.
        class_size: (N,) size of the class of each position.
        key: (N,) ascending; see :meth:`nth_of_other_classes`.
    """

    by_class: Tensor
    start: Tensor
    rank: Tensor
    class_size: Tensor
    key: Tensor

    @staticmethod
    def of(labels: Tensor) -> ClassPlaces:
        """Places in a sequence of integer labels (N,)."""
        n = len(labels)
        _, class_of, sizes = labels.unique(return_inverse=True, return_counts=True)
        by_class = class_of.argsort(stable=True)
        starts = sizes.cumsum(0) - sizes
        start = starts[class_of]
        rank = torch.empty_like(by_class)
        rank[by_class] = torch.arange(n)
        rank -= start
        others_before = (torch.arange(n) - rank)[by_class]
        key = class_of[by_class] * (n + 1) + others_before
        return ClassPlaces(by_class, start, rank, sizes[class_of], key)

    def nth_of_class(self, nth: Tensor) -> Tensor:
        """(N,) position of the nth member (from 0) of the class of each position."""
        return self.by_class[self.start + nth]

    def nth_of_other_classes(self, nth: Tensor) -> Tensor:
        """(N,) position of the nth (from 0) member of any *other* class, seen from each position.

        That member stands behind nth others and behind every own-class member with at most nth others
        before it. Counting the latter is a search in the ascending list of "others before" of the class;
        the class number times N + 1 puts the lists of all classes into one.
        """
        n = len(self.rank)
        own = self.key[self.start] // (n + 1)
        wanted = own * (n + 1) + nth
        # numpy's search: torch's wakes its thread pool, which costs more than the search on a busy machine.
        behind = np.searchsorted(self.key.numpy(), wanted.numpy(), side="right")
        return nth + torch.from_numpy(behind) - self.start
