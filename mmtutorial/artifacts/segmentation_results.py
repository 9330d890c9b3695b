"""What finished networks predict on test images, and weights to go on from: the material of notebook 06."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.datasets import open_dataset
from mmtutorial.errors import unknown
from mmtutorial.files import stored_arrays, write_arrays
from mmtutorial.metrics import confusion_matrix, mean_iou, per_class_iou
from mmtutorial.results.records import ArmScores, Results
from mmtutorial.widgets.result_browser import ResultBrowser

DATASET, SPLIT = "scenes", "test"
_WEIGHT = "weight of "


@dataclass(frozen=True, repr=False)
class SegmentationResults:
    """What A arms with one seed predict on the T test images of ``scenes``.

    The images are not kept: :func:`mmtutorial.datasets.open_dataset` draws them. Predictions cover the whole test
    part, so that every score comes out as the reproduction has it.

    Attributes:
        names: the A arms.
        seed: of their training.
        truths: ``(T, H, W)`` uint8 class ids.
        predictions: ``(A, T, H, W)`` uint8 class ids.
        scored: the B arms whose scores are kept.
        small_scores: ``(B, S, K, h, w)`` float16, scores of the first S images as the head gives them, before they
            are enlarged to the size of the image.
        weights: float16 weights by name, of the encoder that tuning with the graph left and fine-tuning started from.
    """

    names: tuple[str, ...]
    seed: int
    truths: NDArray[np.uint8]
    predictions: NDArray[np.uint8]
    scored: tuple[str, ...]
    small_scores: NDArray[np.float16]
    weights: Mapping[str, NDArray[np.float16]]

    def __repr__(self) -> str:
        return f"SegmentationResults({', '.join(self.names)}; seed {self.seed}, {len(self.truths)} {SPLIT} images)"

    def true_masks(self) -> list[Tensor]:
        """T masks ``(H, W)`` of class ids."""
        return list(torch.from_numpy(self.truths))

    def masks(self, arm: str) -> list[Tensor]:
        """T masks ``(H, W)``, what an arm predicts.

        Raises:
            InputError: no such arm.
        """
        return list(torch.from_numpy(self.predictions[_place(arm, self.names)]))

    def scores(self, arm: str) -> Tensor:
        """(S, K, H, W) scores of an arm for the first S images, enlarged as :class:`mmtutorial.networks.FCN` does.

        Raises:
            InputError: the scores of that arm are not kept.
        """
        small = torch.from_numpy(self.small_scores[_place(arm, self.scored)]).float()
        return F.interpolate(small, self.truths.shape[-2:], mode="bilinear", align_corners=False)

    def tuned_weights(self) -> dict[str, Tensor]:
        """Weights of the tuned encoder, for ``TinyEncoder(batch_norm=False).load_state_dict``."""
        return {name: torch.from_numpy(values.astype(np.float32)) for name, values in self.weights.items()}

    def confusion(self, arm: str) -> Tensor:
        """(K, K) pixel counts over all T images; row = truth, column = prediction."""
        return confusion_matrix(self.true_masks(), self.masks(arm), self._classes)

    def image_miou(self, arm: str) -> Tensor:
        """(T,) mIoU of each image by itself, 0 to 1, over the classes that its truth shows."""
        pairs = zip(self.true_masks(), self.masks(arm), strict=True)
        return torch.tensor([mean_iou(confusion_matrix([t], [p], self._classes)) for t, p in pairs])

    def browser(self, chosen: Mapping[str, Sequence[int]]) -> ResultBrowser:
        """A browser of some images.

        Args:
            chosen: numbers of images under the kind they are shown as, such as ``{"worst": [7, 19]}``.
        """
        images = open_dataset(DATASET, split=SPLIT)
        pairs = [(kind, int(i)) for kind, members in chosen.items() for i in members]
        pages: dict[str, NDArray[np.generic]] = {
            "arms": np.array(self.names),
            "kinds": np.array([kind for kind, _ in pairs]),
            "ids": np.array([images.image_id(i) for _, i in pairs]),
        }
        for place, (_, i) in enumerate(pairs):
            truth, masks = torch.from_numpy(self.truths[i]), torch.from_numpy(self.predictions[:, i])
            pages[f"image_{place}"], pages[f"truth_{place}"] = images.arrays(i)[0], self.truths[i]
            pages[f"prediction_{place}"] = self.predictions[:, i]
            pages[f"miou_{place}"] = np.array([mean_iou(confusion_matrix([truth], [m], self._classes)) for m in masks])
        table, arms = images.classes, tuple(self._scores_of(arm) for arm in self.names)
        results = Results(names=table.names, palette=table.palette, background_ids=table.background_ids, arms=arms)
        return ResultBrowser(pages, results)

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file without pickles, whole or not at all."""
        weights = {f"{_WEIGHT}{name}": values for name, values in self.weights.items()}
        own = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self) if field.name != "weights"}
        write_arrays(path, own | weights)

    @staticmethod
    def load(path: Path) -> SegmentationResults:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: the file is not there or not one of ours.
        """
        with stored_arrays(path, "segmentation results") as found:
            weights = {n.removeprefix(_WEIGHT): found.pop(n) for n in list(found) if n.startswith(_WEIGHT)}
            names, scored = (tuple(map(str, found.pop(key))) for key in ("names", "scored"))
            return SegmentationResults(
                names=names, scored=scored, seed=int(found.pop("seed")), weights=weights, **found
            )

    @property
    def _classes(self) -> int:
        return int(self.small_scores.shape[2])

    def _scores_of(self, arm: str) -> ArmScores:
        """The arm as a record of results."""
        counts, (pretraining, _, tuning) = self.confusion(arm), arm.partition("+")
        miou = 100 * mean_iou(counts)
        return ArmScores(
            arm=arm,
            pretraining=pretraining,
            tuning=tuning,
            seeds=(self.seed,),
            miou=(miou,),
            mean=miou,
            per_class_iou=(tuple((100 * per_class_iou(counts)).tolist()),),
            pixels=tuple(map(tuple, counts.tolist())),
        )


def _place(arm: str, names: tuple[str, ...]) -> int:
    if arm not in names:
        raise unknown("arm", arm, names)
    return names.index(arm)
