"""What proxy tasks look like, how well they were solved, and what their features know: the material of notebook 01."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError, unknown
from mmtutorial.files import stored_arrays, write_arrays
from mmtutorial.proxies import PROXIES
from mmtutorial.widgets.proxy_explorer import FeatureMap, ProxyExample, ProxyExplorer

DATASET = "scenes"
KNOWN = ("class", "colour", "position")
"""By what purity is measured, in the order of the last axis."""
ROWS = 3
"""Rows of pictures of a task: what it sees, its target, its prediction."""
_SAME = ("seeds", "labels", "colour_bins", "positions", "groups", "mean_colours")
_BY_TASK = ("measures", "higher", "scores", "trivial", "sheets", "sheet_sizes", "captions")


@dataclass(frozen=True, repr=False)
class ProxyTasks:
    """T proxy tasks on images kept for choosing, with S seeds; P patches of them, embedded with the first seed.

    The controls are the U untrained encoders, one for each kind of input: ``random-rgb``, ``random-grey`` and so on.

    Attributes:
        names: the T tasks.
        controls: the U untrained encoders.
        seeds: ``(S,)``.
        measures: ``(T,)`` what each score is, in words.
        higher: ``(T,)`` bool, whether a high score is good.
        scores: ``(T, S)`` of the trained network on held-out images.
        trivial: ``(T, S)`` of the best predictor that does not look at the image, on the same images.
        purity: ``(T + U, S, 3)`` kNN purity across images by :data:`KNOWN`, in the full embedding, 0 to 1.
        labels: ``(P,)`` class ids.
        colour_bins: ``(P,)`` as :func:`mmtutorial.widgets.embedding_frames.colour_bins` has them.
        positions: ``(P,)`` cell of the patch's centre in its image, 0 to 8, row by row.
        groups: ``(P,)`` the image of each.
        mean_colours: ``(P, 3)`` float32 mean red, green and blue of each patch, 0 to 1.
        features: ``(T + U, P, D)`` uint8; the scale of a whole embedding means nothing to angles.
        layouts: ``(T + U, P, 2)`` float16, t-SNE.
        sheets: T JPEG files as bytes, one after the other; each a sheet of :data:`ROWS` rows of square pictures.
        sheet_sizes: ``(T,)`` bytes of each.
        captions: ``(T, 3)`` of the rows.
    """

    names: tuple[str, ...]
    controls: tuple[str, ...]
    seeds: NDArray[np.int64]
    measures: NDArray[np.str_]
    higher: NDArray[np.bool_]
    scores: NDArray[np.float64]
    trivial: NDArray[np.float64]
    purity: NDArray[np.float64]
    labels: NDArray[np.int64]
    colour_bins: NDArray[np.int64]
    positions: NDArray[np.int64]
    groups: NDArray[np.int64]
    mean_colours: NDArray[np.float32]
    features: NDArray[np.uint8]
    layouts: NDArray[np.float16]
    sheets: NDArray[np.uint8]
    sheet_sizes: NDArray[np.int64]
    captions: NDArray[np.str_]

    def __repr__(self) -> str:
        seeds = ", ".join(map(str, self.seeds))
        return f"ProxyTasks({', '.join(self.names)}; seeds {seeds}; {len(self.labels)} patches)"

    def control(self, task: str) -> str:
        """The untrained encoder that sees what the encoder of a task sees.

        Raises:
            InputError: no such task.
        """
        if task not in self.names:
            raise unknown("proxy task", task, self.names)
        return control_of(task)

    def embeddings(self, name: str) -> Tensor:
        """(P, D) float embeddings of the patches, trained on a task or untrained, with the first seed.

        Raises:
            InputError: no such task and no such control.
        """
        return torch.from_numpy(self.features[self._place(name)]).float()

    def purity_of(self, name: str, known: str) -> NDArray[np.float64]:
        """(S,) kNN purity of a task or a control by one of :data:`KNOWN`.

        Raises:
            InputError: no such task and no such control, or no such measure.
        """
        if known not in KNOWN:
            raise unknown("measure", known, KNOWN)
        values: NDArray[np.float64] = self.purity[self._place(name), :, KNOWN.index(known)]
        return values

    def pictures(self, task: str) -> NDArray[np.uint8]:
        """(3, N, 3, h, h) what a task sees, its target and its prediction, on N held-out images.

        Raises:
            InputError: no such task.
        """
        self.control(task)
        place = self.names.index(task)
        end = int(self.sheet_sizes[: place + 1].sum())
        data = self.sheets[end - int(self.sheet_sizes[place]) : end].tobytes()
        sheet = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        side = sheet.shape[0] // ROWS
        return sheet.reshape(ROWS, side, -1, side, 3).transpose(0, 2, 4, 1, 3)

    def example(self, task: str) -> ProxyExample:
        """A task for the proxy explorer, with its features before and after training.

        Raises:
            InputError: no such task.
        """
        rows = self.pictures(task)
        # "sees: grey" stands under the heading "the network sees" there.
        first, second, third = (str(text).split(": ")[-1] for text in self.captions[self.names.index(task)])
        maps = [self._map(name) for name in (task, self.control(task))]
        shortcut = PROXIES[task].shortcut
        return ProxyExample(task, rows[0], rows[1], rows[2], (first, second, third), shortcut, maps[0], maps[1])

    def explorer(self) -> ProxyExplorer:
        """All tasks in one explorer."""
        return ProxyExplorer([self.example(task) for task in self.names])

    def joined(self, later: ProxyTasks) -> ProxyTasks:
        """These tasks, and after them others that were measured later, with the same seeds and on the same patches.

        Raises:
            InputError: they were measured otherwise, or are there already.
        """
        if twice := sorted({*self.names} & {*later.names}):
            raise InputError(f"{', '.join(twice)} is there already; make the file anew to measure it again")
        if unknown_input := sorted({*later.controls} - {*self.controls}):
            raise InputError(f"there is no control {', '.join(unknown_input)}; make the file anew with all tasks")
        for name in _SAME:
            here, there = getattr(self, name), getattr(later, name)
            # Mean colours may differ in their last digit from machine to machine.
            if here.shape != there.shape or not np.allclose(here, there, atol=1e-5):
                raise InputError(f"the new tasks have other {name.replace('_', ' ')}; measure all on the same")
        new, old = len(later.names), len(self.names)
        own: dict[str, Any] = {name: np.concatenate((getattr(self, name), getattr(later, name))) for name in _BY_TASK}
        both: dict[str, Any] = {
            name: np.concatenate((getattr(self, name)[:old], getattr(later, name)[:new], getattr(self, name)[old:]))
            for name in ("purity", "features", "layouts")
        }
        return replace(self, names=(*self.names, *later.names), **own, **both)

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file without pickles, whole or not at all."""
        write_arrays(path, {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)})

    @staticmethod
    def load(path: Path) -> ProxyTasks:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: the file is not there or not one of ours.
        """
        with stored_arrays(path, "proxy tasks") as arrays:
            names, controls = (tuple(map(str, arrays.pop(key))) for key in ("names", "controls"))
            return ProxyTasks(names=names, controls=controls, **arrays)

    def _place(self, name: str) -> int:
        known = (*self.names, *self.controls)
        if name not in known:
            raise unknown("embedding", name, known)
        return known.index(name)

    def _map(self, name: str) -> FeatureMap:
        """Layout and purity with the first seed, so that the number above a map is the map's own."""
        place = self._place(name)
        by_class, by_colour, by_position = map(float, self.purity[place, 0])
        return FeatureMap(
            places=self.layouts[place].astype(np.float64),
            labels=self.labels,
            colour_bins=self.colour_bins,
            positions=self.positions,
            purity=(by_class, by_colour, by_position),
            classes=open_dataset(DATASET, split="val").classes,
        )


def control_of(task: str) -> str:
    """Name of the untrained encoder with the input of a task."""
    return f"random-{PROXIES[task].input}"
