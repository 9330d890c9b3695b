"""Proxy tasks: what the network sees, shall predict and predicts; and what its features are good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.files import stored_arrays
from mmtutorial.plots import style
from mmtutorial.widgets.patch_looks import Kind, looks_by
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Choice, Slider, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import cloud, legend

_BY: tuple[Kind, ...] = ("class", "colour", "position")
_WEIGHTS = ("trained", "random")
_MAP = (792, 42, 400)
_MANY = 500


@dataclass(frozen=True, repr=False)
class FeatureMap:
    """Features of held-out patches, laid out in the plane.

    Attributes:
        places: ``(P, 2)`` places, whatever their scale.
        labels: ``(P,)`` class ids.
        colour_bins: ``(P,)`` as :func:`mmtutorial.widgets.embedding_frames.colour_bins` has them.
        positions: ``(P,)`` cell of the patch in its image, 0 to 8, row by row.
        purity: kNN purity by class, by colour and by position, each 0 to 1.
        classes: The class table.
    """

    places: NDArray[Any]
    labels: NDArray[np.int64]
    colour_bins: NDArray[np.int64]
    positions: NDArray[np.int64]
    purity: tuple[float, float, float]
    classes: ClassTable


@dataclass(frozen=True, repr=False)
class ProxyExample:
    """One proxy task on N images.

    Attributes:
        name: Of the task.
        sees: ``(N, 3, h, w)`` uint8, what the network is given.
        target: ``(N, 3, h, w)`` uint8, what it shall predict.
        prediction: ``(N, 3, h, w)`` uint8, what it predicts.
        captions: A short caption for each of the three.
        shortcut: The easy way out that the task must block.
        features: Where its features lie, if known.
        untrained: Where those of the same encoder with random weights lie, if known.
    """

    name: str
    sees: NDArray[np.uint8]
    target: NDArray[np.uint8]
    prediction: NDArray[np.uint8]
    captions: tuple[str, str, str]
    shortcut: str
    features: FeatureMap | None = None
    untrained: FeatureMap | None = None

    def __post_init__(self) -> None:
        counts = {len(self.sees), len(self.target), len(self.prediction)}
        if len(counts) > 1 or not len(self.sees):
            raise InputError(f"{self.name} has rows of {sorted(counts)} pictures; give three rows of equal length")

    @staticmethod
    def load(path: Path, features: FeatureMap | None = None) -> ProxyExample:
        """Read ``pictures/proxy-NAME.npz`` of a run.

        Raises:
            InputError: The file is not there or not one of ours.
        """
        with stored_arrays(path, "proxy pictures", "check the path") as stored:
            rows = [stored[key] for key in ("sees", "target", "prediction")]
            first, second, third = (str(caption) for caption in stored["captions"])
            shortcut = str(stored["shortcut"])
        name = path.stem.removeprefix("proxy-")
        return ProxyExample(name, rows[0], rows[1], rows[2], (first, second, third), shortcut, features)


@dataclass(frozen=True)
class ProxyFacts(Facts):
    """One task on one image.

    Attributes:
        images: Number of images of the task.
        difference: Mean distance of prediction and target, of 255; None where they are no pictures of one size.
        purity: kNN purity of the features by class, colour and position, 0 to 1; None where they are not known.
    """

    images: int
    difference: float | None
    purity: Mapping[Kind, float] | None


class ProxyExplorer(Explorer[ProxyFacts]):
    """Choose a proxy task and an image; see the task, and its features coloured in three ways.

    Args:
        tasks: One or more tasks.

    Raises:
        InputError: There is no task, or two have one name.
    """

    name = "proxy explorer"
    size = (1200, 600)

    def __init__(self, tasks: Sequence[ProxyExample]) -> None:
        names = [task.name for task in tasks]
        if not tasks or len(set(names)) < len(names):
            raise InputError(
                f"tasks are named {', '.join(names) or 'nothing'}; give one or more, each with its own name"
            )
        self._tasks = {task.name: task for task in tasks}
        most = max(len(task.sees) for task in tasks)
        weights = (Choice("weights", "weights", _WEIGHTS, _WEIGHTS[0]),) if any(t.untrained for t in tasks) else ()
        self.controls = (
            Choice("task", "proxy task", names, names[0]),
            Slider("image", "image", 0, most - 1, 0),
            Choice("colour_by", "colour features by", _BY, "class"),
            *weights,
        )

    def limits(self, state: State) -> dict[str, tuple[int, int]]:
        """Keep to the images of the task: tasks may have different numbers."""
        return {"image": (0, len(self._tasks[state["task"]].sees) - 1)}

    def facts(self, state: State) -> ProxyFacts:
        """Return how far prediction and target differ, and the purity by what the features are coloured."""
        task, k = self._tasks[state["task"]], state["image"]
        alike = task.prediction.shape == task.target.shape
        apart = float(np.abs(task.prediction[k].astype(float) - task.target[k]).mean()) if alike else None
        features = _features_of(task, state)
        purity = None if features is None else dict(zip(_BY, map(float, features.purity), strict=True))
        return ProxyFacts(len(task.sees), apart, purity)

    def draw(self, canvas: Canvas, state: State, facts: ProxyFacts) -> None:
        """Draw the three pictures and the map of features."""
        task = self._tasks[state["task"]]
        canvas.text(8, 28, task.name, size=TITLE, bold=True, fit=770)
        features = _features_of(task, state)
        width = 770 if features else 1184
        side = min(300.0, (width - 24) / 3)
        rows = (task.sees, task.target, task.prediction)
        names = ("the network sees", "target", "prediction")
        for place, (row, caption, name) in enumerate(zip(rows, task.captions, names, strict=True)):
            left = 8 + place * (side + 12)
            canvas.text(left, 66, name, bold=True, fit=side)
            canvas.fitted(row[state["image"]], left, 80, side, centred=True)
            canvas.box(left, 80, left + side, 80 + side, edge=style.PALE, width=1)
            canvas.paragraph(left, 80 + side + 26, side, caption, size=16, lines=3)
        base = 80 + side + 118
        canvas.text(8, base, "The shortcut to block", bold=True)
        canvas.paragraph(8, base + 27, width, task.shortcut, size=16, lines=max(1, int((592 - base - 27) // 22) + 1))
        if features and facts.purity:
            self._features(canvas, features, state["colour_by"], f"{_title(state).split()[0]}", facts.purity)

    def alt(self, state: State, facts: ProxyFacts) -> str:
        """Say the task in words."""
        task = self._tasks[state["task"]]
        said = (
            f"Proxy task {task.name}, image {state['image']} of {facts.images}. It sees: {task.captions[0]}. "
            f"Target: {task.captions[1]}. Prediction: {task.captions[2]}."
        )
        if facts.difference is not None:
            said += f" Prediction and target differ by {facts.difference:.0f} of 255 on average."
        if facts.purity:
            each = [f"{kind} {value:.2f}" for kind, value in facts.purity.items()]
            said += f" {_title(state)} coloured by {state['colour_by']}; kNN purity by {words.listed(each)}."
        return said

    def _features(
        self, canvas: Canvas, features: FeatureMap, by: Kind, weights: str, purity: Mapping[Kind, float]
    ) -> None:
        left, top, side = _MAP
        canvas.text(left, 28, f"{weights} by {by}: purity {purity[by]:.2f}", size=TITLE - 2, bold=True, fit=side)
        places = np.asarray(features.places, dtype=float)
        middle = (places.max(axis=0) + places.min(axis=0)) / 2
        reach = max(float(np.abs(places - middle).max()), 1e-12)
        values = {"class": features.labels, "colour": features.colour_bins, "position": features.positions}[by]
        looks = looks_by(by, values, features.classes)
        cloud(canvas, _MAP, (places - middle) / reach, looks, 6.0 if len(looks) < _MANY else 4.8, rim=12)
        shown = dict(sorted(zip(values.tolist(), looks, strict=True), key=lambda pair: pair[0]))
        legend(canvas, left, top + side + 28, 400, list(shown.values()), rows=5)


def _features_of(task: ProxyExample, state: State) -> FeatureMap | None:
    return task.untrained if state.get("weights") == "random" else task.features


def _title(state: State) -> str:
    return "Random features" if state.get("weights") == "random" else "Features"
