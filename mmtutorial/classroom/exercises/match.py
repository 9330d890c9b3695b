"""Exercises of notebook 03: the class-wise connected graph."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import torch

from mmtutorial.classroom.asking import Ask, Wrong, close
from mmtutorial.classroom.exercise import Exercise
from mmtutorial.classroom.exercises.graph_rules import examine_connected_graph, seeded


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
    for labels, edges in _graphs():
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
        ask.require(len(pieces) == len(pairs), answer, expected, hint)
        ask.require(pieces == expected, pieces, expected, _pieces_hint(pieces, labels, edges))


def _graphs() -> list[tuple[list[int], list[tuple[int, int]]]]:
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
        generator = seeded(seed)
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
    for n in (5, 4, 3, 2, 8, 20, 40, 100):
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
    Exercise(
        "03.connected_graph", "Draw the class-wise connected graph.", ("labels", "generator"), examine_connected_graph
    ),
    Exercise("03.components", "Count the connected pieces of each class.", ("labels", "edges"), _components),
    Exercise(
        "03.random_mapping",
        "Give the mean number of pieces if each node draws its positive among all others of its class.",
        ("n",),
        _random_mapping,
    ),
)
