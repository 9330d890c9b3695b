"""What several ways of tuning made of the same patches: purity along the way, embeddings at the end."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmtutorial.errors import unknown
from mmtutorial.files import stored_arrays, write_arrays

BEFORE = "before"
"""The name under which the embeddings before any tuning are kept."""


@dataclass(frozen=True, repr=False)
class TuningArms:
    """A ways of tuning from the same weights, seen at F moments on the same P patches.

    Attributes:
        names: the A arms.
        steps: ``(F,)`` tuning steps taken, ascending.
        purity: ``(A, F)`` kNN purity across images on patches of held-out images, 0 to 1.
        purity_seen: ``(A, F)`` the same on patches of the images that were tuned on.
        final: ``(1 + A, P, D)`` float16, unit embeddings of the held-out patches, before tuning and at each arm's end.
        final_seen: ``(1 + A, P', D)`` the same of the patches of images that were tuned on.
        labels: ``(P,)`` class ids of the held-out patches.
        groups: ``(P,)`` the image of each.
        labels_seen: ``(P',)`` class ids of the other patches.
        groups_seen: ``(P',)`` the image of each.
    """

    names: tuple[str, ...]
    steps: NDArray[np.int64]
    purity: NDArray[np.float64]
    purity_seen: NDArray[np.float64]
    final: NDArray[np.float16]
    final_seen: NDArray[np.float16]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    labels_seen: NDArray[np.int64]
    groups_seen: NDArray[np.int64]

    def __repr__(self) -> str:
        return f"TuningArms({', '.join(self.names)}; {len(self.labels)} patches, {self.steps[-1]} steps)"

    def embeddings(self, arm: str, *, seen: bool = False) -> Tensor:
        """(P, D) float unit embeddings at the end of an arm, or ``"before"`` all of them.

        Raises:
            InputError: no such arm.
        """
        known = (BEFORE, *self.names)
        if arm not in known:
            raise unknown("arm", arm, known)
        kept = self.final_seen if seen else self.final
        return torch.from_numpy(kept[known.index(arm)].astype(np.float32))

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file without pickles, whole or not at all."""
        write_arrays(path, {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)})

    @staticmethod
    def load(path: Path) -> TuningArms:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: the file is not there or not one of ours.
        """
        with stored_arrays(path, "tuning arms") as arrays:
            return TuningArms(names=tuple(map(str, arrays.pop("names"))), **arrays)
