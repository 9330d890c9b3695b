"""Match: the class-wise connected graph beside random triplets, over the same patches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.graph import PatchGraph
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled

CROWDED = 80
"""With more nodes than this, negative edges would cover everything else and are left out."""

Places = NDArray[np.float64]


@dataclass(frozen=True)
class GraphFacts:
    """What a set of triplets connects.

    Attributes:
        nodes: Number of patches.
        triplets: Number of triplets.
        unused: The patches that occur in no triplet, ascending.
        anchors: Number of patches that are the anchor of some triplet.
        pieces: For each class id that occurs, the number of separate pieces into which its positive edges
            join its patches; a patch without a positive edge is a piece by itself.
        largest: For each class id, the number of patches in its largest piece.
    """

    nodes: int
    triplets: int
    unused: tuple[int, ...]
    anchors: int
    pieces: Mapping[int, int]
    largest: Mapping[int, int]

    @property
    def used(self) -> int:
        """Number of patches that occur in some triplet, in whatever role."""
        return self.nodes - len(self.unused)

    @property
    def coverage(self) -> float:
        """Share of the patches that occur in some triplet, 0 to 1."""
        return self.used / self.nodes if self.nodes else 1.0

    def sentence(self) -> str:
        """Say the facts in words."""
        patches = words.count(self.nodes, "patch", "patches")
        text = (
            f"{words.count(self.triplets, 'triplet')}; {self.used} of {patches} in use "
            f"({100 * self.coverage:.0f} %), {self.anchors} of them as anchor"
        )
        if not self.pieces:
            return f"{text}."
        low, high = min(self.pieces.values()), max(self.pieces.values())
        if high == 1:
            return f"{text}; the positive edges join each class into one piece."
        return f"{text}; the positive edges leave a class in {_range(low, high)} pieces."


def graph_facts(labels: NDArray[Any], triplets: NDArray[Any]) -> GraphFacts:
    """Count what a set of triplets connects.

    Args:
        labels: ``(P,)`` class id of each patch.
        triplets: ``(M, 3)`` patch numbers of anchor, positive and negative.
    """
    graph = PatchGraph(torch.as_tensor(labels), torch.as_tensor(triplets, dtype=torch.long).reshape(-1, 3))
    return facts_of(graph)


def facts_of(graph: PatchGraph) -> GraphFacts:
    """Count what the triplets of a graph connect."""
    sizes = np.bincount(graph.piece_of())
    largest: dict[int, int] = {}
    for label, piece in zip(graph.labels.tolist(), graph.piece_of().tolist(), strict=True):
        largest[label] = max(largest.get(label, 0), int(sizes[piece]))
    anchors = len(graph.triplets[:, 0].unique())
    unused = tuple(graph.unused().tolist())
    return GraphFacts(len(graph.labels), len(graph.triplets), unused, anchors, graph.components(), largest)


@styled
def graph_pair(
    labels: NDArray[Any], connected: NDArray[Any], random: NDArray[Any], classes: ClassTable, *, seed: int = 0
) -> Picture:
    """Draw random triplets and the connected graph side by side, each patch at the same place in both.

    Patches of a class stand together, placed by the connected graph's positive edges. Solid lines are
    positive edges. Faint lines are negative edges, left out above 80 patches. A patch in no triplet is
    hollow.

    Args:
        labels: ``(P,)`` class ids.
        connected: ``(M, 3)`` triplets of the class-wise connected graph.
        random: ``(M', 3)`` random triplets over the same patches.
        classes: The class table.
        seed: Seed of the layout.
    """
    labels = np.asarray(labels)
    places = class_layout(labels, connected, seed=seed)
    figure = style.new_figure(10, 6.1)
    panels = figure.subplots(1, 2)
    alts = []
    for axes, title, triplets in zip(
        panels, ("Random triplets", "Class-wise connected graph"), (random, connected), strict=True
    ):
        draw_graph(axes, labels, np.asarray(triplets).reshape(-1, 3), places, classes)
        axes.set_title(title)
        alts.append(f"{title}: {graph_facts(labels, triplets).sentence()}")
    styles = style.class_styles(classes)
    shown = style.styles_in(styles, labels)
    style.marker_legend(figure, shown)
    return Picture(figure, f"{' '.join(alts)} Classes: {words.listed([s.name for s in shown])}.")


def draw_graph(axes: Axes, labels: NDArray[Any], triplets: NDArray[Any], places: Places, classes: ClassTable) -> None:
    """Draw nodes and edges of one set of triplets into a panel.

    Args:
        axes: The panel.
        labels: ``(P,)`` class ids.
        triplets: ``(M, 3)``.
        places: ``(P, 2)`` where each patch stands.
        classes: The class table.
    """
    styles = style.class_styles(classes)
    triplets = np.asarray(triplets, dtype=np.int64)
    if len(labels) <= CROWDED:
        negative = places[triplets[:, [0, 2]]]
        axes.add_collection(LineCollection(list(negative), colors=style.FAINT, linewidths=0.7, alpha=0.45, zorder=1))
    positive = [style.style_of(styles, int(labels[a])).color for a in triplets[:, 0]]
    axes.add_collection(LineCollection(list(places[triplets[:, :2]]), colors=positive, linewidths=2.0, zorder=2))
    used = np.isin(np.arange(len(labels)), triplets)
    area = 75 if len(labels) <= CROWDED else max(14.0, 75 * CROWDED / len(labels))
    for label in np.unique(labels):
        look = style.style_of(styles, int(label))
        for chosen, face in ((used, look.color), (~used, "white")):
            members = places[(labels == label) & chosen]
            edge = style.INK if face == look.color else look.color
            axes.scatter(
                members[:, 0],
                members[:, 1],
                s=area,
                marker=look.marker,
                facecolor=face,
                edgecolor=edge,
                linewidth=0.9,
                zorder=3,
            )
    style.hide_axes(axes)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    axes.autoscale_view()


def class_layout(labels: NDArray[Any], triplets: NDArray[Any], *, seed: int = 0) -> Places:
    """Place patches so that each class has its own disc, arranged in a grid.

    Args:
        labels: ``(P,)`` class ids.
        triplets: ``(M, 3)``; their positive edges shape each disc.
        seed: Seed of the spring layout.

    Returns:
        ``(P, 2)`` places.
    """
    places = np.zeros((len(labels), 2))
    present = np.unique(labels)
    columns = max(1, math.ceil(math.sqrt(len(present))))
    edges = np.asarray(triplets, dtype=np.int64).reshape(-1, 3)[:, :2]
    for cell, label in enumerate(present):
        members = np.flatnonzero(labels == label)
        inside = edges[labels[edges[:, 0]] == label]
        centre = np.array([cell % columns, -(cell // columns)]) * 2.5
        places[members] = centre + _disc(members, inside, seed)
    return places


def _disc(members: NDArray[Any], edges: NDArray[Any], seed: int) -> Places:
    """Place the patches of one class in a disc of radius 1."""
    if len(members) == 1:
        return np.zeros((1, 2))
    if len(members) > 300:
        # A spring layout takes time with the square of the nodes; a sunflower fills the disc evenly at once.
        turn = np.arange(len(members)) * math.pi * (3 - math.sqrt(5))
        radius = np.sqrt((np.arange(len(members)) + 0.5) / len(members))
        return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    graph = nx.Graph()
    graph.add_nodes_from(members.tolist())
    graph.add_edges_from(edges.tolist())
    found = nx.spring_layout(graph, seed=seed, k=1.6 / math.sqrt(len(members)), iterations=60)
    spots = np.array([found[int(i)] for i in members])
    spots -= spots.mean(axis=0)
    return np.asarray(spots / max(1e-9, np.linalg.norm(spots, axis=1).max()), dtype=np.float64)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
