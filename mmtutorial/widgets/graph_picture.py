"""How the graph explorer draws a graph: a cell per class, its patches on a ring, their triplets as lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.graph import PatchGraph
from mmtutorial.plots import style
from mmtutorial.widgets.toolkit.canvas import Canvas, Point
from mmtutorial.widgets.toolkit.marks import marker

_LABEL_HEIGHT = 26
_NUMBER = 13
_NAME = 15
_MOST = 54


@dataclass(frozen=True)
class Layout:
    """Where the patches stand in a panel.

    Attributes:
        places: Middle of each patch.
        outward: Middle of each patch's number, outside the ring.
        corners: Left and base of the line of each class.
        cell_width: Width of a class's cell.
        side: Side of a patch.
    """

    places: list[Point]
    outward: list[Point]
    corners: dict[int, Point]
    cell_width: float
    side: float


def ring_layout(graph: PatchGraph, width: float, height: float) -> Layout:
    """Give each class a cell, and in it each patch a place on a ring, in the order of visiting.

    Args:
        graph: The connected graph; its anchors stand in the order of visiting.
        width: Width of the panel.
        height: Height of the panel.
    """
    labels = graph.labels.tolist()
    visiting = graph.triplets[:, 0].tolist() or list(range(len(labels)))
    members = {c: [i for i in visiting if labels[i] == c] for c in sorted(set(labels))}
    columns, rows = _grid(len(members), width, height)
    cell_width, cell_height = width / columns, height / rows
    # Numbers of two figures stand outside the ring; they are wider than high.
    room = min(cell_width - 2 * (_NUMBER + 12), cell_height - _LABEL_HEIGHT - 2 * (_NUMBER + 6))
    most = max(len(m) for m in members.values())
    radius = _ring(most)
    side = min(_MOST, room / (2 * radius + 1.1))
    places, outward, corners = [(0.0, 0.0)] * len(labels), [(0.0, 0.0)] * len(labels), {}
    for cell, (label, nodes) in enumerate(members.items()):
        left, top = cell % columns * cell_width, cell // columns * cell_height
        corners[label] = (left + 8, top + 20)
        x, y = left + cell_width / 2, top + _LABEL_HEIGHT + (cell_height - _LABEL_HEIGHT) / 2
        # Small classes take a little of the room that the largest needs, so that their lines can be seen.
        ring = 0.0 if len(nodes) == 1 else max(_ring(len(nodes)), 0.8 * radius) * side
        for k, node in enumerate(nodes):
            turn = 2 * math.pi * k / len(nodes)
            across, down = math.sin(turn), -math.cos(turn)
            places[node] = (x + ring * across, y + ring * down)
            outward[node] = _outside(places[node], across, down, side)
    return Layout(places, outward, corners, cell_width, side)


def _ring(nodes: int) -> float:
    """Return the radius of a ring of patches of side 1 whose neighbours stand 1.4 apart."""
    return 0.0 if nodes == 1 else 0.7 / math.sin(math.pi / nodes)


def _outside(place: Point, across: float, down: float, side: float) -> Point:
    """Return where the number of a patch stands: just outside its square, on the far side from the ring's middle."""
    reach = (side / 2) / max(abs(across), abs(down))
    return place[0] + across * (reach + _NUMBER), place[1] + down * (reach + _NUMBER * 0.75)


def _strong(color: str) -> str:
    """Return a colour that is seen as a thin line on white: pale ones are darkened."""
    return style.blend(color, 0.65, style.INK) if style.luminance(color) > 0.45 else color


def _grid(cells: int, width: float, height: float) -> tuple[int, int]:
    """Return columns and rows whose cells are largest, measured by their shorter side."""
    shapes = [(columns, math.ceil(cells / columns)) for columns in range(1, cells + 1)]
    return max(shapes, key=lambda s: min(width / s[0], height / s[1] - _LABEL_HEIGHT))


@dataclass(frozen=True)
class Panel:
    """One graph to draw.

    Attributes:
        graph: Its triplets so far.
        layout: Where its patches stand.
        patches: ``(P, 3, S, S)`` uint8.
        styles: Look of each class.
        marked: The patch whose triplets are picked out, if any.
        candidate: A patch that might become its positive, if any.
    """

    graph: PatchGraph
    layout: Layout
    patches: NDArray[Any]
    styles: tuple[style.ClassStyle, ...]
    marked: int | None
    candidate: int | None = None

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        """Draw it with its top left corner at a place."""
        at = [(left + x, top + y) for x, y in self.layout.places]
        triplets = self.graph.triplets.tolist()
        own = [t for t in triplets if t[0] == self.marked]
        for anchor, positive, _ in triplets:
            self._edge(canvas, at[anchor], at[positive], _strong(self._look(anchor).color), 3)
        for anchor, positive, negative in own:
            self._edge(canvas, at[anchor], at[positive], style.INK, 5)
            canvas.dashes(at[anchor], at[negative], style.INK, 2.5)
        if self.marked is not None and self.candidate is not None:
            canvas.dashes(at[self.marked], at[self.candidate], _strong(self._look(self.marked).color), 5, dash=5)
        self._names(canvas, left, top)
        used = set(self.graph.triplets.flatten().tolist())
        picked = {node for t in own for node in t} | {self.marked, self.candidate}
        for node, place in enumerate(at):
            self._patch(canvas, node, place, node in used, node in picked)
            x, y = self.layout.outward[node]
            colour = style.INK if node in used else "#5C636C"
            canvas.text(left + x, top + y, str(node), size=_NUMBER, color=colour, anchor="mm", bold=node in picked)

    def _names(self, canvas: Canvas, left: float, top: float) -> None:
        pieces = self.graph.components()
        for label, (x, y) in self.layout.corners.items():
            look = style.style_of(self.styles, label)
            # White behind it, for a dashed line may pass.
            canvas.box(left + x, top + y - 15, left + x + self.layout.cell_width - 14, top + y + 5, fill="#FFFFFF")
            marker(canvas, (left + x + 6, top + y - 5), look.marker, look.color, 7)
            said = f": {words.count(pieces[label], 'piece')}"
            room = self.layout.cell_width - 27 - canvas.text_width(said, _NAME)
            start = left + x + 19 + canvas.text(left + x + 19, top + y, look.name, size=_NAME, fit=room) + 1
            canvas.text(start, top + y, said, size=_NAME)

    def _edge(self, canvas: Canvas, start: Point, end: Point, color: str, width: float) -> None:
        length = math.dist(start, end)
        if length > 0:
            # The head ends at the rim of the patch and not under it.
            share = 1 - (self.layout.side * 0.56) / length
            tip = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            canvas.arrow(start, tip, color, width, head=9)

    def _patch(self, canvas: Canvas, node: int, place: Point, used: bool, picked: bool) -> None:
        half, color = self.layout.side / 2, self._look(node).color
        pixels = self.patches[node] if used else (0.3 * self.patches[node] + 0.7 * 255).astype(np.uint8)
        canvas.picture(pixels, place[0] - half, place[1] - half, 2 * half, 2 * half)
        edge = style.INK if picked else color if used else style.blend(color, 0.4)
        width = 4 if picked else 3
        canvas.box(place[0] - half, place[1] - half, place[0] + half, place[1] + half, edge=edge, width=width)

    def _look(self, node: int) -> style.ClassStyle:
        return style.style_of(self.styles, int(self.graph.labels[node]))
