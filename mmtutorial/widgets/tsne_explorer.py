"""Tuning: the same held-out patches in t-SNE and PCA, step by step, with a number beside them."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.style import ClassStyle
from mmtutorial.widgets.embedding_frames import GREY, HUES, EmbeddingFrames
from mmtutorial.widgets.toolkit.canvas import PALE, TITLE, Canvas
from mmtutorial.widgets.toolkit.charts import Chart, ticks
from mmtutorial.widgets.toolkit.controls import Choice, Play, Slider, State
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import legend, marker

_COLOURS = ("class", "image", "colour")
_MAP, _SMALL = 500, 330
_TSNE, _PCA, _CURVE = 8, 524, 912
_WARNING = (
    "t-SNE shows neighbourhoods. How large a cluster is and how far it lies from another means nothing. "
    "The purity is measured in the full embedding: the share of the nearest neighbours from other images that "
    "have the same class."
)


class TsneExplorer(Explorer):
    """Maps of held-out patches along tuning: t-SNE, PCA and the curve of kNN purity.

    Args:
        frames: Everything that takes long, computed beforehand.
    """

    name = "t-SNE explorer"
    size = (1200, 640)

    def __init__(self, frames: EmbeddingFrames) -> None:
        self.frames = frames
        self._looks = {kind: _looks(frames, kind) for kind in _COLOURS}
        last = len(frames.steps) - 1
        controls: list[Any] = [
            Slider("moment", "moment of tuning", 0, last, 0),
            Play("play", "play", "moment"),
            Choice("colour_by", "colour by", _COLOURS, "class"),
            Slider("point", "look at patch (−1: none)", -1, len(frames.labels) - 1, -1),
        ]
        if len(frames.perplexities) > 1:
            options = [float(p) for p in frames.perplexities]
            controls.append(Choice("perplexity", "perplexity", options, options[-1]))
        self.controls = tuple(controls)

    def facts(self, state: State) -> dict[str, Any]:
        """Step, purity there and at first, and the patch picked out, if any."""
        frames, k = self.frames, state["moment"]
        point = state["point"]
        picked = {
            "patch": point,
            "class": style.style_of(self._class_looks(), int(frames.labels[point])).name,
            "image": int(frames.groups[point]),
            "colour": _colour_name(int(frames.colour_bins[point])),
        }
        return {
            "step": int(frames.steps[k]),
            "purity": float(frames.purity[k]),
            "purity_first": float(frames.purity[0]),
            "perplexity": self._perplexity(state),
            "picked": picked if point >= 0 else None,
        }

    def draw(self, canvas: Canvas, state: State, facts: dict[str, Any]) -> None:
        """Draws both maps, the curve and the picked patch."""
        frames, k = self.frames, state["moment"]
        when = f"after {words.count(facts['step'], 'step')}" if facts["step"] else "before tuning"
        canvas.text(_TSNE, 28, f"t-SNE {when}", size=TITLE, bold=True)
        canvas.text(_PCA, 28, "PCA", size=TITLE, bold=True)
        canvas.text(_CURVE, 28, f"kNN purity {facts['purity']:.2f}", size=TITLE, bold=True)
        which = [float(p) for p in frames.perplexities].index(facts["perplexity"])
        self._map(canvas, frames.tsne[which, k], (_TSNE, 42, _MAP), 6.5, state)
        self._map(canvas, frames.pca[k], (_PCA, 42, _SMALL), 5, state)
        self._curve(canvas, k)
        self._picked(canvas, facts["picked"])
        canvas.paragraph(_PCA, 42 + _SMALL + 26, _SMALL, _WARNING, size=17, color="#454C55", lines=8)
        if state["colour_by"] == "image":
            said = f"One sign for each of {words.count(len(np.unique(frames.groups)), 'image')}."
            canvas.text(_TSNE, 572, said)
        else:
            shown = list(dict.fromkeys(self._looks[state["colour_by"]][i] for i in self._in_order(state)))
            legend(canvas, _TSNE, 572, self.size[0] - 16, shown)

    def alt(self, state: State, facts: dict[str, Any]) -> str:
        """The numbers in words."""
        said = (
            f"Maps of {words.count(len(self.frames.labels), 'held-out patch', 'held-out patches')} after "
            f"{words.count(facts['step'], 'tuning step')}: t-SNE of perplexity {facts['perplexity']:g} and PCA, "
            f"coloured by {state['colour_by']}. kNN purity across images {facts['purity']:.2f}; before tuning "
            f"{facts['purity_first']:.2f}."
        )
        picked = facts["picked"]
        if picked:
            said += f" Patch {picked['patch']}: {picked['class']}, image {picked['image']}, mostly {picked['colour']}."
        return said

    def _perplexity(self, state: State) -> float:
        return float(state.get("perplexity", self.frames.perplexities[0]))

    def _class_looks(self) -> tuple[ClassStyle, ...]:
        return style.class_styles(self.frames.classes)

    def _in_order(self, state: State) -> NDArray[np.int64]:
        """Patches in the order of drawing: background first, for it is the most numerous."""
        kind = {"class": self.frames.labels, "image": self.frames.groups, "colour": self.frames.colour_bins}
        values = kind[state["colour_by"]]
        behind = np.array([not look.background for look in self._looks[state["colour_by"]]])
        return np.lexsort((values, behind)) if state["colour_by"] != "image" else np.arange(len(values))

    def _map(
        self, canvas: Canvas, places: NDArray[np.float32], box: tuple[float, float, float], radius: float, state: State
    ) -> None:
        left, top, side = box
        canvas.box(left, top, left + side, top + side, edge=PALE, width=1)
        middle, reach = side / 2, side / 2 - 14
        at = [(left + middle + reach * float(x), top + middle - reach * float(y)) for x, y in places]
        looks = self._looks[state["colour_by"]]
        for i in self._in_order(state):
            marker(canvas, at[i], looks[i].marker, looks[i].color, radius * (0.75 if looks[i].background else 1))
        point = state["point"]
        if point >= 0:
            canvas.circle(at[point], radius + 7, edge="#FFFFFF", width=6)
            canvas.circle(at[point], radius + 6, edge=style.INK, width=3)

    def _curve(self, canvas: Canvas, moment: int) -> None:
        steps = [float(s) for s in self.frames.steps]
        purity = [float(p) for p in self.frames.purity]
        ends = (steps[0], steps[-1]) if steps[-1] > steps[0] else (steps[0], steps[0] + 1)
        chart = Chart(canvas, _CURVE + 36, 52, 1180, 240, ends, (0, 1))
        chart.axes([t for t in ticks(*ends, 4) if t == round(t)], ticks(0, 1, 6), xlabel="tuning steps")
        chance = 1 / len(np.unique(self.frames.labels))
        canvas.dashes(chart.at(ends[0], chance), chart.at(ends[1], chance), style.FAINT, 2)
        canvas.text(1180, chart.at(0, chance)[1] + 18, "chance", size=15, color="#5C636C", anchor="rs")
        chart.curve(steps, purity, style.SAFE_COLOURS[0])
        if np.isfinite(purity[moment]):
            canvas.circle(chart.at(steps[moment], purity[moment]), 7, style.SAFE_COLOURS[3], style.INK)

    def _picked(self, canvas: Canvas, picked: dict[str, Any] | None) -> None:
        top = 318
        canvas.text(_CURVE, top, "Patch" if picked is None else f"Patch {picked['patch']}", bold=True)
        if picked is None:
            canvas.paragraph(_CURVE, top + 28, 272, "Choose one with “look at patch”.", size=16)
            return
        side = 128
        canvas.picture(self.frames.patches[picked["patch"]], _CURVE, top + 12, side, side)
        canvas.box(_CURVE, top + 12, _CURVE + side, top + 12 + side, edge=style.INK, width=2)
        lines = (picked["class"], f"image {picked['image']}", f"mostly {picked['colour']}")
        for row, line in enumerate(lines):
            canvas.text(_CURVE + side + 12, top + 34 + 28 * row, line, fit=1192 - _CURVE - side - 12)


def _looks(frames: EmbeddingFrames, kind: str) -> list[ClassStyle]:
    """Returns the look of each patch."""
    if kind == "class":
        styles = style.class_styles(frames.classes)
        return [style.style_of(styles, int(label)) for label in frames.labels]
    if kind == "colour":
        return [colour_look(int(b)) for b in frames.colour_bins]
    places = np.unique(frames.groups, return_inverse=True)[1]
    shapes, colours = style.MARKERS, style.SAFE_COLOURS
    # Colour runs faster than shape, so neighbours in number never look alike and no two of 144 images do.
    return [
        ClassStyle(f"image {i}", colours[i % len(colours)], shapes[(i + i // len(colours)) % len(shapes)])
        for i in places.tolist()
    ]


def _colour_name(index: int) -> str:
    return "grey" if index == GREY else HUES[index]


def colour_look(index: int) -> ClassStyle:
    """Returns the look of a colour bin: its colour, and a shape for those who cannot tell it."""
    if index == GREY:
        return ClassStyle("grey", "#8A9099", style.BACKGROUND_MARKER)
    red, green, blue = (round(255 * v) for v in colorsys.hsv_to_rgb(index / len(HUES), 0.8, 0.9))
    return ClassStyle(HUES[index], f"#{red:02X}{green:02X}{blue:02X}", style.MARKERS[index])
