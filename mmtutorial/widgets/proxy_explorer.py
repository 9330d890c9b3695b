"""Proxy tasks: what the network sees, shall predict and predicts; and what its features are good for."""

from __future__ import annotations

from collections.abc import Sequence
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
from mmtutorial.plots.style import ClassStyle
from mmtutorial.widgets.embedding_frames import GREY, HUES
from mmtutorial.widgets.toolkit.canvas import PALE, TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Choice, Slider, State
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import legend, marker
from mmtutorial.widgets.tsne_explorer import colour_look

_BY = ("class", "colour", "position")
_WEIGHTS = ("trained", "random")
_PLACES = ("left", "middle", "right")
_ROWS = ("top", "centre", "bottom")
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
        """Reads ``pictures/proxy-NAME.npz`` of a run.

        Raises:
            InputError: The file is not there or not one of ours.
        """
        with stored_arrays(path, "proxy pictures", "check the path") as stored:
            rows = [stored[key] for key in ("sees", "target", "prediction")]
            first, second, third = (str(caption) for caption in stored["captions"])
            shortcut = str(stored["shortcut"])
        name = path.stem.removeprefix("proxy-")
        return ProxyExample(name, rows[0], rows[1], rows[2], (first, second, third), shortcut, features)


class ProxyExplorer(Explorer):
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
        """Tasks may have different numbers of images."""
        return {"image": (0, len(self._tasks[state["task"]].sees) - 1)}

    def facts(self, state: State) -> dict[str, Any]:
        """The share of pixels predicted differently, and the purity by what the features are coloured."""
        task, k = self._tasks[state["task"]], state["image"]
        apart = np.abs(task.prediction[k].astype(float) - task.target[k]).mean() if self._alike(task) else None
        features = _features_of(task, state)
        purity = None if features is None else dict(zip(_BY, map(float, features.purity), strict=True))
        return {"images": len(task.sees), "difference": apart, "purity": purity}

    def draw(self, canvas: Canvas, state: State, facts: dict[str, Any]) -> None:
        """Draws the three pictures and the map of features."""
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
            _fitted(canvas, row[state["image"]], left, 80, side)
            canvas.paragraph(left, 80 + side + 26, side, caption, size=16, lines=3)
        base = 80 + side + 118
        canvas.text(8, base, "The shortcut to block", bold=True)
        canvas.paragraph(8, base + 27, width, task.shortcut, size=16, lines=max(1, int((592 - base - 27) // 22) + 1))
        if features:
            self._features(canvas, features, state, facts)

    def alt(self, state: State, facts: dict[str, Any]) -> str:
        """The task in words."""
        task = self._tasks[state["task"]]
        said = (
            f"Proxy task {task.name}, image {state['image']} of {facts['images']}. It sees: {task.captions[0]}. "
            f"Target: {task.captions[1]}. Prediction: {task.captions[2]}."
        )
        if facts["difference"] is not None:
            said += f" Prediction and target differ by {facts['difference']:.0f} of 255 on average."
        if facts["purity"]:
            each = [f"{kind} {value:.2f}" for kind, value in facts["purity"].items()]
            said += f" {_title(state)} coloured by {state['colour_by']}; kNN purity by {words.listed(each)}."
        return said

    @staticmethod
    def _alike(task: ProxyExample) -> bool:
        return task.prediction.shape == task.target.shape

    def _features(self, canvas: Canvas, features: FeatureMap, state: State, facts: dict[str, Any]) -> None:
        left, top, side = _MAP
        by = state["colour_by"]
        title = f"{_title(state).split()[0]} by {by}: purity {facts['purity'][by]:.2f}"
        canvas.text(left, 28, title, size=TITLE - 2, bold=True, fit=side)
        canvas.box(left, top, left + side, top + side, edge=PALE, width=1)
        places = np.asarray(features.places, dtype=float)
        middle = (places.max(axis=0) + places.min(axis=0)) / 2
        reach = max(float(np.abs(places - middle).max()), 1e-12)
        looks = _looks(features, by)
        radius = 6.0 if len(looks) < _MANY else 4.8
        for place, look in zip((places - middle) / reach, looks, strict=True):
            x, y = left + side / 2 + (side / 2 - 12) * place[0], top + side / 2 - (side / 2 - 12) * place[1]
            marker(canvas, (x, y), look.marker, look.color, 0.75 * radius if look.background else radius)
        shown = sorted(dict.fromkeys(zip(_values(features, by).tolist(), looks, strict=True)), key=lambda pair: pair[0])
        legend(canvas, left, top + side + 28, 400, [look for _, look in shown], rows=5)


def _features_of(task: ProxyExample, state: State) -> FeatureMap | None:
    return task.untrained if state.get("weights") == "random" else task.features


def _title(state: State) -> str:
    return "Random features" if state.get("weights") == "random" else "Features"


def _fitted(canvas: Canvas, picture: NDArray[np.uint8], left: float, top: float, side: float) -> None:
    """Puts a picture into a square, whole and at its own proportions."""
    height, width = picture.shape[-2:]
    scale = side / max(height, width)
    x, y = left + (side - scale * width) / 2, top + (side - scale * height) / 2
    canvas.picture(picture, x, y, scale * width, scale * height)
    canvas.box(left, top, left + side, top + side, edge=PALE, width=1)


def _values(features: FeatureMap, by: str) -> NDArray[np.int64]:
    return {"class": features.labels, "colour": features.colour_bins, "position": features.positions}[by]


def _looks(features: FeatureMap, by: str) -> list[ClassStyle]:
    if by == "class":
        styles = style.class_styles(features.classes)
        return [style.style_of(styles, int(label)) for label in features.labels]
    if by == "colour":
        return [colour_look(min(int(b), GREY, len(HUES))) for b in features.colour_bins]
    cells = [f"{row} {column}" for row in _ROWS for column in _PLACES]
    return [ClassStyle(cells[p], style.SAFE_COLOURS[p], style.MARKERS[p]) for p in map(int, features.positions)]
