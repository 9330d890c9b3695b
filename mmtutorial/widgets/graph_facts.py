"""The graphs behind the graph explorer: which patches, which triplets, and what they connect."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmtutorial.graph import PatchGraph, connected_graph, random_triplets
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import generator_for


@dataclass(frozen=True)
class Drawing:
    """Both graphs over one choice of patches.

    Attributes:
        chosen: ``(P,)`` place of each node in the pool of patches.
        connected: The class-wise connected graph; its triplets stand in the order of visiting.
        random: Random triplets.
    """

    chosen: Tensor
    connected: PatchGraph
    random: PatchGraph

    @property
    def labels(self) -> Tensor:
        """``(P,)`` class ids."""
        return self.connected.labels


def draw_both(pool: PatchBatch, *, patches: int, classes: int, seed: int, equal_count: bool) -> Drawing:
    """Choose patches and draw both graphs over them.

    Args:
        pool: Patches to choose from.
        patches: How many; fewer where the chosen classes have fewer.
        classes: Of how many classes.
        seed: Of everything.
        equal_count: Whether there are as many random triplets as the connected graph has.
    """
    chosen = choose(pool.labels, patches, classes, generator_for(seed, "graph explorer", patches, classes))
    labels = pool.labels[chosen]
    connected = connected_graph(labels, generator=generator_for(seed, "graph explorer", "connected"))
    count = len(connected.triplets) if equal_count else None
    random = random_triplets(labels, generator=generator_for(seed, "graph explorer", "random"), count=count)
    return Drawing(chosen, connected, random)


def choose(labels: Tensor, patches: int, classes: int, generator: torch.Generator) -> Tensor:
    """Return places of ``patches`` patches of ``classes`` classes, two of each class at least where it has two."""
    sizes = dict(zip(*(v.tolist() for v in labels.unique(return_counts=True)), strict=True))
    able = [c for c in sizes if sizes[c] > 1] or list(sizes)
    picked = [able[i] for i in torch.randperm(len(able), generator=generator)[:classes].tolist()]
    order = torch.randperm(len(labels), generator=generator)
    members = [order[labels[order] == c] for c in picked]
    first = torch.cat([m[:2] for m in members])
    rest = torch.cat([m[2:] for m in members])
    rest = rest[torch.randperm(len(rest), generator=generator)]
    return torch.cat((first, rest))[:patches]


def after(graph: PatchGraph, triplets: int) -> PatchGraph:
    """Return the graph with its first triplets only."""
    return PatchGraph(graph.labels, graph.triplets[:triplets])


def random_after(graph: PatchGraph, visited: int, equal_count: bool) -> PatchGraph:
    """Return the random triplets drawn once a number of patches has been taken.

    A triplet takes three patches, so there is a third as many triplets as patches. At equal triplet count a
    triplet is drawn for each patch, as in the connected graph.
    """
    if visited >= len(graph.labels):
        return graph
    return after(graph, visited if equal_count else visited // 3)
