"""Typical wrong answers to the exercises of notebook 03, and a piece of the hint each must get."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from tests.classroom.answers import components

Pick = Callable[[Sequence[int], torch.Generator], int]
Labels = list[int]


def _any(pool: Sequence[int], generator: torch.Generator) -> int:
    return pool[int(torch.randint(len(pool), (), generator=generator))]


def _same(labels: Labels, nodes: Sequence[int], anchor: int) -> list[int]:
    return [node for node in nodes if labels[node] == labels[anchor]]


def _other(labels: Labels, nodes: Sequence[int], anchor: int) -> list[int]:
    return [node for node in nodes if labels[node] != labels[anchor]]


def draw(
    labels: Tensor,
    generator: torch.Generator,
    *,
    positives: Callable[[Labels, Sequence[int], Sequence[int], int], list[int]] | None = None,
    negatives: Callable[[Labels, Sequence[int], Sequence[int], int], list[int]] | None = None,
    pick: Pick = _any,
    in_order: bool = False,
) -> Tensor:
    """The graph, with one part of the rule exchanged."""
    classes, n = labels.tolist(), len(labels)
    if len(set(classes)) < 2:
        return torch.empty((0, 3), dtype=torch.long)
    order = list(range(n)) if in_order else torch.randperm(n, generator=generator).tolist()
    rows = []
    for place, anchor in enumerate(order):
        visited = order[:place]
        same = _same(classes, visited, anchor)
        same = same or [node for node in _same(classes, order, anchor) if node != anchor] or [anchor]
        other = _other(classes, visited, anchor) or _other(classes, order, anchor)
        if positives:
            same = positives(classes, order, visited, anchor)
        if negatives:
            other = negatives(classes, order, visited, anchor)
        rows.append((anchor, pick(same, generator), pick(other, generator)))
    return torch.tensor(rows)


def positive_from_all_nodes_of_the_class(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, positives=lambda c, o, v, a: [n for n in _same(c, o, a) if n != a] or [a])


def positive_from_all_nodes(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, positives=lambda c, o, v, a: list(o))


def positive_may_be_the_anchor(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, positives=lambda c, o, v, a: [*_same(c, v, a), a])


def negative_from_all_nodes(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, negatives=lambda c, o, v, a: _other(c, o, a))


def negative_of_any_class(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, negatives=lambda c, o, v, a: list(v) or _other(c, o, a))


def always_the_latest(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, pick=lambda pool, _: pool[-1])


def always_the_first(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, pick=lambda pool, _: pool[0])


def no_random_order(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, generator, in_order=True)


def own_random_numbers(labels: Tensor, generator: torch.Generator) -> Tensor:
    return draw(labels, torch.default_generator)


def first_of_a_class_left_out(labels: Tensor, generator: torch.Generator) -> Tensor:
    triplets = draw(labels, generator)
    seen: set[int] = set()
    keep = []
    for anchor in triplets[:, 0].tolist():
        keep.append(int(labels[anchor]) in seen)
        seen.add(int(labels[anchor]))
    return triplets[torch.tensor(keep, dtype=torch.bool)]


def disjoint_triplets(labels: Tensor, generator: torch.Generator) -> Tensor:
    from mmtutorial.graph import random_triplets

    return random_triplets(labels, generator=generator).triplets


def places_for_nodes(labels: Tensor, generator: torch.Generator) -> Tensor:
    triplets = draw(labels, generator)
    place = torch.argsort(triplets[:, 0])
    return (
        torch.stack((triplets[:, 0], place[triplets[:, 1]], place[triplets[:, 2]]), dim=1)
        if len(triplets)
        else triplets
    )


def one_class_fails(labels: Tensor, generator: torch.Generator) -> Tensor:
    if len(labels.unique()) < 2:
        n = len(labels)
        return torch.stack((torch.arange(n), torch.arange(n).roll(1), torch.zeros(n, dtype=torch.long)), dim=1)
    return draw(labels, generator)


def lonely_nodes_not_counted(labels: Tensor, edges: Tensor) -> dict[int, int]:
    touched = edges.unique().tolist()
    if not touched:
        return {}
    new = {node: i for i, node in enumerate(touched)}
    moved = torch.tensor([[new[a], new[b]] for a, b in edges.tolist()])
    return components(labels[touched], moved)


def nodes_minus_edges(labels: Tensor, edges: Tensor) -> dict[int, int]:
    counts = Counter(labels.tolist())
    counts.subtract(labels[edges[:, 0]].tolist())
    return dict(counts)


def one_pass_of_joining(labels: Tensor, edges: Tensor) -> dict[int, int]:
    piece = list(range(len(labels)))
    for a, b in edges.tolist():
        piece[b] = piece[a]
    pieces = {(int(labels[i]), p) for i, p in enumerate(piece)}
    return dict(Counter(c for c, _ in pieces))


def one_number(labels: Tensor, edges: Tensor) -> int:
    return sum(components(labels, edges).values())


def itself_allowed(n: int) -> float:
    return sum(math.perm(n, k) / k / n**k for k in range(1, n + 1))


def random_permutation(n: int) -> float:
    return sum(1 / k for k in range(1, n + 1))


def always_one(n: int) -> int:
    return 1


def pairs(n: int) -> float:
    return n / 2


def estimate(n: int) -> float:
    generator = torch.Generator().manual_seed(0)
    total = 0
    for _ in range(300):
        targets = torch.randint(n - 1, (n,), generator=generator)
        targets += (targets >= torch.arange(n)).long()
        edges = torch.stack((torch.arange(n), targets), dim=1)
        total += components(torch.zeros(n, dtype=torch.long), edges)[0]
    return total / 300


def rows_in_the_order_of_the_nodes(labels: Tensor, generator: torch.Generator) -> Tensor:
    triplets = draw(labels, generator)
    return triplets[triplets[:, 0].argsort()]


def tensors_as_keys(labels: Tensor, edges: Tensor) -> dict[Any, int]:
    pieces: dict[Any, int] = {}
    for label in labels:
        pieces[label] = components(labels, edges)[int(label)]
    return pieces


MUTANTS = {
    "03.connected_graph": [
        (rows_in_the_order_of_the_nodes, "The row of the node visited first comes first"),
        (positive_from_all_nodes_of_the_class, "drawn from all nodes and not from the visited ones"),
        (positive_from_all_nodes, "positive has another class"),
        (positive_may_be_the_anchor, "its own positive only where"),
        (negative_from_all_nodes, "comes later in the order"),
        (negative_of_any_class, "negative has the class of its anchor"),
        (always_the_latest, "not always the first or the latest"),
        (always_the_first, "not always the first or the latest"),
        (no_random_order, "nodes come in random order"),
        (own_random_numbers, "generator that is handed over"),
        (first_of_a_class_left_out, "One triplet a node"),
        (disjoint_triplets, "One triplet a node"),
        (places_for_nodes, ""),
        (one_class_fails, "has no negatives"),
    ],
    "03.components": [
        (tensors_as_keys, "as keys, tensors of equal numbers are two"),
        (lonely_nodes_not_counted, "without any edge is a piece"),
        (nodes_minus_edges, "right for trees only"),
        (one_pass_of_joining, "in whatever order the edges come"),
        (one_number, "Return a dictionary"),
    ],
    "03.random_mapping": [
        (itself_allowed, "lets a node draw itself"),
        (random_permutation, "random permutation"),
        (always_one, "connected graph only"),
        (pairs, "perfect matching"),
        (estimate, "estimate from draws"),
    ],
}
