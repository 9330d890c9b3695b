"""Segmentation: images, truth and every arm's prediction, with scores and the confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.errors import InputError
from mmtutorial.metrics import confusion_matrix, per_class_iou
from mmtutorial.plots import style
from mmtutorial.plots.tables import largest_confusions, row_percentages, shade
from mmtutorial.results.records import Results
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Choice, Slider, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import legend, marker

_TILES, _TILE_TOP = 1184, 80
_MOST_TILE = 184
_LOWER = 318
_MATRIX = (640, _LOWER + 40)
ALL_KINDS = "all"


@dataclass(frozen=True)
class ImageFacts(Facts):
    """Scores on one image, and the chosen arm's over all images.

    Attributes:
        place: Its number among the images shown.
        id: Its name.
        kind: Why it is shown: best, median, worst.
        miou: Of the image, in percent, for each arm.
        image_iou: Of each class on the image, in percent; NaN where it does not occur.
        class_iou: Of each class over all images, the mean over seeds, in percent.
        mean: mIoU over all images, in percent.
        confusion: ``(K, K)`` rows in percent; NaN where a class does not occur.
    """

    place: int
    id: str
    kind: str
    miou: list[float]
    image_iou: list[float]
    class_iou: list[float]
    mean: float
    confusion: NDArray[np.float64]


class ResultBrowser(Explorer[ImageFacts]):
    """A run's pictures and numbers.

    Args:
        predictions: The arrays of ``pictures/predictions.npz``.
        results: As :func:`mmtutorial.results.read_results` gives it.

    Raises:
        InputError: Arrays are missing, or are not of these results.
    """

    name = "result browser"
    size = (1200, 700)

    def __init__(self, predictions: Mapping[str, NDArray[Any]], results: Results) -> None:
        try:
            self._arms = [str(a) for a in predictions["arms"]]
            self._kinds = [str(k) for k in predictions["kinds"]]
            self._ids = [str(i) for i in predictions["ids"]]
            self._arrays = {
                f"{key}_{k}": np.asarray(predictions[f"{key}_{k}"])
                for k in range(len(self._kinds))
                for key in ("image", "truth", "prediction", "miou")
            }
        except KeyError as error:
            raise InputError(f"the results lack {error}; give predictions.npz and results.json of one run") from None
        self._classes = results.classes
        self._rows = {row.arm: row for row in results.arms if row.arm in self._arms and row.confusion is not None}
        if not self._kinds or set(self._rows) != set(self._arms):
            raise InputError(
                f"predictions are of {', '.join(self._arms) or 'no arm'}, results of {', '.join(self._rows) or 'none'} "
                "of these; give predictions.npz and results.json of one run"
            )
        self._styles = style.class_styles(self._classes)
        self._image_iou = [self._iou_of_image(k) for k in range(len(self._kinds))]
        kinds = (ALL_KINDS, *dict.fromkeys(self._kinds))
        self.controls = (
            Choice("kind", "show", kinds, ALL_KINDS),
            Slider("image", "image", 0, len(self._kinds) - 1, 0),
            Choice("arm", "arm", self._arms, self._arms[-1]),
        )

    def limits(self, state: State) -> Mapping[str, tuple[int, int]]:
        """Keep to the images of one kind."""
        return {"image": (0, len(self._of_kind(state)) - 1)}

    def facts(self, state: State) -> ImageFacts:
        """Return the scores on the image and over all images, and the confusion matrix of the arm."""
        k = self._of_kind(state)[state["image"]]
        row = self._rows[state["arm"]]
        return ImageFacts(
            place=k,
            id=self._ids[k],
            kind=self._kinds[k],
            miou=[100 * float(m) for m in self._arrays[f"miou_{k}"]],
            image_iou=self._image_iou[k][self._arms.index(state["arm"])],
            class_iou=[np.nan if value is None else value for value in row.class_means],
            mean=row.mean,
            confusion=row_percentages(np.array(row.confusion)),
        )

    def draw(self, canvas: Canvas, state: State, facts: ImageFacts) -> None:
        """Draw tiles, bars and matrix."""
        number = f"{state['image'] + 1} of {len(self._of_kind(state))}"
        canvas.text(8, 28, f"Image {facts.id} ({facts.kind}, {number})", size=TITLE, bold=True, fit=1184)
        self._tiles(canvas, state, facts)
        self._bars(canvas, state, facts)
        self._matrix(canvas, state, facts)

    def alt(self, state: State, facts: ImageFacts) -> str:
        """Say the scores in words."""
        scores = [f"{a} {words.number(m)}" for a, m in zip(self._arms, facts.miou, strict=True)]
        truth = [look.name for look in style.styles_in(self._styles, self._arrays[f"truth_{facts.place}"])]
        worst = largest_confusions(facts.confusion, self._classes, 1)
        said = f"Its largest confusion: {worst[0]}." if worst else "It confuses no class with another."
        return (
            f"Image {facts.id}, one of the {facts.kind}, with truth ({words.listed(truth)}). mIoU of the image "
            f"in percent: {'; '.join(scores)}. {state['arm']} over all images: mIoU {words.number(facts.mean)}. "
            f"{said}"
        )

    def _iou_of_image(self, k: int) -> list[list[float]]:
        """Return the IoU of each class in percent on one image, a row an arm."""
        truth, *masks = (
            torch.from_numpy(mask.astype(np.int64))
            for mask in (self._arrays[f"truth_{k}"], *self._arrays[f"prediction_{k}"])
        )
        counts = [confusion_matrix([truth], [mask], len(self._classes)) for mask in masks]
        return [[100 * v for v in per_class_iou(count).tolist()] for count in counts]

    def _of_kind(self, state: State) -> list[int]:
        return [k for k, kind in enumerate(self._kinds) if state["kind"] in (kind, ALL_KINDS)]

    def _tiles(self, canvas: Canvas, state: State, facts: ImageFacts) -> None:
        k = facts.place
        titles = ["image", "truth", *(f"{a} {words.number(m)}" for a, m in zip(self._arms, facts.miou, strict=True))]
        masks = [self._arrays[f"truth_{k}"], *self._arrays[f"prediction_{k}"]]
        pictures = [self._arrays[f"image_{k}"], *(style.paint(mask, self._styles) for mask in masks)]
        side = min(_MOST_TILE, (_TILES - 10 * (len(pictures) - 1)) / len(pictures))
        size = 15 if side > 130 else 12
        for place, (title, picture) in enumerate(zip(titles, pictures, strict=True)):
            left = 8 + place * (side + 10)
            chosen = place > 1 and self._arms[place - 2] == state["arm"]
            for line, part in enumerate(reversed(words.folded(title).split("\n"))):
                canvas.text(left, _TILE_TOP - 8 - 18 * line, part, size=size, bold=chosen, fit=side)
            width, height = canvas.fitted(picture, left, _TILE_TOP, side)
            edge = style.INK if chosen else style.PALE
            canvas.box(left, _TILE_TOP, left + width, _TILE_TOP + height, edge=edge, width=3)
        shown = style.styles_in(self._styles, np.concatenate([mask.ravel() for mask in masks]))
        legend(canvas, 8, _TILE_TOP + _MOST_TILE + 26, 1184, shown, rows=1)

    def _bars(self, canvas: Canvas, state: State, facts: ImageFacts) -> None:
        """Draw the IoU of each class: a bar over all images, a diamond for this image."""
        name, score = state["arm"], words.number(facts.mean)
        canvas.text(8, _LOWER + 26, f"{name}: IoU of each class, mean {score}", size=18, bold=True, fit=590)
        step = min(30.0, 310 / len(self._classes))
        size = 15 if step >= 19 else 11
        for row, look in enumerate(self._styles):
            base = _LOWER + 46 + step * (row + 0.5)
            marker(canvas, (16, base), look.marker, look.color, min(7, step * 0.4))
            canvas.text(30, base, look.name, size=size, anchor="lm", fit=110)
            value, here = facts.class_iou[row], facts.image_iou[row]
            canvas.box(150, base - 0.34 * step, 550, base + 0.34 * step, fill="#F1F2F4")
            if value > 0:
                canvas.box(150, base - 0.34 * step, 150 + 4 * value, base + 0.34 * step, fill=look.color)
            if here == here:
                marker(canvas, (150 + 4 * here, base), "D", "#FFFFFF", min(7, step * 0.4), edge=2)
            canvas.text(602, base, words.number(value), size=size, anchor="rm")
        canvas.text(150, 690, "bar: all images; white diamond: this image", size=14, color=style.QUIET)

    def _matrix(self, canvas: Canvas, state: State, facts: ImageFacts) -> None:
        left, top = _MATRIX
        canvas.text(left, _LOWER + 26, "True class in rows, predicted in columns, %", size=18, bold=True)
        k = len(self._classes)
        width, height = (1192 - left - 138) / k, (690 - top - 24) / k
        size = 14 if k <= 12 else 9
        for column, look in enumerate(self._styles):
            marker(
                canvas, (left + 138 + width * (column + 0.5), top + 10), look.marker, look.color, min(7, width * 0.4)
            )
        for row, look in enumerate(self._styles):
            middle = top + 24 + height * (row + 0.5)
            marker(canvas, (left + 8, middle), look.marker, look.color, min(7, height * 0.4))
            canvas.text(left + 22, middle, look.name, size=15 if k <= 12 else 11, anchor="lm", fit=110)
            for column in range(k):
                value = float(facts.confusion[row, column])
                cell = shade(value)
                x, y = left + 138 + width * column, middle - height / 2
                canvas.box(x, y, x + width, y + height, fill=cell.background, edge="#FFFFFF", width=1)
                if value >= 0.5 and k <= 22:
                    canvas.text(x + width / 2, middle, f"{value:.0f}", size=size, color=cell.ink, anchor="mm")
