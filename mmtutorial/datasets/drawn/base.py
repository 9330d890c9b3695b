"""What the drawn data sets have in common: each picture is a pure function of seed, split and number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair
from mmtutorial.errors import unknown

Render = Callable[[int, str, int], Pair]


class Drawn(Source):
    """One split of a drawn data set, drawn as it is asked for.

    The split ``unlabeled`` hands out masks that are void all over: it stands for photos nobody has labelled.
    ``tagged`` has the same pictures with their masks, for a proxy task that learns from which classes occur in
    a picture, and from nothing else of the mask.

    Raises:
        InputError: The split is unknown.
    """

    def __init__(
        self, name: str, split: str, seed: int, *, classes: ClassTable, splits: dict[str, int], render: Render
    ) -> None:
        if split not in splits:
            raise unknown(f"split of {name}", split, splits)
        self.name, self.split, self.classes = name, split, classes
        self._seed, self._count, self._render = seed, splits[split], render

    def __len__(self) -> int:
        return self._count

    def load(self, index: int) -> Pair:
        """Draws one picture and its mask."""
        image, mask = self._render(self._seed, self.split, index)
        return image, np.full_like(mask, VOID) if self.split == "unlabeled" else mask

    def image_id(self, index: int) -> str:
        """Returns such as ``scenes-train-00012``."""
        return f"{self.name}-{self.split}-{index:05d}"
