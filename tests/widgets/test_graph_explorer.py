"""What the graph explorer writes agrees with the graphs themselves."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import seeded
from mmtutorial.widgets import GraphExplorer
from mmtutorial.widgets import graph_facts as graphs
from mmtutorial.widgets.graph_explorer import BY_HAND
from mmtutorial.widgets.graph_picture import ring_layout
from tests.widgets.explorers import TABLE, explorer_of

LABELS = torch.tensor([0, 0, 1, 1, 1, 2, 2, 2, 2, 0])


def pieces_by_walking(labels: torch.Tensor, triplets: torch.Tensor) -> dict[int, int]:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(labels)))
    graph.add_edges_from(triplets[:, :2].tolist())
    pieces: dict[int, int] = {}
    for component in nx.connected_components(graph):
        label = int(labels[next(iter(component))])
        pieces[label] = pieces.get(label, 0) + 1
    return pieces


settings_of_graph = st.fixed_dictionaries(
    {
        "patches": st.integers(6, 30),
        "classes": st.integers(2, 6),
        "visited": st.integers(0, 30),
        "seed": st.integers(0, 99),
        "equal_count": st.booleans(),
    }
)


@settings(max_examples=40)
@given(values=settings_of_graph)
def test_the_numbers_are_those_of_the_graphs(values: dict[str, int]) -> None:
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    state = explorer.state(**values)
    facts = explorer.facts(state)
    drawing = graphs.draw_both(explorer._pool, **{k: state[k] for k in ("patches", "classes", "seed", "equal_count")})
    nodes = facts["nodes"]
    assert nodes <= values["patches"]
    visited = min(values["visited"], nodes)
    right = drawing.connected.triplets[:visited]
    assert facts.right.triplets == len(right)
    everything = drawing.random.triplets
    shown = len(everything) if visited == nodes else visited if values["equal_count"] else visited // 3
    left = everything[:shown]
    assert facts.left.triplets == len(left)
    for side, triplets in ((facts.left, left), (facts.right, right)):
        assert side.pieces == pieces_by_walking(drawing.labels, triplets)
        unused = sorted(set(range(nodes)) - set(triplets.flatten().tolist()))
        assert list(side.unused) == unused
        assert side.coverage == pytest.approx(1 - len(unused) / nodes)
    if visited == nodes:
        assert set(facts.right.pieces.values()) == {1}
    if values["equal_count"]:
        assert len(everything) == len(drawing.connected.triplets)


def test_the_words_give_the_numbers() -> None:
    explorer = explorer_of("graph")
    frame = explorer.static(visited=18, patches=18, classes=4)
    assert "Class-wise connected graph: 18 triplets; 18 of 18 patches in use (100 %), 0 unused." in frame.alt
    assert frame.alt.count("1 piece") >= 4
    nothing = explorer.static(visited=0)
    assert "0 triplets; 0 of 18 patches in use (0 %), 18 unused." in nothing.alt
    assert "Move “patches visited” to begin." in nothing.alt


def test_a_patch_that_is_asked_for_tells_its_triplet() -> None:
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    state = explorer.state(visited=18)
    for anchor, positive, negative in explorer._drawing(state).connected.triplets.tolist():
        alt = explorer.static(visited=18, look=True, node=anchor).alt
        assert f"is an anchor: positive {positive}, negative {negative} (dashed)." in alt


def test_growing_by_the_graph_s_own_rule_keeps_each_class_in_one_piece() -> None:
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    state = explorer.state(mode=BY_HAND)
    rows = explorer._drawing(state).connected.triplets.tolist()
    for anchor, positive, _ in rows:
        assert explorer.facts(state)["marked"] == anchor
        state = explorer.state(**state.with_(positive=positive))
        assert "stays connected" in explorer.facts(state)["says"][0]
        state = explorer.press("join", state)
    assert state["choices"] == tuple(number for row in rows for number in row[:2])
    assert explorer.facts(state)["says"][0] == "All visited. Every class is one piece."
    assert explorer.facts(state)["left"] == explorer.facts(state)["right"]
    assert explorer.press("undo", state)["choices"] == state["choices"][:-2]
    assert explorer.press("reset", state)["choices"] == ()


def test_growing_against_the_rule_is_told() -> None:
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    state = explorer.state(mode=BY_HAND)
    drawing = explorer._drawing(state)
    anchor = int(drawing.connected.triplets[0, 0])
    other = next(i for i, c in enumerate(drawing.labels.tolist()) if c != int(drawing.labels[anchor]))
    for wrong, why in ((anchor, "is the anchor itself"), (other, f"patch {other} of class ")):
        refused = explorer.state(**state.with_(positive=wrong))
        assert why in explorer.facts(refused)["says"][0]
        assert explorer.press("join", refused)["choices"] == ()


def test_other_patches_forget_what_was_tied_by_hand() -> None:
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    for seed in range(5):
        state = explorer.state(mode=BY_HAND, seed=seed, choices=(3, 4, 5, 99))
        grown = explorer._grown(state)
        assert state["choices"] == grown.numbers
        for step, tie in enumerate(grown.ties):
            assert replace(grown, ties=grown.ties[:step]).refusal(*tie) is None


def test_your_own_patches() -> None:
    images = torch.rand(len(LABELS), 3, 8, 8, generator=seeded(0))
    batch = PatchBatch(images, LABELS, torch.zeros(len(LABELS), 4), torch.arange(len(LABELS)))
    explorer = GraphExplorer(batch, TABLE)
    facts = explorer.facts(explorer.state(patches=10, classes=3, visited=10))
    assert facts.right.pieces == {0: 1, 1: 1, 2: 1}
    assert explorer._pixels.max() > 200
    assert "dog" in explorer.static(patches=10, classes=3).alt
    with pytest.raises(InputError, match="without their class table"):
        GraphExplorer(batch)
    with pytest.raises(InputError, match="give 6 of 2 classes or more"):
        GraphExplorer(PatchBatch(images[:2], LABELS[:2], torch.zeros(2, 4), torch.arange(2)), TABLE)


@given(labels=st.lists(st.integers(0, 5), min_size=2, max_size=30), seed=st.integers(0, 99))
def test_no_two_patches_lie_over_each_other(labels: list[int], seed: int) -> None:
    graph = connected_graph(labels, generator=seeded(seed))
    layout = ring_layout(graph, 580, 470)
    for i, (x, y) in enumerate(layout.places):
        assert layout.side / 2 <= x <= 580 - layout.side / 2
        assert layout.side / 2 <= y <= 470 - layout.side / 2
        for u, v in layout.places[:i]:
            assert max(abs(x - u), abs(y - v)) >= 0.98 * layout.side
