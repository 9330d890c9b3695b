"""What the drawn data sets have in common: each picture is a pure function of seed, split and number."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from mmtutorial.datasets.classes import VOID
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair
from mmtutorial.errors import unknown

SIZE = 96
"""Side of a picture in pixels."""

SPLITS = {"unlabeled": 2000, "tagged": 2000, "train": 1000, "val": 250, "test": 500}
"""Number of pictures of each split."""

STREAMS = {"unlabeled": 0, "tagged": 0, "train": 1, "val": 2, "test": 3}
"""Random stream of each split: two splits share their pictures if, and only if, they share the stream."""


class Drawn(Source):
    """One split of a drawn data set, drawn as it is asked for.

    The split ``unlabeled`` hands out masks that are void all over: it stands for photos nobody has labelled.
    ``tagged`` has the same pictures with their masks, for a proxy task that learns from which classes occur in
    a picture, and from nothing else of the mask.

    Raises:
        InputError: The split is unknown.
    """

    def __init__(self, split: str, seed: int = 0) -> None:
        if split not in SPLITS:
            raise unknown(f"split of {self.name}", split, SPLITS)
        self.split, self._seed = split, seed

    @staticmethod
    @abstractmethod
    def paint(rng: np.random.Generator) -> Pair:
        """Draw one picture ``(3, SIZE, SIZE)`` and its exact mask ``(SIZE, SIZE)``, both uint8."""

    @classmethod
    def render(cls, seed: int, split: str, index: int) -> Pair:
        """Draw one picture and its mask.

        Args:
            seed: Seed of the data set.
            split: One of ``SPLITS``. Its number in ``STREAMS`` enters the random stream, so that no two splits
                share a picture, save ``unlabeled`` and ``tagged``, which share them all.
            index: Which picture, from 0. Any number will do; ``SPLITS`` only says how many the data set takes.

        Returns:
            The picture ``(3, 96, 96)`` and its exact mask ``(96, 96)`` of ids and void, both uint8.

        Raises:
            InputError: The split is unknown.
        """
        if split not in SPLITS:
            raise unknown(f"split of {cls.name}", split, SPLITS)
        return cls.paint(np.random.default_rng((seed, STREAMS[split], index)))

    def __len__(self) -> int:
        return SPLITS[self.split]

    def load(self, index: int) -> Pair:
        """Draw one picture and its mask."""
        image, mask = self.render(self._seed, self.split, index)
        return image, np.full_like(mask, VOID) if self.split == "unlabeled" else mask

    def image_id(self, index: int) -> str:
        """Return such as ``scenes-train-00012``."""
        return f"{self.name}-{self.split}-{index:05d}"
