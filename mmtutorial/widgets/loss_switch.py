"""Beyond: triplets of the graph, all triplets, and supervised contrast, on the same points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from mmtutorial import words
from mmtutorial.contrastive import supervised_contrastive_loss
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.embedding import knn_purity
from mmtutorial.graph import connected_graph
from mmtutorial.plots import style
from mmtutorial.randomness import generator_for
from mmtutorial.triplet import triplet_loss
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.charts import Chart, ticks
from mmtutorial.widgets.toolkit.controls import Choice, Play, Slider, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import legend, marker

Loss = Callable[[Tensor, int], Tensor]

ONE, NEW, EVERY, CONTRAST = "triplets, one graph", "triplets, a new graph each step", "all triplets", "contrastive"
LOSSES = (ONE, NEW, EVERY, CONTRAST)
STEPS, SEEDS = 40, 4
MARGIN, TEMPERATURE, RATE = 2.1, 0.5, 0.1
_POINTS, _CLASSES, _WIDTH = 18, 3, 8
_SHAPES = ("A", "B", "C")
_MIDDLE, _RADIUS = (300.0, 300.0), 222.0
_SAYS = {
    ONE: "One positive and one negative for each point, drawn once: far points of a class hang on few lines.",
    NEW: "The method: every step draws its own graph, so in time each point meets all the others.",
    EVERY: "Each pair of a class with each point of another class: nothing is left to the draw.",
    CONTRAST: "Supervised contrast: each point against all others in one softmax, where near ones weigh most.",
}


@dataclass(frozen=True, repr=False)
class Course:
    """How toy embeddings move under each loss, from the same start.

    Attributes:
        labels: ``(P,)``.
        graphs: ``(T, M, 3)`` triplets of a connected graph a step; the first is the one graph of the first loss.
        places: For each loss ``(T, P, D)`` unit embeddings.
        purity: For each loss ``T`` values of kNN purity.
    """

    labels: Tensor
    graphs: Tensor
    places: dict[str, Tensor]
    purity: dict[str, list[float]]


@dataclass(frozen=True)
class LossFacts(Facts):
    """Where the points stand at one step.

    Attributes:
        purity: kNN purity there under each loss, 0 to 1.
        within: Mean squared distance of points of one class, under the chosen loss.
        between: Mean squared distance of points of different classes.
    """

    purity: dict[str, float]
    within: float
    between: float


class LossSwitch(Explorer[LossFacts]):
    """Switch the loss and follow the same points, which live on a sphere and are seen from one side."""

    name = "loss switch"
    size = (1200, 600)

    def __init__(self) -> None:
        self.controls = (
            Choice("loss", "loss", LOSSES, LOSSES[0]),
            Slider("step", "gradient steps", 0, STEPS, 0),
            Play("play", "play", "step", 200),
            Slider("seed", "seed", 0, SEEDS - 1, 0),
        )
        # Computed now, so that no frame has to wait for it.
        self._courses = [course(seed) for seed in range(SEEDS)]
        table = ClassTable(_SHAPES, ((0, 0, 0),) * _CLASSES, ())
        self._styles = style.class_styles(table)

    def facts(self, state: State) -> LossFacts:
        """Return the purity at the step under each loss, and mean squared distances within and between classes."""
        found = self._courses[state["seed"]]
        places, step = found.places[state["loss"]][state["step"]], state["step"]
        squared = torch.cdist(places, places).square()
        same = found.labels[:, None] == found.labels
        apart = ~torch.eye(_POINTS, dtype=torch.bool)
        purity = {loss: found.purity[loss][step] for loss in LOSSES}
        return LossFacts(purity, float(squared[same & apart].mean()), float(squared[~same].mean()))

    def draw(self, canvas: Canvas, state: State, facts: LossFacts) -> None:
        """Draw the points and the curves."""
        canvas.text(8, 28, f"{state['loss'].capitalize()}, step {state['step']}", size=TITLE, bold=True, fit=590)
        self._points(canvas, state)
        canvas.text(640, 28, "kNN purity of the same points", size=TITLE, bold=True)
        chart = Chart(canvas, 690, 60, 1180, 300, (0, STEPS), (0, 1))
        chart.axes(ticks(0, STEPS, 5), [0, 0.25, 0.5, 0.75, 1], xlabel="gradient steps", digits=2)
        for place, loss in enumerate(LOSSES):
            look = style.arm_style(loss, LOSSES)
            curve = self._courses[state["seed"]].purity[loss]
            chart.curve(range(STEPS + 1), curve, look.color, 5 if loss == state["loss"] else 2)
            value = facts.purity[loss]
            at = chart.at(state["step"], value)
            marker(canvas, at, look.marker, look.color, 9)
            base = 372 + 29 * place
            marker(canvas, (652, base - 6), look.marker, look.color, 9)
            canvas.text(672, base, f"{loss}: {value:.2f}", bold=loss == state["loss"])
        distances = f"Squared distance within a class {facts.within:.2f}, between classes {facts.between:.2f}."
        canvas.paragraph(640, 496, 552, distances, lines=2)
        canvas.paragraph(640, 528, 552, _SAYS[state["loss"]], size=16, color=style.QUIET, lines=4)

    def alt(self, state: State, facts: LossFacts) -> str:
        """Say the numbers in words."""
        purities = [f"{loss} {value:.2f}" for loss, value in facts.purity.items()]
        return (
            f"{words.count(_POINTS, 'toy embedding')} of {_CLASSES} classes after "
            f"{words.count(state['step'], 'gradient step')} of the loss “{state['loss']}”. kNN purity under each loss: "
            f"{words.listed(purities)}. Squared distance within a class {facts.within:.2f}, between classes "
            f"{facts.between:.2f}."
        )

    def _points(self, canvas: Canvas, state: State) -> None:
        found = self._courses[state["seed"]]
        canvas.circle(_MIDDLE, _RADIUS + 16, edge=style.PALE, width=1.5)
        flat = _seen(found, state["loss"])[state["step"]].tolist()
        at = [(_MIDDLE[0] + _RADIUS * x, _MIDDLE[1] - _RADIUS * y) for x, y in flat]
        looks = [self._styles[label] for label in found.labels.tolist()]
        drawn = {ONE: 0, NEW: state["step"]}.get(state["loss"])
        if drawn is not None:
            pairs = found.graphs[drawn][:, :2].tolist()
        else:
            pairs = [[i, j] for i in range(_POINTS) for j in range(i) if found.labels[i] == found.labels[j]]
        width, share = (1.0, 0.45) if drawn is None else (2.5, 0.8)
        for i, j in pairs:
            canvas.line([at[i], at[j]], style.blend(looks[i].color, share), width)
        for place, look in zip(at, looks, strict=True):
            marker(canvas, place, look.marker, look.color, 11)
        names = [style.ClassStyle(f"class {look.name}", look.color, look.marker) for look in self._styles]
        legend(canvas, 8, 584, 560, names)


@lru_cache(maxsize=SEEDS)
def course(seed: int) -> Course:
    """Move the same points by plain gradient steps of each loss; all steps are equally long."""
    generator = generator_for(seed, "loss switch")
    labels = torch.arange(_POINTS) % _CLASSES
    start = torch.randn(_POINTS, _WIDTH, generator=generator)
    graphs = torch.stack([connected_graph(labels, generator=generator).triplets for _ in range(STEPS + 1)])
    every = all_triplets(labels)
    losses: dict[str, Loss] = {
        ONE: lambda x, step: triplet_loss(x, graphs[0], margin=MARGIN),
        NEW: lambda x, step: triplet_loss(x, graphs[step], margin=MARGIN),
        EVERY: lambda x, step: triplet_loss(x, every, margin=MARGIN),
        CONTRAST: lambda x, step: supervised_contrastive_loss(x, labels, temperature=TEMPERATURE),
    }
    places = {name: _descend(start, loss) for name, loss in losses.items()}
    purity = {name: [knn_purity(p, labels, neighbours=3) for p in along] for name, along in places.items()}
    return Course(labels, graphs, places, purity)


def all_triplets(labels: Tensor) -> Tensor:
    """Return every anchor with every other node of its class and every node of another class, ``(M, 3)``."""
    same = labels[:, None] == labels
    other = ~same
    pairs = same & ~torch.eye(len(labels), dtype=torch.bool)
    return torch.nonzero(pairs[:, :, None] & other[:, None, :])


def _descend(start: Tensor, loss: Loss) -> Tensor:
    """Return ``(T, P, D)`` unit embeddings along steps of one length, so that no loss gains by its scale."""
    x, along = torch.nn.functional.normalize(start), []
    for step in range(STEPS + 1):
        along.append(x)
        at = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(at, step), at)
        length = float(gradient.norm())
        move = RATE * math.sqrt(_POINTS) * gradient / length if length > 1e-9 else torch.zeros_like(gradient)
        x = torch.nn.functional.normalize(x - move)
    return torch.stack(along)


def _seen(found: Course, loss: str) -> Tensor:
    """Return ``(T, P, 2)``: all moments of one loss from the side that shows the end best."""
    along = found.places[loss]
    last = along[-1] - along[-1].mean(dim=0)
    directions: Tensor = torch.linalg.svd(last, full_matrices=False)[2][:2]
    return along.matmul(directions.T)
