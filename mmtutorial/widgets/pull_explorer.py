"""What the pull of positive edges alone makes of patches: islands, or one place a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.graph import PatchGraph
from mmtutorial.plots import style
from mmtutorial.randomness import seeded
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas, Point
from mmtutorial.widgets.toolkit.controls import Play, Slider, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import legend, marker

TIMES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 1000.0)
"""How long the pull has worked at each moment."""
_TOP, _SIDE, _LEFT = 70, 440, (30, 530)


@dataclass(frozen=True)
class PullFacts(Facts):
    """One moment.

    Attributes:
        time: How long the pull has worked.
        pieces: Pieces of each side.
        places: Different places of each side, told apart to a hundredth of the spread at first.
        width: Width of the frame of each side; it follows the points.
    """

    time: float
    pieces: tuple[int, ...]
    places: tuple[int, ...]
    width: tuple[float, ...]


class PullExplorer(Explorer[PullFacts]):
    """The same patches, as points in the plane, on two sides. Each positive edge draws its two ends together.

    Args:
        sides: Two graphs by name, over the same patches; or one, beside which a question mark stands.
        classes: Their class table.
        seed: Of the places at first.

    Raises:
        InputError: There is no graph, or more than two, or they have other patches.
    """

    name = "pull explorer"
    size = (1000, 590)

    def __init__(self, sides: Mapping[str, PatchGraph], classes: ClassTable, seed: int = 1) -> None:
        graphs = list(sides.values())
        if len(graphs) not in (1, 2) or not torch.equal(graphs[0].labels, graphs[-1].labels):
            raise InputError(f"{len(graphs)} graphs were given, or over other patches; give two over the same ones")
        self._names, self._graphs = tuple(sides), graphs
        self._styles = style.class_styles(classes)
        start = torch.randn(len(graphs[0].labels), 2, generator=seeded(seed), dtype=torch.float64)
        self._along = [[pulled(start, graph.edges, time) for time in TIMES] for graph in graphs]
        self.controls = (Slider("moment", "moment", 0, len(TIMES) - 1, 0), Play("play", "play", "moment"))

    def facts(self, state: State) -> PullFacts:
        """Count pieces and places."""
        k = state["moment"]
        now = [side[k] for side in self._along]
        pieces = tuple(sum(graph.components().values()) for graph in self._graphs)
        width = tuple(max(float((side.amax(0) - side.amin(0)).max()), 1e-6) for side in now)
        return PullFacts(TIMES[k], pieces, tuple(different(side) for side in now), width)

    def draw(self, canvas: Canvas, state: State, facts: PullFacts) -> None:
        """Draw both sides, with their edges."""
        labels = self._graphs[0].labels.tolist()
        if len(self._graphs) == 1:
            canvas.box(_LEFT[1], _TOP, _LEFT[1] + _SIDE, _TOP + _SIDE, edge=style.PALE, width=2)
            canvas.text(_LEFT[1] + _SIDE / 2, _TOP + _SIDE / 2, "?", size=96, color=style.FAINT, anchor="mm")
        for side, left in enumerate(_LEFT[: len(self._graphs)]):
            title = f"{self._names[side]}: {words.count(facts.pieces[side], 'piece')}"
            canvas.text(left, 26, title, size=TITLE, bold=True)
            said = f"{words.count(facts.places[side], 'different place')} {_when(facts.time)}"
            canvas.text(left, 54, said)
            canvas.box(left, _TOP, left + _SIDE, _TOP + _SIDE, edge=style.PALE, width=2)
            wide = f"frame {facts.width[side]:.1f} wide"
            canvas.text(left + _SIDE - 8, _TOP + _SIDE - 8, wide, size=15, color=style.QUIET, anchor="rs")
            at = _placed(self._along[side][state["moment"]], left, facts.width[side])
            for a, b in self._graphs[side].edges.tolist():
                canvas.line([at[a], at[b]], style.blend(self._look(labels[a]).color, 0.6), 2.5)
            for place, label in zip(at, labels, strict=True):
                marker(canvas, place, self._look(label).marker, self._look(label).color, 9)
        present = [self._look(label) for label in sorted(set(labels))]
        legend(canvas, _LEFT[0], 546, self.size[0] - 60, present)

    def alt(self, state: State, facts: PullFacts) -> str:
        """Say the counts in words."""
        sides = zip(self._names, facts.pieces, facts.places, strict=True)
        counted = [f"{name}: {words.count(n, 'piece')}, {words.count(m, 'different place')}" for name, n, m in sides]
        classes = len(self._graphs[0].labels.unique())
        patches = words.count(len(self._graphs[0].labels), "patch", "patches")
        return f"{patches} of {words.count(classes, 'class', 'classes')} {_when(facts.time)}. {'; '.join(counted)}."

    def _look(self, label: int) -> style.ClassStyle:
        return style.style_of(self._styles, label)


def pulled(start: Tensor, edges: Tensor, time: float) -> Tensor:
    """Return where points are after each edge has pulled its ends together for a while.

    The flow downhill on half the sum of squared edge lengths, exactly: with the graph's Laplacian L the places are
    exp(-L t) times those at first. A piece ends in its mean.

    Args:
        start: ``(N, 2)`` places at first.
        edges: ``(E, 2)`` node numbers.
        time: How long.

    Example:
        >>> pulled(torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([[0, 1]]), 50.0)
        tensor([[1., 0.],
                [1., 0.]])
    """
    one, two = torch.nn.functional.one_hot(edges, len(start)).to(start.dtype).unbind(1)
    laplacian = (one - two).T @ (one - two)
    values, vectors = torch.linalg.eigh(laplacian)
    moved: Tensor = vectors @ (torch.exp(-values.clamp(min=0) * time)[:, None] * (vectors.T @ start))
    return moved


def different(places: Tensor, grain: float = 0.01) -> int:
    """Count places ``(N, 2)`` that are further apart than a grain, each joined with all that it touches.

    Example:
        >>> different(torch.tensor([[0.0, 0.0], [0.001, 0.0], [1.0, 0.0]]))
        2
    """
    near = torch.nonzero(torch.cdist(places, places) < grain)
    return sum(PatchGraph(torch.zeros(len(places), dtype=torch.long), near).components().values())


def _when(time: float) -> str:
    return f"after {time:g} of pulling" if time else "before the pull"


def _placed(places: Tensor, left: float, width: float) -> list[Point]:
    """Return places on the canvas, in the middle of a square that they fill."""
    middle = (places.amax(0) + places.amin(0)) / 2
    scaled = (places - middle) * (_SIDE - 40) / width
    return [(left + _SIDE / 2 + x, _TOP + _SIDE / 2 - y) for x, y in scaled.tolist()]
