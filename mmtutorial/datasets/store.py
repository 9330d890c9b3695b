"""Decoded images in memory, up to a number of bytes; what goes beyond is decoded at each use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Pair = tuple[Pixels, Pixels]
"""An image ``(3, H, W)`` and its mask ``(H, W)``, both uint8."""

MEMORY_BUDGET = 256 * 2**20
"""Bytes of images and masks that one data set keeps: 350 photos of 500 x 375, or 3,500 of 160 x 120."""


class Store:
    """Decoded pairs by their index in the source. Views of one data set share it.

    The first ones to come stay. Training visits every image once an epoch in a new order, so that to throw out the
    one used longest ago would throw out what is wanted next.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = MEMORY_BUDGET if budget is None else budget
        self.used = 0
        self.full = False
        self._pairs: dict[int, Pair] = {}

    def get(self, index: int) -> Pair | None:
        """Return a pair, or None if it is not held."""
        return self._pairs.get(index)

    def put(self, index: int, pair: Pair) -> None:
        """Keep a pair, if there is room."""
        size = pair[0].nbytes + pair[1].nbytes
        if index in self._pairs:
            return
        if self.used + size > self.budget:
            self.full = True
            return
        self._pairs[index] = pair
        self.used += size

    def drop(self, index: int) -> None:
        """Forget a pair."""
        pair = self._pairs.pop(index, None)
        if pair is not None:
            self.used -= pair[0].nbytes + pair[1].nbytes
            self.full = False

    def freeze(self) -> None:
        """Keep what is held and takes no more: for a process that shares this memory with its parent."""
        self.budget = self.used

    def __getstate__(self) -> dict[str, Any]:
        # A process started anew gets no copy: it decodes what it needs.
        return {"budget": 0, "used": 0, "full": False, "_pairs": {}}
