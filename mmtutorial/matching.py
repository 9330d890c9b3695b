"""Ways to match a batch of patches: the paper's graph, and what it is compared with.

Each is a function of the batch and a generator that returns a graph. All but ``within`` look at the labels
alone: for them it does not matter which image a patch comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from mmtutorial.errors import unknown
from mmtutorial.graph import PatchGraph, connected_graph, random_triplets
from mmtutorial.patches import PatchBatch

Matching = Callable[[PatchBatch, torch.Generator], PatchGraph]


def graph(batch: PatchBatch, generator: torch.Generator) -> PatchGraph:
    """The class-wise connected graph over the whole batch.

    Example:
        >>> from mmtutorial.randomness import seeded
        >>> labels, image = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 0, 0, 1, 1, 1])
        >>> batch = PatchBatch(torch.zeros(6, 3, 8, 8), labels, torch.zeros(6, 4).long(), image)
        >>> graph(batch, seeded(0)).components()
        {0: 1, 1: 1}
    """
    return connected_graph(batch.labels, generator=generator)


def triplets(batch: PatchBatch, generator: torch.Generator) -> PatchGraph:
    """Disjoint random triplets, at most one for three patches.

    Example:
        >>> from mmtutorial.randomness import seeded
        >>> labels, image = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 0, 0, 1, 1, 1])
        >>> batch = PatchBatch(torch.zeros(6, 3, 8, 8), labels, torch.zeros(6, 4).long(), image)
        >>> len(triplets(batch, seeded(0)).triplets) <= 2
        True
    """
    return random_triplets(batch.labels, generator=generator)


def equal_triplets(batch: PatchBatch, generator: torch.Generator) -> PatchGraph:
    """Random triplets, as many as the graph has: one a patch. The control for their mere number.

    Example:
        >>> from mmtutorial.randomness import seeded
        >>> labels, image = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 0, 0, 1, 1, 1])
        >>> batch = PatchBatch(torch.zeros(6, 3, 8, 8), labels, torch.zeros(6, 4).long(), image)
        >>> len(equal_triplets(batch, seeded(0)).triplets)
        6
    """
    return random_triplets(batch.labels, generator=generator, count=len(batch))


def within(batch: PatchBatch, generator: torch.Generator) -> PatchGraph:
    """A graph for each image by itself: matching without mixing. An image of one class adds no triplets.

    Example:
        >>> from mmtutorial.randomness import seeded
        >>> labels, image = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 0, 0, 1, 1, 1])
        >>> batch = PatchBatch(torch.zeros(6, 3, 8, 8), labels, torch.zeros(6, 4).long(), image)
        >>> within(batch, seeded(0)).components()  # a class hangs together in each image only
        {0: 2, 1: 2}
    """
    found = []
    for image in batch.image_index.unique():
        nodes = torch.nonzero(batch.image_index == image).flatten()
        alone = connected_graph(batch.labels[nodes], generator=generator)
        found.append(nodes[alone.triplets])
    return PatchGraph(batch.labels, torch.cat(found) if found else torch.empty((0, 3), dtype=torch.long))


MATCHINGS: Mapping[str, Matching] = {
    "graph": graph,
    "triplets": triplets,
    "equal-triplets": equal_triplets,
    "within": within,
}


def get_matching(name: str) -> Matching:
    """The way of matching of a name.

    Raises:
        InputError: there is none.

    Example:
        >>> get_matching("graph") is graph
        True
    """
    if name not in MATCHINGS:
        raise unknown("matching", name, MATCHINGS)
    return MATCHINGS[name]
