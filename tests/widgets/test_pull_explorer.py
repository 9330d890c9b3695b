"""The pull against gradient descent in small steps, and its ends against the pieces of the graph."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.graph import PatchGraph, connected_graph, random_triplets
from mmtutorial.randomness import seeded
from mmtutorial.widgets import PullExplorer
from mmtutorial.widgets.pull_explorer import TIMES, different, pulled
from tests.widgets.explorers import TABLE, explorer_of


def by_small_steps(start: torch.Tensor, edges: torch.Tensor, time: float, steps: int = 4000) -> torch.Tensor:
    places = start.clone()
    for _ in range(steps):
        a, b = edges.T
        towards = places[b] - places[a]
        places.index_add_(0, a, time / steps * towards)
        places.index_add_(0, b, -time / steps * towards)
    return places


def test_the_flow_is_gradient_descent_in_small_steps() -> None:
    start = torch.randn(12, 2, generator=seeded(0), dtype=torch.float64)
    edges = connected_graph(torch.arange(12) % 3, generator=seeded(1)).edges
    for time in (0.0, 0.3, 2.0):
        torch.testing.assert_close(pulled(start, edges, time), by_small_steps(start, edges, time), atol=2e-3, rtol=0)


@given(labels=st.lists(st.integers(0, 3), min_size=4, max_size=25), seed=st.integers(0, 99))
def test_in_the_end_each_piece_is_one_place_its_mean(labels: list[int], seed: int) -> None:
    graph = random_triplets(labels, generator=seeded(seed))
    start = torch.randn(len(labels), 2, generator=seeded(seed + 1), dtype=torch.float64)
    end, piece = pulled(start, graph.edges, 1e4), torch.from_numpy(graph.piece_of()).long()
    for number in piece.unique():
        mean = start[piece == number].mean(dim=0)
        torch.testing.assert_close(end[piece == number], mean.expand(int((piece == number).sum()), 2))


def test_islands_stay_and_a_connected_class_closes() -> None:
    explorer = explorer_of("pull")
    first, last = (explorer.facts(explorer.state(moment=k)) for k in (0, len(TIMES) - 1))
    assert first.places == (30, 30)
    assert last.pieces[1] == last.places[1] == 3
    assert last.pieces[0] == last.places[0] > 3
    assert last.width[1] < first.width[1], "the frame follows the points"
    assert "connected graph: 3 pieces, 3 different places" in explorer.static(moment=len(TIMES) - 1).alt


def test_a_graph_without_edges_does_not_move() -> None:
    start = torch.randn(4, 2, generator=seeded(0))
    assert torch.allclose(pulled(start, torch.empty((0, 2), dtype=torch.long), 5.0), start, atol=1e-6)
    assert different(start) == 4


def test_other_patches_are_refused() -> None:
    one = PatchGraph(torch.tensor([0, 1]), torch.empty((0, 3), dtype=torch.long))
    assert PullExplorer({"one": one}, TABLE).static(moment=1).alt.endswith("one: 2 pieces, 2 different places.")
    with pytest.raises(InputError, match="give two over the same ones"):
        PullExplorer({}, TABLE)
    with pytest.raises(InputError, match="give two over the same ones"):
        PullExplorer({"one": one, "other": PatchGraph(torch.tensor([0, 0]), one.triplets)}, TABLE)
