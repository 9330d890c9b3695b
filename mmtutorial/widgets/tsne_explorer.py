"""Tuning: the same held-out patches in t-SNE and PCA, step by step, with a number beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mmtutorial import words
from mmtutorial.errors import InputError
from mmtutorial.plots import style
from mmtutorial.triplet import unit_features
from mmtutorial.widgets.embedding_frames import EmbeddingFrames
from mmtutorial.widgets.patch_looks import Kind, looks_by
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.charts import Chart, ticks
from mmtutorial.widgets.toolkit.controls import Choice, Play, Slider, State, Toggle
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.marks import cloud, legend
from mmtutorial.widgets.toolkit.touchable import Touchable, addresses_of
from mmtutorial.widgets.touch import map_scene as maps

_COLOURS: tuple[Kind, ...] = ("class", "image", "colour")
_MAP, _SMALL = 500, 330
_TSNE, _PCA, _CURVE = 8, 524, 912
_WARNING = (
    "t-SNE shows neighbourhoods. How large a cluster is and how far it lies from another means nothing. "
    "The purity is measured in the full embedding: the share of the nearest neighbours from other images that "
    "have the same class."
)


@dataclass(frozen=True)
class Picked(Facts):
    """The patch that is looked at: its number, the name of its class, its image, and its prevailing colour."""

    patch: int
    label: str
    image: int
    colour: str


@dataclass(frozen=True)
class MapFacts(Facts):
    """One moment of tuning.

    Attributes:
        step: Tuning steps taken.
        purity: kNN purity then, 0 to 1.
        purity_first: kNN purity before tuning.
        perplexity: Of the t-SNE map.
        picked: The patch that is looked at, if any.
    """

    step: int
    purity: float
    purity_first: float
    perplexity: float
    picked: Picked | None


class TsneExplorer(Touchable[MapFacts]):
    """Maps of held-out patches along tuning: t-SNE, PCA and the curve of kNN purity.

    Args:
        frames: Everything that takes long, computed beforehand.
        embeddings: Embeddings ``(P, D)`` of the patches at some of the moments, by their place. There a patch is
            linked with its nearest neighbours in the full embedding, from other images; elsewhere on the map.

    Raises:
        InputError: There is no such moment, or not an embedding for each patch.
    """

    name = "t-SNE explorer"
    figure = "map"
    size = (1200, 640)

    def __init__(self, frames: EmbeddingFrames, embeddings: Mapping[int, Tensor] | None = None) -> None:
        self.frames = frames
        self._nearest = {moment: self._linked(moment, found) for moment, found in (embeddings or {}).items()}
        self._values = {"class": frames.labels, "image": frames.groups, "colour": frames.colour_bins}
        self._looks = {kind: looks_by(kind, self._values[kind], frames.classes) for kind in _COLOURS}
        last = len(frames.steps) - 1
        controls: list[Any] = [
            Slider("moment", "moment of tuning", 0, last, 0),
            Play("play", "play", "moment"),
            Choice("colour_by", "colour by", _COLOURS, "class"),
            Toggle("look", "look at a patch"),
            Slider("point", "patch", 0, len(frames.labels) - 1, 0),
        ]
        if len(frames.perplexities) > 1:
            options = [float(p) for p in frames.perplexities]
            controls.append(Choice("perplexity", "perplexity", options, options[-1]))
        self.controls = tuple(controls)

    def idle(self, state: State) -> Collection[str]:
        """Without a patch to look at there is none to choose."""
        return () if state["look"] else ("point",)

    def scene(self, state: State) -> dict[str, Any]:
        """Return both maps at a moment, the look of each patch, and its neighbours."""
        frames, k, facts = self.frames, state["moment"], self.facts(state)
        looks, names = self._looks[state["colour_by"]], self._looks["class"]
        tsne = frames.tsne[[float(p) for p in frames.perplexities].index(facts.perplexity), k]
        near = self._nearest.get(k, maps.nearest(tsne))
        where = "in the full embedding, from other images," if k in self._nearest else "on the t-SNE map"
        alike = maps.same_class(frames.labels, near).tolist()
        legend_of = () if state["colour_by"] == "image" else dict.fromkeys(looks[i] for i in self._in_order(state))
        return {
            "when": _when(facts.step),
            "tsne": maps.rounded(tsne),
            "pca": maps.rounded(frames.pca[k]),
            "order": self._in_order(state).tolist(),
            "looks": maps.plain_looks(looks),
            "names": [look.name for look in names],
            "images": frames.groups.tolist(),
            "neighbours": near.tolist(),
            "of_neighbours": [f"{n} of its {near.shape[1]} nearest {where} have its class." for n in alike],
            "legend": maps.plain_looks(list(legend_of)),
            "moment": k,
            "steps": frames.steps.tolist(),
            "purity": frames.purity.tolist(),
            "chance": 1 / len(np.unique(frames.labels)),
        }

    def _linked(self, moment: int, embeddings: Tensor) -> NDArray[np.int64]:
        frames = self.frames
        if not 0 <= moment < len(frames.steps) or len(embeddings) != len(frames.labels):
            raise InputError(
                f"{len(embeddings)} embeddings at moment {moment} for {len(frames.labels)} patches and "
                f"{len(frames.steps)} moments; give one for each patch, at moments from 0"
            )
        return maps.nearest(unit_features(embeddings).numpy(), groups=frames.groups)

    def art(self, state: State) -> list[str]:
        """Return the patches."""
        return self._art

    @cached_property
    def _art(self) -> list[str]:
        return addresses_of(self.frames.patches)

    def facts(self, state: State) -> MapFacts:
        """Return the step, purity there and at first, and the patch picked out, if any."""
        frames, k, point = self.frames, state["moment"], state["point"]
        names = (self._looks[kind][point].name for kind in ("class", "colour"))
        picked = Picked(point, next(names), int(frames.groups[point]), next(names)) if state["look"] else None
        return MapFacts(
            step=int(frames.steps[k]),
            purity=float(frames.purity[k]),
            purity_first=float(frames.purity[0]),
            perplexity=self._perplexity(state),
            picked=picked,
        )

    def draw(self, canvas: Canvas, state: State, facts: MapFacts) -> None:
        """Draw both maps, the curve and the picked patch."""
        frames, k = self.frames, state["moment"]
        canvas.text(_TSNE, 28, f"t-SNE {_when(facts.step)}", size=TITLE, bold=True)
        canvas.text(_PCA, 28, "PCA", size=TITLE, bold=True)
        canvas.text(_CURVE, 28, f"kNN purity {facts.purity:.2f}", size=TITLE, bold=True)
        which = [float(p) for p in frames.perplexities].index(facts.perplexity)
        self._map(canvas, frames.tsne[which, k], (_TSNE, 42, _MAP), 6.5, state)
        self._map(canvas, frames.pca[k], (_PCA, 42, _SMALL), 5, state)
        self._curve(canvas, k)
        self._picked(canvas, facts.picked)
        canvas.paragraph(_PCA, 42 + _SMALL + 26, _SMALL, _WARNING, size=17, color=style.QUIET, lines=8)
        if state["colour_by"] == "image":
            said = f"One sign for each of {words.count(len(np.unique(frames.groups)), 'image')}."
            canvas.text(_TSNE, 572, said)
        else:
            shown = list(dict.fromkeys(self._looks[state["colour_by"]][i] for i in self._in_order(state)))
            legend(canvas, _TSNE, 572, self.size[0] - 16, shown)

    def alt(self, state: State, facts: MapFacts) -> str:
        """Say the numbers in words."""
        said = (
            f"Maps of {words.count(len(self.frames.labels), 'held-out patch', 'held-out patches')} after "
            f"{words.count(facts.step, 'tuning step')}: t-SNE of perplexity {facts.perplexity:g} and PCA, "
            f"coloured by {state['colour_by']}. kNN purity across images {facts.purity:.2f}; before tuning "
            f"{facts.purity_first:.2f}."
        )
        picked = facts.picked
        if picked:
            said += f" Patch {picked.patch}: {picked.label}, image {picked.image}, mostly {picked.colour}."
        return said

    def _perplexity(self, state: State) -> float:
        return float(state.get("perplexity", self.frames.perplexities[0]))

    def _in_order(self, state: State) -> NDArray[np.int64]:
        """Return the patches in the order of drawing: background first, for it is the most numerous."""
        values = self._values[state["colour_by"]]
        behind = np.array([not look.background for look in self._looks[state["colour_by"]]])
        return np.lexsort((values, behind)) if state["colour_by"] != "image" else np.arange(len(values))

    def _map(
        self, canvas: Canvas, places: NDArray[np.float32], box: tuple[float, float, float], radius: float, state: State
    ) -> None:
        looks = self._looks[state["colour_by"]]
        at = cloud(canvas, box, places, looks, radius, rim=14, order=self._in_order(state))
        point = state["point"]
        if state["look"]:
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

    def _picked(self, canvas: Canvas, picked: Picked | None) -> None:
        top = 318
        canvas.text(_CURVE, top, "Patch" if picked is None else f"Patch {picked.patch}", bold=True)
        if picked is None:
            canvas.paragraph(_CURVE, top + 28, 272, "Choose one with “look at a patch”.", size=16)
            return
        side = 128
        canvas.picture(self.frames.patches[picked.patch], _CURVE, top + 12, side, side)
        canvas.box(_CURVE, top + 12, _CURVE + side, top + 12 + side, edge=style.INK, width=2)
        lines = (picked.label, f"image {picked.image}", f"mostly {picked.colour}")
        for row, line in enumerate(lines):
            canvas.text(_CURVE + side + 12, top + 34 + 28 * row, line, fit=1192 - _CURVE - side - 12)


def _when(step: int) -> str:
    return f"after {words.count(step, 'step')}" if step else "before tuning"
