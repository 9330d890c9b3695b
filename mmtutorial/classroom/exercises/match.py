"""Exercises of notebook 03: the class-wise connected graph.

Source of its rule: ``GraphToTripletLayer`` in ``resources/sampling_layers.py`` of the authors' code.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask, Wrong, close
from mmtutorial.classroom.exercise import Exercise, evenly, require_repeatable

# ---------------------------------------------------------------- 03.connected_graph
# Classes of small batches: an ordinary one, unequal ones, a class of one node, many classes, pairs.
_BATCHES = (
    [0, 0, 0, 1, 1, 1],
    [2] * 7 + [5] * 3 + [9] * 2,
    [0, 0, 0, 4],
    [3, 1, 2, 1],
    [1, 2],
    list(range(6)),
    [7, 7, 8],
)
_SEEDS = 12
# The draws on which the choice is tested for being uniform.
_DRAWS = 400
_LABELS = [0] * 6 + [1] * 5 + [2] * 3

_EACH_ONCE = "Every node is the anchor of exactly one triplet, the first of its class as well."
_LATER = (
    "This partner comes later in the order, although earlier ones of the right kind were there. If partners are "
    "drawn from all nodes and not from the visited ones, a class can fall into pieces."
)

_SORTED = (
    "The rows stand in the order of the nodes, yet partners come later in it. Is that the order of the visits? The row "
    "of the node visited first comes first."
)


def _allowed_partners(labels: Sequence[int], order: Sequence[int], place: int) -> tuple[list[int], list[int]]:
    """Nodes that may be positive and negative of the node at a place of the order: the rule, word by word."""
    anchor, visited = order[place], order[:place]
    same = [node for node in visited if labels[node] == labels[anchor]]
    if not same:
        same = [node for node in order if labels[node] == labels[anchor] and node != anchor]
    if not same:
        same = [anchor]
    other = [node for node in visited if labels[node] != labels[anchor]]
    if not other:
        other = [node for node in order if labels[node] != labels[anchor]]
    return same, other


def _connected_graph(ask: Ask) -> None:
    """Asks for graphs of many batches, then for the chances of each choice."""
    for labels in (*_BATCHES, *map(_batch, ask.drawn(8))):
        for seed in range(_SEEDS):
            with ask.case():
                _rules(ask, labels, seed)
    for one_class in ([4, 4, 4], [2]):
        with ask.case():
            answer = ask.tensor(f"labels {one_class}", torch.tensor(one_class), ask.seeded(0))
            ask.require(
                answer.numel() == 0,
                answer,
                "no triplets: shape (0, 3)",
                "A batch with one class has no negatives, so there is nothing to compare.",
            )
    with ask.case(weight=40):
        _randomness(ask)
    labels = _LABELS
    require_repeatable(ask, lambda: ask.tensor(f"labels {labels}, seed 5, twice", torch.tensor(labels), ask.seeded(5)))


def _batch(generator: torch.Generator) -> list[int]:
    """Two to five classes of one to seven nodes each, under any names and in any order."""
    names = torch.randperm(50, generator=generator)[: int(torch.randint(2, 6, (), generator=generator))]
    sizes = torch.randint(1, 8, (len(names),), generator=generator)
    labels = names.repeat_interleave(sizes)
    return [int(label) for label in labels[torch.randperm(len(labels), generator=generator)]]


def _whole_graph(answer: Tensor, n: int) -> bool:
    """Whether an answer has one triplet of whole numbers for each of n nodes."""
    return answer.shape == (n, 3) and not answer.is_floating_point() and sorted(answer[:, 0].tolist()) == [*range(n)]


def _rules(ask: Ask, labels: list[int], seed: int) -> None:
    """Every triplet of one draw keeps to the rule."""
    n = len(labels)
    answer = ask.tensor(f"labels {labels}, generator with seed {seed}", torch.tensor(labels), ask.seeded(seed))
    fits = answer.shape == (n, 3) and not answer.is_floating_point()
    hint = "One triplet a node: anchor, positive, negative, as node numbers."
    ask.require(fits, answer, f"integers of shape ({n}, 3)", hint)
    order, triplets = answer[:, 0].tolist(), answer.tolist()
    ask.require(_whole_graph(answer, n), f"anchors {order}", f"each of the nodes 0 to {n - 1} once", _EACH_ONCE)
    for anchor, positive, _ in triplets:
        right = 0 <= positive < n and labels[positive] == labels[anchor]
        hint = _positive_hint(labels, anchor, positive, n)
        ask.require(right, f"anchor {anchor}, positive {positive}", f"a positive of class {labels[anchor]}", hint)
    # Up to three nodes may well be visited in this order.
    later = _SORTED if order == list(range(n)) and n > 3 else _LATER
    for place, (anchor, positive, negative) in enumerate(triplets):
        same, other = _allowed_partners(labels, order, place)
        row = f"triplet {place}: anchor {anchor}, positive {positive}, negative {negative}"
        before = f"visited before: {order[:place]}"
        hint = _positive_hint(labels, anchor, positive, n) or later
        ask.require(positive in same, row, f"a positive out of {same} ({before})", hint)
        hint = _negative_hint(labels, anchor, negative, n) or later
        ask.require(negative in other, row, f"a negative out of {other} ({before})", hint)


def _positive_hint(labels: list[int], anchor: int, positive: int, n: int) -> str:
    if not 0 <= positive < n:
        return "This is no node number. Is it a place in the order, or in a list, rather than a node?"
    if labels[positive] != labels[anchor]:
        return (
            "The positive has another class than its anchor. Drawn from all nodes rather than from those of its class?"
        )
    if positive == anchor:
        return "A node is its own positive only where its class has no other node."
    if labels.count(labels[anchor]) == 1:
        return "A node alone in its class is its own positive."
    return ""


def _negative_hint(labels: list[int], anchor: int, negative: int, n: int) -> str:
    if not 0 <= negative < n:
        return "This is no node number. Is it a place in the order, or in a list, rather than a node?"
    if labels[negative] == labels[anchor]:
        return "The negative has the class of its anchor."
    return ""


def _randomness(ask: Ask) -> None:
    """Order and partners are uniform, and the generator alone decides."""
    labels = _LABELS
    first: Counter[int] = Counter()
    chosen: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for seed in range(_DRAWS):
        answer = ask.tensor(
            f"labels {labels}, generators with seeds 0 to {seed}", torch.tensor(labels), ask.seeded(seed)
        )
        if not _whole_graph(answer, len(labels)):
            raise ask.wrong(answer, f"{len(labels)} triplets", _EACH_ONCE)
        order = answer[:, 0].tolist()
        first[order[0]] += 1
        for place, (_, positive, negative) in enumerate(answer.tolist()):
            for role, partner, allowed in zip(
                ("positive", "negative"), (positive, negative), _allowed_partners(labels, order, place), strict=True
            ):
                ask.require(partner in allowed, f"{role} {partner}", f"a {role} out of {allowed}")
                chosen[role, len(allowed)][allowed.index(partner)] += 1
    ask.require(
        evenly([first[node] for node in range(len(labels))]),
        f"first anchors {dict(first.most_common(3))} in {_DRAWS} draws",
        "each node first about equally often",
        "The nodes come in random order, drawn anew in each call.",
    )
    for (role, size), counts in chosen.items():
        taken = [counts[place] for place in range(size)]
        ask.require(
            evenly(taken),
            f"of {size} possible {role}s, in visiting order, they were taken {taken} times",
            "each about equally often",
            f"The {role} is any of the visited ones with equal chance, not always the first or the latest.",
        )


# ---------------------------------------------------------------- 03.components
def _count_pieces(labels: Sequence[int], edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Pieces of each class by flooding: from each node not yet reached, go wherever the edges lead."""
    reached: set[int] = set()
    pieces: dict[int, int] = dict.fromkeys(labels, 0)
    for start in range(len(labels)):
        if start in reached:
            continue
        pieces[labels[start]] += 1
        to_visit = [start]
        while to_visit:
            node = to_visit.pop()
            reached.add(node)
            to_visit += [b for a, b in edges if a == node and b not in reached]
            to_visit += [a for a, b in edges if b == node and a not in reached]
    return pieces


def _components(ask: Ask) -> None:
    for labels, edges in _graphs(ask):
        with ask.case():
            _pieces_of(ask, labels, edges)


def _pieces_of(ask: Ask, labels: list[int], edges: list[tuple[int, int]]) -> None:
    tried = f"labels {labels}, edges {edges}"
    answer = ask(tried, torch.tensor(labels), torch.tensor(edges, dtype=torch.long).reshape(-1, 2))
    expected = _count_pieces(labels, edges)
    try:
        pairs = [(int(ask.as_whole(key)), int(ask.as_whole(value))) for key, value in dict(answer).items()]
    except (TypeError, ValueError, RuntimeError, Wrong):
        hint = "Return a dictionary: class -> number of pieces, both whole numbers."
        raise ask.wrong(answer, expected, hint) from None
    pieces = dict(pairs)
    hint = "A class has two entries: as keys, tensors of equal numbers are two. Take int(...) of them."
    if len(pieces) < len(pairs):
        raise ask.wrong(answer, expected, hint)
    ask.require(pieces == expected, pieces, expected, _pieces_hint(pieces, labels, edges))


def _graphs(ask: Ask) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Graphs drawn by hand, each against one mistake, then random ones."""
    graphs: list[tuple[list[int], list[tuple[int, int]]]] = [
        ([0, 0, 0, 1, 1], [(0, 1), (1, 2), (3, 4)]),
        ([0, 0, 0, 0], [(0, 1), (2, 3)]),
        ([0, 0, 0, 7], [(0, 1)]),
        ([5, 5, 5], [(0, 1), (1, 2), (2, 0)]),
        ([5, 5, 5], [(0, 1), (1, 0)]),
        ([0, 0, 0, 0], [(0, 1), (2, 3), (3, 0)]),
        ([2, 2, 9], []),
        ([4], []),
        ([3, 3, 3, 3, 3, 3], [(5, 4), (3, 2), (1, 0), (4, 3), (2, 1)]),
    ]
    for seed in range(30):
        generator = ask.seeded(seed)
        labels = torch.randint(3, (12,), generator=generator).tolist()
        pairs = torch.randint(12, (9, 2), generator=generator).tolist()
        graphs.append((labels, [(a, b) for a, b in pairs if labels[a] == labels[b] and a != b]))
    return graphs


def _pieces_hint(pieces: dict[int, int], labels: list[int], edges: list[tuple[int, int]]) -> str:
    touched = {node for edge in edges for node in edge}
    expected = _count_pieces(labels, edges)
    without_lonely = {
        c: k - sum(labels[i] == c and i not in touched for i in range(len(labels))) for c, k in expected.items()
    }
    by_edges = {c: labels.count(c) - sum(labels[a] == c for a, _ in edges) for c in expected}
    if pieces == by_edges:
        return "Nodes minus edges is right for trees only: an edge inside a piece joins nothing."
    if {c: k for c, k in pieces.items() if k} == {c: k for c, k in without_lonely.items() if k}:
        return "A node without any edge is a piece as well."
    if set(pieces) != set(expected):
        return "Every class that occurs in the labels has an entry, and no other does."
    if all(pieces[c] >= k for c, k in expected.items()):
        return "Too many pieces: if a meets b and b meets c, all three are one piece, in whatever order the edges come."
    return ""


# ---------------------------------------------------------------- 03.random_mapping
@cache
def _mean_pieces(n: int) -> float:
    """Mean number of pieces if each of n nodes draws its positive among the other n - 1.

    Small n: all (n - 1)^n graphs are counted out. Larger n: each piece has exactly one cycle, so the pieces are
    counted by the expected number of cycles of each length (random mappings, here without fixed points).
    """
    if n <= 5:
        nodes = range(n)
        choices = [[other for other in nodes if other != node] for node in nodes]
        counts = [_count_pieces([0] * n, list(enumerate(targets)))[0] for targets in itertools.product(*choices)]
        return sum(counts) / len(counts)
    return float(sum(Fraction(math.comb(n, k) * math.factorial(k - 1), (n - 1) ** k) for k in range(2, n + 1)))


def _with_itself(n: int) -> float:
    return float(sum(Fraction(math.comb(n, k) * math.factorial(k - 1), n**k) for k in range(1, n + 1)))


def _random_mapping(ask: Ask) -> None:
    drawn = (int(torch.randint(6, 140, (), generator=generator)) for generator in ask.drawn(8))
    for n in (5, 4, 3, 2, 8, 20, 40, 100, *drawn):
        with ask.case():
            answer, expected = ask.number(f"n = {n}", n), _mean_pieces(n)
            ask.require(close(answer, expected, 1e-6), answer, expected, _mapping_hint(answer, n, expected))


def _mapping_hint(answer: float, n: int, expected: float) -> str:
    if close(answer, _with_itself(n)):
        return "This lets a node draw itself. Here it draws among the n - 1 others, so no cycle has length 1."
    if close(answer, sum(1 / k for k in range(1, n + 1))):
        return "This is the number of cycles of a random permutation; here two nodes may draw the same positive."
    if close(answer, n / 2):
        return "This is a perfect matching, pairs apart from one another; drawn positives make larger pieces."
    if close(answer, 1):
        return "One piece is certain for the connected graph only: there the positive is drawn among visited nodes."
    if close(answer, expected, 0.1):
        return "Close, as an estimate from draws would be. The exact mean is a sum over the lengths of cycles."
    return ""


EXERCISES = (
    Exercise("03.components", ("labels", "edges"), _components),
    Exercise("03.connected_graph", ("labels", "generator"), _connected_graph),
    Exercise(
        "03.random_mapping",
        ("n",),
        _random_mapping,
    ),
)
