"""Match: connect the patches of a batch into triplets.

Two ways to choose who is compared with whom, side by side:

* :func:`connected_graph`, the paper's class-wise connected graph. Every node is an anchor exactly once, and
  its positive is a node of its class that came *earlier* in a random order. So every new node hangs on a
  tree that already holds its whole class: one connected piece, one centre to gather round, for each class.
* :func:`random_triplets`, the usual practice. Triplets that share no node leave a class in many small
  pieces, and some nodes are never used.

Source: slides "Class-wise Connected Graph"; ``GraphToTripletLayer`` in ``resources/sampling_layers.py`` of
the authors' code, which needs O(N^2) time. Here rank and select replace its inner search: O(N) memory, and
no step slower than a sort.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from mmtutorial.errors import InputError

if TYPE_CHECKING:
    import networkx

# Tries to find an other-class partner for the pairs of random triplets. Each try settles all but the share
# of clashes, so eight leave a pair over only where hardly any other-class node is left.
_MATCHING_TRIES = 8


@dataclass(frozen=True, repr=False)
class PatchGraph:
    """Triplets over the patches of one batch.

    Attributes:
        labels: (N,) long, class of each node (patch).
        triplets: (M, 3) long, columns anchor, positive, negative: node numbers.
    """

    labels: Tensor
    triplets: Tensor

    @property
    def edges(self) -> Tensor:
        """(E, 2) long: anchor-positive pairs, without the self-loops of classes that have one node."""
        pairs = self.triplets[:, :2]
        return pairs[pairs[:, 0] != pairs[:, 1]]

    def components(self) -> dict[int, int]:
        """Number of connected pieces of each class under the positive edges; an unused node is a piece.

        Example:
            >>> PatchGraph(torch.tensor([0, 0, 0, 1]), torch.tensor([[0, 1, 3]])).components()
            {0: 2, 1: 1}
        """
        # A positive edge never leaves its class, so each piece belongs to the class of any of its nodes.
        first_of_piece = np.unique(self.piece_of(), return_index=True)[1]
        classes, pieces = np.unique(self.labels.cpu().numpy()[first_of_piece], return_counts=True)
        return dict(zip(classes.tolist(), pieces.tolist(), strict=True))

    def piece_of(self) -> NDArray[np.int32]:
        """Return the number (N,) of the connected piece that each node is in under the positive edges.

        Example:
            >>> PatchGraph(torch.tensor([0, 0, 0, 1]), torch.tensor([[0, 1, 3]])).piece_of().tolist()
            [0, 0, 1, 2]
        """
        n = len(self.labels)
        source, target = self.edges.cpu().numpy().T
        links = coo_matrix((np.ones(len(source), dtype=np.int8), (source, target)), shape=(n, n))
        piece_of: NDArray[np.int32] = connected_components(links, directed=False)[1]
        return piece_of

    def coverage(self) -> float:
        """Share of nodes that take part in at least one triplet, 0 to 1 (1 for a batch without nodes)."""
        n = len(self.labels)
        return len(self.triplets.unique()) / n if n else 1.0

    def unused(self) -> Tensor:
        """(U,) long: the nodes in no triplet, in ascending order."""
        used = torch.zeros(len(self.labels), dtype=torch.bool)
        used[self.triplets.cpu().flatten()] = True
        return torch.nonzero(~used).flatten()

    def to_networkx(self) -> networkx.Graph:
        """The positive edges as an undirected networkx graph; each node has its class as ``label``."""
        import networkx

        graph = networkx.Graph()
        graph.add_nodes_from((i, {"label": c}) for i, c in enumerate(self.labels.tolist()))
        graph.add_edges_from(map(tuple, self.edges.tolist()))
        return graph

    def __repr__(self) -> str:
        pieces = self.components()
        return (
            f"PatchGraph({len(self.labels)} nodes, {len(pieces)} classes, {len(self.triplets)} triplets, "
            f"coverage {self.coverage():.0%}, pieces per class {pieces})"
        )


def connected_graph(labels: Tensor | Iterable[int], *, generator: torch.Generator) -> PatchGraph:
    """Draw the class-wise connected graph of a batch.

    The nodes come in random order. Each is the anchor of one triplet. Its positive is uniform over the
    earlier nodes of its class; the first node of a class takes one of the later ones. Its negative is
    uniform over the earlier nodes of other classes; a node with no such predecessor takes any node of
    another class.

    Degenerate batches, as the authors' code treats them unless said otherwise:

    * A class with one node: the node is its own positive (distance 0), so it is only pushed from its
      negative. It adds a triplet but no edge.
    * A batch with one class has no negatives: the graph has *no* triplets and the loss over it is zero.
      (The authors' code takes a zero vector as negative, which turns the loss into a mere pull.)

    Args:
        labels: (N,) integers, class of each node; N may be 0.
        generator: source of all random numbers.

    Returns:
        Graph with triplets (N, 3), in visiting order, or (0, 3) for a batch with one class.

    Raises:
        InputError: ``labels`` is not one-dimensional or not integer.

    Example:
        >>> from mmtutorial.randomness import seeded
        >>> labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
        >>> graph = connected_graph(labels, generator=seeded(0))
        >>> sorted(graph.triplets[:, 0].tolist())  # every patch is an anchor once
        [0, 1, 2, 3, 4, 5, 6, 7]
        >>> graph.components(), graph.coverage()  # and every class is in one piece
        ({0: 1, 1: 1, 2: 1}, 1.0)
    """
    labels = _checked(labels)
    n = len(labels)
    order = torch.randperm(n, generator=generator)
    place = ClassPlaces.of(labels[order])
    if n == 0 or int(place.class_size[0]) == n:
        return PatchGraph(labels, torch.empty((0, 3), dtype=torch.long))

    first = place.rank == 0
    earlier_same = torch.where(first, place.class_size - 1, place.rank)
    positive_rank = _uniform_below(earlier_same, generator) + (first & (place.class_size > 1)).long()
    positive = place.nth_of_class(positive_rank)

    earlier_other = torch.arange(n) - place.rank
    others = torch.where(earlier_other > 0, earlier_other, n - place.class_size)
    negative = place.nth_of_other_classes(_uniform_below(others, generator))
    return PatchGraph(labels, torch.stack((order, order[positive], order[negative]), dim=1))


def random_triplets(
    labels: Tensor | Iterable[int], *, generator: torch.Generator, count: int | None = None
) -> PatchGraph:
    """Draw random triplets that share no node.

    A round pairs nodes within their classes at random, keeps a third of the nodes' worth of pairs, and
    gives each a node of another class from those left over; a pair that finds none is dropped. So one round
    has at most N // 3 triplets.

    Args:
        labels: (N,) integers, class of each node.
        generator: source of all random numbers.
        count: number of triplets wanted. None: one round. More than one round holds: further rounds are
            drawn, each disjoint within itself, for comparisons at equal triplet count. Where the labels
            admit no triplet (one class, or no class with two nodes) there are none, whatever the count.

    Returns:
        Graph with triplets (M, 3), M <= N // 3 unless ``count`` asks for more.

    Raises:
        InputError: ``labels`` is not one-dimensional or not integer, or ``count`` is negative.

    Example:
        >>> from mmtutorial.randomness import seeded
        >>> labels = torch.arange(3).repeat_interleave(10)
        >>> one_round = random_triplets(labels, generator=seeded(0))
        >>> len(one_round.triplets) <= 10, max(one_round.components().values()) > 1
        (True, True)
        >>> len(random_triplets(labels, generator=seeded(0), count=30).triplets)
        30
    """
    labels = _checked(labels)
    if count is not None and count < 0:
        raise InputError(f"count is {count}; ask for 0 or more random triplets")
    triplets = _disjoint_round(labels, generator)
    # A round may find none by bad luck, so what is possible is told from the classes, not from the round.
    sizes = labels.unique(return_counts=True)[1]
    possible = len(sizes) > 1 and int(sizes.max()) > 1
    while count is not None and possible and len(triplets) < count:
        triplets = torch.cat((triplets, _disjoint_round(labels, generator)))
    return PatchGraph(labels, triplets[:count])


def _disjoint_round(labels: Tensor, generator: torch.Generator) -> Tensor:
    """(M, 3) one round of disjoint random triplets."""
    n = len(labels)
    order = torch.randperm(n, generator=generator)
    place = ClassPlaces.of(labels[order])
    # Second of each pair: an odd rank. Its partner is the member of the same class one rank before.
    second = torch.nonzero(place.rank % 2 == 1).flatten()
    second = second[torch.randperm(len(second), generator=generator)[: n // 3]]
    partner = place.by_class[place.start[second] + place.rank[second] - 1]
    free = torch.ones(n, dtype=torch.bool)
    free[second] = free[partner] = False
    anchor, positive, pool = order[second], order[partner], order[free]
    found = []
    for _ in range(_MATCHING_TRIES):
        pool = pool[torch.randperm(len(pool), generator=generator)]
        m = min(len(anchor), len(pool))
        fits = labels[anchor[:m]] != labels[pool[:m]]
        found.append(torch.stack((anchor[:m], positive[:m], pool[:m]), dim=1)[fits])
        open_pairs = torch.cat((~fits, torch.ones(len(anchor) - m, dtype=torch.bool)))
        open_pool = torch.cat((~fits, torch.ones(len(pool) - m, dtype=torch.bool)))
        anchor, positive, pool = anchor[open_pairs], positive[open_pairs], pool[open_pool]
    return torch.cat(found)


def _uniform_below(bound: Tensor, generator: torch.Generator) -> Tensor:
    """(N,) long: one uniform integer in [0, bound) for each bound; 0 where the bound is 0."""
    # Double precision keeps the bias of scaling a uniform number below 2^-53 times the bound.
    draw = torch.rand(bound.shape, generator=generator, dtype=torch.float64)
    return (draw * bound).long()


def _checked(labels: Tensor | Iterable[int]) -> Tensor:
    """Labels as a one-dimensional long tensor on the CPU, where the graph is drawn."""
    # Not as_tensor(..., dtype=torch.long), which would cut 0.5 down to class 0 without a word. An empty list is float.
    tensor = labels if isinstance(labels, Tensor) else torch.as_tensor(list(labels) or np.empty(0, dtype=np.int64))
    if tensor.ndim != 1 or tensor.is_floating_point() or tensor.is_complex():
        raise InputError(
            f"labels have shape {tuple(tensor.shape)} and type {tensor.dtype}; give one integer class a node"
        )
    return tensor.detach().cpu().long()


@dataclass(frozen=True)
class ClassPlaces:
    """Rank and select: where each class stands in a sequence of N labels.

    The graph asks for all nodes at once which place a node has within its class, and who is the nth of its class or
    of the others. So it needs no search through the nodes that came before, and no O(N^2) time.

    Attributes:
        by_class: (N,) positions sorted by class, then by position.
        start: (N,) where the class of each position begins in ``by_class``.
        rank: (N,) how many of its class come before each position.
        class_size: (N,) size of the class of each position.
        key: (N,) ascending; see :meth:`nth_of_other_classes`.
    """

    by_class: Tensor
    start: Tensor
    rank: Tensor
    class_size: Tensor
    key: Tensor

    @staticmethod
    def of(labels: Tensor) -> ClassPlaces:
        """Places in a sequence of integer labels (N,)."""
        n = len(labels)
        _, class_of, sizes = labels.unique(return_inverse=True, return_counts=True)
        by_class = class_of.argsort(stable=True)
        starts = sizes.cumsum(0) - sizes
        start = starts[class_of]
        rank = torch.empty_like(by_class)
        rank[by_class] = torch.arange(n)
        rank -= start
        others_before = (torch.arange(n) - rank)[by_class]
        key = class_of[by_class] * (n + 1) + others_before
        return ClassPlaces(by_class, start, rank, sizes[class_of], key)

    def nth_of_class(self, nth: Tensor) -> Tensor:
        """(N,) position of the nth member (from 0) of the class of each position."""
        return self.by_class[self.start + nth]

    def nth_of_other_classes(self, nth: Tensor) -> Tensor:
        """(N,) position of the nth (from 0) member of any *other* class, seen from each position.

        That member stands behind nth others and behind every own-class member with at most nth others
        before it. Counting the latter is a search in the ascending list of "others before" of the class;
        the class number times N + 1 puts the lists of all classes into one.
        """
        n = len(self.rank)
        own = self.key[self.start] // (n + 1)
        wanted = own * (n + 1) + nth
        # numpy's search: torch's wakes its thread pool, which costs more than the search on a busy machine.
        behind = np.searchsorted(self.key.numpy(), wanted.numpy(), side="right")
        return nth + torch.from_numpy(behind) - self.start
