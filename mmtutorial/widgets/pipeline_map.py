"""Start here: the stages of the method in a row; choose one and see what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.patches import PatchBatch
from mmtutorial.plots import style
from mmtutorial.randomness import seeded
from mmtutorial.widgets.examples import scene_images, scene_patches
from mmtutorial.widgets.graph_picture import Panel, ring_layout
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Button, Choice, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.marks import marker
from mmtutorial.widgets.toolkit.touchable import Touchable, addresses_of

_SIDE = 396
_OUT = 488


@dataclass(frozen=True, repr=False)
class StageCard:
    """One stage of the method, as the map shows it.

    Attributes:
        name: Its name.
        goes_in: What goes in, in a few words.
        comes_out: What comes out, in a few words.
        about: What it does, in a sentence or two.
        input: ``(3, h, w)`` or ``(h, w, 3)`` uint8.
        output: The same.
    """

    name: str
    goes_in: str
    comes_out: str
    about: str
    input: NDArray[np.uint8]
    output: NDArray[np.uint8]


@dataclass(frozen=True)
class StageFacts(Facts):
    """Which stage is on show: its place among how many, from 0, and what goes in and comes out, in words."""

    place: int
    of: int
    goes_in: str
    comes_out: str


class PipelineMap(Touchable[StageFacts]):
    """The stages as boxes; the chosen one with its input and output.

    Args:
        stages: The stages in order; by default the method's, on the built-in scenes.

    Raises:
        InputError: There is no stage, or two have one name.
    """

    name = "pipeline map"
    figure = "stages"
    size = (1200, 540)

    def __init__(self, stages: Sequence[StageCard] | None = None) -> None:
        self.stages = tuple(stages) if stages is not None else scene_stages()
        names = tuple(stage.name for stage in self.stages)
        if not names or len(set(names)) < len(names):
            raise InputError(f"stages are named {', '.join(names) or 'nothing'}; give each its own name")

        def neighbour(state: State, step: int) -> dict[str, str]:
            place = (names.index(state["stage"]) + step) % len(names)
            return {"stage": names[place]}

        self.controls = (
            Choice("stage", "stage", names, names[0]),
            Button("back", "stage before", lambda state: neighbour(state, -1)),
            Button("next", "next stage", lambda state: neighbour(state, 1)),
        )

    def scene(self, state: State) -> dict[str, Any]:
        """Return the words of all stages."""
        words = ("name", "goes_in", "comes_out", "about")
        return {"stages": [{word: getattr(stage, word) for word in words} for stage in self.stages]}

    def art(self, state: State) -> list[str]:
        """Return input and output of each stage in turn."""
        return addresses_of(picture for stage in self.stages for picture in (stage.input, stage.output))

    def facts(self, state: State) -> StageFacts:
        """Return the place of the stage and its words."""
        place = [stage.name for stage in self.stages].index(state["stage"])
        stage = self.stages[place]
        return StageFacts(place, len(self.stages), stage.goes_in, stage.comes_out)

    def draw(self, canvas: Canvas, state: State, facts: StageFacts) -> None:
        """Draw the row of stages, and input and output of the chosen one."""
        width = (1184 - 34 * (len(self.stages) - 1)) / len(self.stages)
        for place, stage in enumerate(self.stages):
            left, chosen = 8 + place * (width + 34), place == facts.place
            fill = style.SAFE_COLOURS[0] if chosen else "#F1F2F4"
            canvas.box(left, 10, left + width, 66, fill=fill, edge=style.INK if chosen else style.PALE, width=2)
            ink = "#FFFFFF" if chosen else style.INK
            canvas.text(left + width / 2, 38, stage.name, bold=True, color=ink, anchor="mm", fit=width - 12)
            if place:
                canvas.arrow((left - 30, 38), (left - 4, 38), style.INK, 3, 12)
        stage = self.stages[facts.place]
        for left, words, picture, name in (
            (8, stage.goes_in, stage.input, "in"),
            (_OUT, stage.comes_out, stage.output, "out"),
        ):
            canvas.text(left, 112, f"{name}: {words}", bold=True, fit=_SIDE)
            canvas.fitted(picture, left, 126, _SIDE)
        canvas.arrow((8 + _SIDE + 14, 320), (_OUT - 12, 320), style.SAFE_COLOURS[0], 8, 26)
        canvas.text(906, 112, stage.name, size=TITLE, bold=True, fit=286)
        canvas.paragraph(906, 148, 286, stage.about, lines=16)

    def alt(self, state: State, facts: StageFacts) -> str:
        """Say the stage in words."""
        stage = self.stages[facts.place]
        return (
            f"Stage {facts.place + 1} of {facts.of}, {stage.name}. In: {stage.goes_in}. "
            f"Out: {stage.comes_out}. {stage.about}"
        )


def scene_stages() -> tuple[StageCard, ...]:
    """Return the stages of the method, with pictures of the built-in scenes; the clusters of tuning are a sketch."""
    scenes, batch = scene_images(24), scene_patches(24)
    image, mask = scenes.images[0].numpy(), scenes.masks[0].numpy()
    styles = style.class_styles(scenes.classes)
    grey = np.repeat(image.mean(axis=0, keepdims=True).round().astype(np.uint8), 3, axis=0)
    patches = batch.images[torch.arange(0, 240, 15)].numpy()
    labels = torch.tensor([1, 2, 3]).repeat_interleave(5)
    tied = torch.cat([torch.nonzero(batch.labels == c).flatten()[:5] for c in (1, 2, 3)])
    graph = _graph_picture(batch, tied, styles)
    before, after = _cloud(labels, styles, spread=0.9), _cloud(labels, styles, spread=0.16)
    many = np.stack([i.numpy() for i in scenes.images[:16]])
    texts = (
        "A network learns from unlabelled images by a task that costs no labels: here, to colour a grey image. "
        "Its features are a start, but were made for colour and not for classes.",
        "Patches are taken from many labelled images and mixed: one step sees more classes and scales than any "
        "single image has. The label of a patch is the class of its centre pixel.",
        "Each patch is tied to one of its class, and set against one of another. Every class becomes one connected "
        "piece, and every patch takes part.",
        "The triplet loss moves features along these ties: patches of a class gather round one centre, classes part. "
        "(This picture is a sketch; the notebook on tuning shows real ones.)",
        "With these features the network is trained to name the class of every pixel, from the same labels as "
        "before. No label was added anywhere.",
    )
    rows = (
        ("Proxy task", "a grey image", "its colours", grey, image),
        ("Mix", "labelled images", "patches", _sheet(many), _sheet(patches)),
        ("Match", "patches", "a graph", _sheet(batch.images[tied].numpy()), graph),
        ("Tune", "features before", "features after", before, after),
        ("Segment", "an image", "a class for each pixel", image, style.paint(mask, styles)),
    )
    return tuple(StageCard(n, i, o, text, a, b) for (n, i, o, a, b), text in zip(rows, texts, strict=True))


def _sheet(pictures: NDArray[np.uint8], columns: int = 4) -> NDArray[np.uint8]:
    """Return square pictures ``(N, 3, s, s)`` in a grid with white gaps, ``(h, w, 3)``."""
    side, gap = pictures.shape[-1], max(2, pictures.shape[-1] // 16)
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (side + gap), columns * (side + gap), 3), 255, dtype=np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * (side + gap), place % columns * (side + gap)
        sheet[top : top + side, left : left + side] = np.moveaxis(picture, 0, -1)
    return sheet


def _graph_picture(batch: PatchBatch, chosen: torch.Tensor, styles: tuple[style.ClassStyle, ...]) -> NDArray[np.uint8]:
    """Return the connected graph over some patches of a batch."""
    graph = connected_graph(batch.labels[chosen], generator=seeded(0))
    canvas = Canvas(_SIDE, _SIDE)
    Panel(graph, ring_layout(graph, _SIDE, _SIDE), batch.images[chosen].numpy(), styles, None).draw(canvas, 0, 0)
    return np.asarray(canvas.finished())


def _cloud(labels: torch.Tensor, styles: tuple[style.ClassStyle, ...], spread: float) -> NDArray[np.uint8]:
    """Return a sketch of features: three classes, more or less apart."""
    random = np.random.default_rng(4)
    canvas = Canvas(330, 330)
    canvas.box(0, 0, 330, 330, edge=style.PALE, width=2)
    middles = np.array([(0.0, 0.62), (-0.6, -0.4), (0.6, -0.4)]) * (1 - 0.5 * spread)
    for label in labels.repeat(2).tolist():
        x, y = np.clip(middles[label - 1] + spread * random.uniform(-0.8, 0.8, 2), -0.9, 0.9)
        look = style.style_of(styles, label)
        marker(canvas, (165 + 160 * x, 165 - 160 * y), look.marker, look.color, 10)
    return np.asarray(canvas.finished())
