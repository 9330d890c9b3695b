"""What the rules of the connected graph allow, by hand: checked against the library's own graph and by walking."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.graph import connected_graph
from mmtutorial.randomness import seeded
from mmtutorial.widgets.growing import Growing

LABELS = torch.tensor([0, 0, 0, 1, 1, 2])
NAMES = ("fish", "star", "snail")

some_labels = st.lists(st.integers(0, 3), min_size=3, max_size=14).filter(lambda found: len(set(found)) > 1)


def start(labels: torch.Tensor = LABELS, *, strict: bool = True, ties: tuple[tuple[int, int], ...] = ()) -> Growing:
    return Growing(labels, ties, 0, strict, lambda label: NAMES[label % 3])


def every_tie(grown: Growing) -> list[tuple[int, int]]:
    """All ties that are allowed now."""
    nodes = range(len(grown.labels))
    return [(a, p) for a in nodes for p in nodes if grown.refusal(a, p) is None]


@given(labels=some_labels, seed=st.integers(0, 999))
def test_what_connected_graph_draws_is_allowed(labels: list[int], seed: int) -> None:
    rows = connected_graph(labels, generator=seeded(seed)).triplets.tolist()
    grown = start(torch.tensor(labels))
    for anchor, positive, _ in rows:
        assert grown.refusal(anchor, positive) is None
        grown = replace(grown, ties=(*grown.ties, (anchor, positive)))
    assert grown.done
    assert Growing.kept(grown.labels, grown.numbers, 0, True, grown.name).ties == grown.ties


@given(labels=some_labels, data=st.data())
def test_whoever_keeps_to_the_rules_ends_with_one_piece_a_class(labels: list[int], data: st.DataObject) -> None:
    grown = start(torch.tensor(labels))
    while not grown.done:
        allowed = every_tie(grown)
        assert allowed, "no way on"
        grown = replace(grown, ties=(*grown.ties, data.draw(st.sampled_from(allowed))))
    graph = grown.graph()
    assert set(graph.components().values()) == {1}
    assert sorted(graph.triplets[:, 0].tolist()) == list(range(len(labels)))
    assert grown.ending() == "All visited. Every class is one piece."
    for step, (anchor, _, negative) in enumerate(graph.triplets.tolist()):
        assert labels[negative] != labels[anchor]
        earlier = {a for a in grown.visited[:step] if labels[a] != labels[anchor]}
        assert not earlier or negative in earlier


def test_each_rule_is_named_when_it_is_broken() -> None:
    grown = start(ties=((0, 1), (3, 4)))
    cases = {
        (0, 2): (1, "Patch 0 has been visited. Each patch is the anchor of one triplet."),
        (0, 3): (1, "Both patches have been visited. Each patch is the anchor of one triplet."),
        (1, 3): (2, "Patch 1 is of class fish, patch 3 of class star. A positive has the same class."),
        (1, 1): (2, "Patch 1 is the anchor itself. Choose another patch of class fish."),
        (1, 2): (2, "Patch 2 was not visited before. Of class fish there is: 0."),
    }
    for (anchor, positive), wanted in cases.items():
        refused = grown.refusal(anchor, positive)
        assert refused is not None
        assert (refused.rule, refused.says) == wanted
    assert grown.refusal(1, 0) is None
    assert grown.refusal(5, 5) is None, "a patch alone in its class is its own positive"


def test_without_visited_before_a_class_can_fall_into_pieces() -> None:
    labels = torch.tensor([0, 0, 0, 0, 1])
    loose = start(labels, strict=False, ties=((0, 1), (1, 0), (2, 3)))
    assert loose.refusal(3, 2) is None
    assert replace(loose, strict=True).refusal(3, 2) is None, "2 has been visited by then"
    assert start(labels, ties=((0, 1), (1, 0))).refusal(2, 3) is not None
    ended = replace(loose, ties=(*loose.ties, (3, 2), (4, 4)))
    assert ended.ending() == "All visited. Not every class is one piece: fish is in 2 pieces."
    assert loose.in_use(0) == 2
    assert start(labels).in_use(0) == 0


def test_the_one_not_visited_yet_is_the_anchor() -> None:
    grown = start(ties=((0, 1),))
    assert grown.anchor_of(0, 2) == grown.anchor_of(2, 0) == (2, 0)
    assert grown.anchor_of(2, 1) == (2, 1)


def test_a_negative_stays_when_more_is_tied() -> None:
    grown = start(ties=((0, 1), (3, 4), (1, 0)))
    more = replace(grown, ties=(*grown.ties, (4, 3), (5, 5)))
    assert more.graph().triplets[:3].tolist() == grown.graph().triplets.tolist()
    assert start().graph().triplets.shape == (0, 3)
