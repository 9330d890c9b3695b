"""The rule of the class-wise connected graph, word by word, and the check of 03.connected_graph against it.

Source: ``GraphToTripletLayer`` in ``resources/sampling_layers.py`` of the authors' code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from scipy.stats import chisquare

from mmtutorial.classroom.asking import Ask

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
# The draws on which the choice is tested for being uniform, and the chance with which a right answer fails.
_DRAWS = 400
_FALSE_ALARM = 1e-7

_LATER = (
    "This partner comes later in the order, although earlier ones of the right kind were there. If partners are "
    "drawn from all nodes and not from the visited ones, a class can fall into pieces."
)


def allowed_partners(labels: Sequence[int], order: Sequence[int], place: int) -> tuple[list[int], list[int]]:
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


def examine_connected_graph(ask: Ask) -> None:
    """Asks for graphs of many batches, then for the chances of each choice."""
    for labels in _BATCHES:
        for seed in range(_SEEDS):
            _rules(ask, labels, seed)
    for one_class in ([4, 4, 4], [2]):
        answer = ask.tensor(f"labels {one_class}", torch.tensor(one_class), seeded(0))
        ask.require(
            answer.numel() == 0,
            answer,
            "no triplets: shape (0, 3)",
            "A batch with one class has no negatives, so there is nothing to compare.",
        )
    _randomness(ask)


def _rules(ask: Ask, labels: list[int], seed: int) -> None:
    """Every triplet of one draw keeps to the rule."""
    n = len(labels)
    answer = ask.tensor(f"labels {labels}, generator with seed {seed}", torch.tensor(labels), seeded(seed))
    fits = answer.shape == (n, 3) and not answer.is_floating_point()
    ask.require(
        fits, answer, f"integers of shape ({n}, 3)", "One triplet a node: anchor, positive, negative, as node numbers."
    )
    order = answer[:, 0].tolist()
    ask.require(
        sorted(order) == list(range(n)),
        f"anchors {order}",
        f"each of the nodes 0 to {n - 1} once",
        "Every node is the anchor of exactly one triplet, the first of its class as well.",
    )
    for anchor, positive, _ in answer.tolist():
        ask.require(
            0 <= positive < n and labels[positive] == labels[anchor],
            f"anchor {anchor}, positive {positive}",
            f"a positive of class {labels[anchor]}",
            _positive_hint(labels, anchor, positive, n),
        )
    for place, (anchor, positive, negative) in enumerate(answer.tolist()):
        same, other = allowed_partners(labels, order, place)
        row = f"triplet {place}: anchor {anchor}, positive {positive}, negative {negative}"
        before = f"visited before: {order[:place]}"
        ask.require(
            positive in same, row, f"a positive out of {same} ({before})", _positive_hint(labels, anchor, positive, n)
        )
        ask.require(
            negative in other, row, f"a negative out of {other} ({before})", _negative_hint(labels, anchor, negative, n)
        )


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
    return _LATER


def _negative_hint(labels: list[int], anchor: int, negative: int, n: int) -> str:
    if not 0 <= negative < n:
        return "This is no node number. Is it a place in the order, or in a list, rather than a node?"
    if labels[negative] == labels[anchor]:
        return "The negative has the class of its anchor."
    return _LATER


def _randomness(ask: Ask) -> None:
    """Order and partners are uniform, and the generator alone decides."""
    labels = [0] * 6 + [1] * 5 + [2] * 3
    first: Counter[int] = Counter()
    chosen: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for seed in range(_DRAWS):
        answer = ask.tensor(f"labels {labels}, generators with seeds 0 to {seed}", torch.tensor(labels), seeded(seed))
        order = answer[:, 0].tolist()
        first[order[0]] += 1
        for place, (_, positive, negative) in enumerate(answer.tolist()):
            for role, partner, allowed in zip(
                ("positive", "negative"), (positive, negative), allowed_partners(labels, order, place), strict=True
            ):
                ask.require(partner in allowed, f"{role} {partner}", f"a {role} out of {allowed}")
                chosen[role, len(allowed)][allowed.index(partner)] += 1
    ask.require(
        _uniform(first, len(labels)),
        f"first anchors {dict(first.most_common(3))} in {_DRAWS} draws",
        "each node first about equally often",
        "The nodes come in random order, drawn anew in each call.",
    )
    for (role, size), counts in chosen.items():
        ask.require(
            _uniform(counts, size),
            f"of {size} possible {role}s, in visiting order, they were taken {[counts[i] for i in range(size)]} times",
            "each about equally often",
            f"The {role} is any of the visited ones with equal chance, not always the first or the latest.",
        )
    again = [ask.tensor(f"labels {labels}, seed 5, twice", torch.tensor(labels), seeded(5)) for _ in range(2)]
    ask.require(
        torch.equal(again[0], again[1]),
        "two different graphs",
        "the same graph both times",
        "All random numbers come from the generator that is handed over: pass it to every torch.rand... call.",
    )


def _uniform(counts: Counter[int], size: int) -> bool:
    return size == 1 or bool(chisquare([counts[i] for i in range(size)]).pvalue > _FALSE_ALARM)


def seeded(seed: int) -> torch.Generator:
    """A fresh generator."""
    return torch.Generator().manual_seed(seed)
