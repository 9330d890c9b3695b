from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from fractions import Fraction

import networkx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.graph import PatchGraph, connected_graph, random_triplets
from mmtutorial.randomness import seeded

label_lists = st.lists(st.integers(min_value=-2, max_value=5), max_size=40)
seeds = st.integers(min_value=0, max_value=2**31)


def allowed_partners(classes: list[int], place: int) -> tuple[list[int], list[int]]:
    """The rule in words: who may be positive and negative of the node that comes at a place, ``classes`` in order."""
    own = classes[place]
    places = range(len(classes))
    positives = [j for j in places if j < place and classes[j] == own]
    if not positives:
        positives = [j for j in places if j > place and classes[j] == own] or [place]
    negatives = [j for j in places if j < place and classes[j] != own]
    if not negatives:
        negatives = [j for j in places if classes[j] != own]
    return positives, negatives


def outcome_probabilities(labels: list[int]) -> dict[tuple[tuple[int, ...], ...], Fraction]:
    """Every possible list of triplets and how likely it is, by enumeration."""
    orders = list(itertools.permutations(range(len(labels))))
    found: dict[tuple[tuple[int, ...], ...], Fraction] = defaultdict(Fraction)
    for order in orders:
        classes = [labels[node] for node in order]
        partners = [allowed_partners(classes, place) for place in range(len(order))]
        choices = [list(itertools.product(*pair)) for pair in partners]
        probability = Fraction(1, len(orders))
        for choice in choices:
            probability /= len(choice)
        for picked in itertools.product(*choices):
            triplets = tuple((order[a], order[p], order[n]) for a, (p, n) in enumerate(picked))
            found[triplets] += probability
    return found


@pytest.mark.parametrize("labels", [[0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1], [2, 0, 1, 1]])
def test_connected_graph_has_the_exact_distribution_of_the_sequential_rule(labels: list[int]) -> None:
    expected = outcome_probabilities(labels)
    assert sum(expected.values()) == 1
    draws = 3000
    generator = seeded(len(labels))
    counts = Counter(
        tuple(map(tuple, connected_graph(labels, generator=generator).triplets.tolist())) for _ in range(draws)
    )
    assert set(counts) <= set(expected)
    # Equally likely outcomes are pooled by anchor order, so that no cell of the test is nearly empty.
    by_class: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for outcome, probability in expected.items():
        cell = tuple((labels[a], p, n) for a, p, n in outcome[-2:])
        by_class[cell][0] += counts[outcome]
        by_class[cell][1] += float(probability) * draws
    observed, wanted = zip(*by_class.values(), strict=True)
    assert min(wanted) > 5
    assert chisquare(observed, wanted).pvalue > 1e-3


def test_partners_are_uniform_and_independent_on_a_larger_batch() -> None:
    labels = [0] * 20 + [1] * 12 + [2] * 5 + [3]
    generator = seeded(5)
    positives: dict[int, Counter[int]] = defaultdict(Counter)
    negatives: dict[int, Counter[int]] = defaultdict(Counter)
    halves: Counter[tuple[bool, bool]] = Counter()
    for _ in range(400):
        triplets = connected_graph(labels, generator=generator).triplets.tolist()
        order = [anchor for anchor, _, _ in triplets]
        place_of = {node: place for place, node in enumerate(order)}
        classes = [labels[node] for node in order]
        for place, (_, positive, negative) in enumerate(triplets):
            may_p, may_n = allowed_partners(classes, place)
            p, n = may_p.index(place_of[positive]), may_n.index(place_of[negative])
            positives[len(may_p)][p] += 1
            negatives[len(may_n)][n] += 1
            if len(may_p) % 2 == 0 and len(may_n) % 2 == 0:
                halves[2 * p < len(may_p), 2 * n < len(may_n)] += 1
    for counters in (positives, negatives):
        tested = {size: counts for size, counts in counters.items() if size > 1 and counts.total() >= 10 * size}
        assert len(tested) > 8
        # Bonferroni: a true sampler fails one of the tests with a probability below 1 in 1,000.
        assert all(
            chisquare([counts[i] for i in range(size)]).pvalue > 1e-3 / len(tested) for size, counts in tested.items()
        )
    assert len(halves) == 4
    assert chisquare(list(halves.values())).pvalue > 1e-3


def check_rules(labels: Tensor, triplets: Tensor) -> None:
    """The rules for every node at once, for batches too large for the slow version."""
    anchor, positive, negative = triplets.T
    n = len(labels)
    assert torch.equal(anchor.sort().values, torch.arange(n))
    place = torch.empty(n, dtype=torch.long)
    place[anchor] = torch.arange(n)
    assert torch.equal(labels[positive], labels[anchor])
    assert bool((labels[negative] != labels[anchor]).all())
    _, class_of, size = labels.unique(return_inverse=True, return_counts=True)
    first_place = torch.full((len(size),), n).scatter_reduce(0, class_of, place, "amin")
    is_first = place == first_place[class_of]
    alone = size[class_of] == 1
    earlier = place[positive] < place[anchor]
    assert bool(earlier[~is_first[anchor]].all())
    assert bool((place[positive] > place[anchor])[(is_first & ~alone)[anchor]].all())
    assert torch.equal(positive == anchor, alone[anchor])
    # Nodes before the second class appears have no other-class predecessor; all others must use one.
    start_of_second = int(first_place.sort().values[1])
    late = place[anchor] > start_of_second
    assert bool((place[negative] < place[anchor])[late].all())
    assert bool((place[negative] < place[anchor])[place[anchor] == start_of_second].all())


@given(labels=label_lists, seed=seeds)
def test_connected_graph_keeps_its_promises(labels: list[int], seed: int) -> None:
    graph = connected_graph(labels, generator=seeded(seed))
    assert graph.labels.tolist() == labels
    assert graph.triplets.dtype == torch.long
    if len(set(labels)) < 2:
        assert graph.triplets.shape == (0, 3)
        return
    check_rules(graph.labels, graph.triplets)
    assert graph.components() == dict.fromkeys(set(labels), 1)
    assert graph.coverage() == 1.0
    assert len(graph.unused()) == 0
    # A tree has one edge less than nodes. The first node of a class adds one more; it may repeat another's.
    alone = sum(labels.count(c) == 1 for c in set(labels))
    assert len(graph.edges) == len(labels) - alone


@given(labels=label_lists, seed=seeds, count=st.none() | st.integers(0, 60))
def test_random_triplets_keep_their_promises(labels: list[int], seed: int, count: int | None) -> None:
    graph = random_triplets(labels, generator=seeded(seed), count=count)
    possible = len(set(labels)) > 1 and len(labels) > len(set(labels))
    if count is None:
        assert len(graph.triplets) <= len(labels) // 3
        assert graph.triplets.unique().numel() == graph.triplets.numel()
    else:
        assert len(graph.triplets) == (count if possible else 0)
    anchor, positive, negative = graph.triplets.T
    assert bool((anchor != positive).all())
    assert torch.equal(graph.labels[anchor], graph.labels[positive])
    assert bool((graph.labels[anchor] != graph.labels[negative]).all())
    used = set(graph.triplets.flatten().tolist())
    assert graph.unused().tolist() == sorted(set(range(len(labels))) - used)
    assert graph.coverage() == pytest.approx(len(used) / len(labels) if labels else 1)


@given(labels=label_lists, seed=seeds, connected=st.booleans())
def test_components_agree_with_networkx(labels: list[int], seed: int, connected: bool) -> None:
    draw = connected_graph if connected else random_triplets
    graph = draw(labels, generator=seeded(seed))
    oracle = graph.to_networkx()
    assert list(oracle.nodes) == list(range(len(labels)))
    assert [label for _, label in oracle.nodes(data="label")] == labels
    assert {frozenset(edge) for edge in oracle.edges} == {frozenset(edge) for edge in graph.edges.tolist()}
    pieces = Counter(labels[min(piece)] for piece in networkx.connected_components(oracle))
    assert graph.components() == dict(pieces)


def test_components_of_a_graph_made_by_hand() -> None:
    labels = torch.tensor([7, 7, 7, 7, 2, 2, 3])
    triplets = torch.tensor([[0, 1, 4], [1, 2, 5], [2, 0, 6], [6, 6, 0]])
    graph = PatchGraph(labels, triplets)
    assert graph.edges.tolist() == [[0, 1], [1, 2], [2, 0]]
    assert graph.components() == {2: 2, 3: 1, 7: 2}
    assert graph.coverage() == pytest.approx(6 / 7)
    assert graph.unused().tolist() == [3]
    assert repr(graph) == (
        "PatchGraph(7 nodes, 3 classes, 4 triplets, coverage 86%, pieces per class {2: 2, 3: 1, 7: 2})"
    )


def test_random_triplets_leave_classes_in_pieces_where_the_graph_does_not() -> None:
    labels = torch.arange(10).repeat(40)
    pieces = random_triplets(labels, generator=seeded(0)).components()
    assert min(pieces.values()) > 20
    assert set(connected_graph(labels, generator=seeded(0)).components().values()) == {1}


def test_a_round_of_random_triplets_uses_nearly_every_node_of_a_balanced_batch() -> None:
    for seed in range(20):
        graph = random_triplets(torch.arange(8).repeat(30), generator=seeded(seed))
        assert len(graph.triplets) >= 78
        assert graph.coverage() >= 0.97


def test_random_triplets_treat_equal_nodes_equally() -> None:
    labels = [0] * 4 + [1] * 5
    generator = seeded(1)
    pairs: Counter[tuple[int, int]] = Counter()
    roles: list[Counter[int]] = [Counter(), Counter(), Counter()]
    for _ in range(1500):
        for triplet in random_triplets(labels, generator=generator).triplets.tolist():
            pairs[triplet[0], triplet[1]] += 1
            for role, node in zip(roles, triplet, strict=True):
                role[node] += 1
    for nodes in (range(4), range(4, 9)):
        assert all(chisquare([role[node] for node in nodes]).pvalue > 1e-3 for role in roles)
        assert chisquare([pairs[pair] for pair in itertools.permutations(nodes, 2)]).pvalue > 1e-3


def test_further_rounds_are_disjoint_within_themselves() -> None:
    labels = torch.arange(5).repeat(12)
    graph = random_triplets(labels, generator=seeded(3), count=95)
    assert len(graph.triplets) == 95
    one_round = random_triplets(labels, generator=seeded(3)).triplets
    assert torch.equal(graph.triplets[: len(one_round)], one_round)
    second = graph.triplets[len(one_round) : len(one_round) + 15]
    assert second.unique().numel() == second.numel()


def test_a_count_is_reached_even_when_a_round_finds_nothing() -> None:
    """With four of one class and one of another, a round finds the odd one in most cases only."""
    empty_rounds = sum(len(random_triplets([0, 0, 0, 0, 1], generator=seeded(s)).triplets) == 0 for s in range(200))
    assert 0 < empty_rounds < 40
    for seed in range(200):
        assert len(random_triplets([0, 0, 0, 0, 1], generator=seeded(seed), count=3).triplets) == 3


@given(labels=label_lists, seed=seeds, connected=st.booleans())
def test_the_names_of_classes_do_not_matter_and_the_seed_settles_everything(
    labels: list[int], seed: int, connected: bool
) -> None:
    draw = connected_graph if connected else random_triplets
    first = draw(labels, generator=seeded(seed)).triplets
    renamed = [(-label) * 2**40 + 17 for label in labels]
    assert torch.equal(first, draw(renamed, generator=seeded(seed)).triplets)
    for same in (torch.tensor(labels, dtype=torch.int32), np.array(labels, dtype=np.int64), iter(labels)):
        assert torch.equal(first, draw(same, generator=seeded(seed)).triplets)


def test_only_the_generator_given_is_used() -> None:
    before = torch.get_rng_state()
    generator = seeded(0)
    first = connected_graph([0, 1] * 30, generator=generator).triplets
    second = connected_graph([0, 1] * 30, generator=generator).triplets
    assert not torch.equal(first, second)
    random_triplets([0, 1] * 30, generator=generator)
    assert torch.equal(before, torch.get_rng_state())


def test_as_many_classes_as_nodes() -> None:
    graph = connected_graph(torch.arange(500).flip(0), generator=seeded(0))
    check_rules(graph.labels, graph.triplets)
    assert torch.equal(graph.triplets[:, 0], graph.triplets[:, 1])
    assert len(graph.edges) == 0
    assert graph.coverage() == 1.0
    assert set(graph.components().values()) == {1}
    assert random_triplets(torch.arange(500), generator=seeded(0)).triplets.shape == (0, 3)


@pytest.mark.parametrize("classes", [2, 21, 50_000])
def test_a_hundred_thousand_nodes(classes: int) -> None:
    """An N x N table of these would take 10 GB."""
    labels = torch.randint(classes, (100_000,), generator=seeded(classes))
    check_rules(labels, connected_graph(labels, generator=seeded(0)).triplets)
    triplets = random_triplets(labels, generator=seeded(0)).triplets
    assert triplets.unique().numel() == triplets.numel() > 0


@pytest.mark.parametrize("labels", [[], [4], [4, 4, 4], [1, 2], [1, 1, 2]])
def test_degenerate_batches_print_and_stay_finite(labels: list[int]) -> None:
    for draw in (connected_graph, random_triplets):
        graph = draw(labels, generator=seeded(0))
        assert 0 <= graph.coverage() <= 1
        assert set(graph.components()) == set(labels)
        assert f"{len(labels)} nodes" in repr(graph)
        assert len(graph.to_networkx()) == len(labels)


def test_one_class_has_no_triplets_in_either_way() -> None:
    assert len(connected_graph([3] * 9, generator=seeded(0)).triplets) == 0
    assert len(random_triplets([3] * 9, generator=seeded(0), count=5).triplets) == 0


def test_a_class_of_one_node_is_its_own_positive() -> None:
    triplets = connected_graph([0, 0, 0, 9], generator=seeded(2)).triplets.tolist()
    (lonely,) = [triplet for triplet in triplets if triplet[0] == 3]
    assert lonely[1] == 3
    assert lonely[2] in (0, 1, 2)


@pytest.mark.parametrize(
    "labels",
    [torch.zeros(2, 2, dtype=torch.long), torch.tensor(3), torch.tensor([0.0, 1.0]), [0.5, 1.5], [1j, 2]],
    ids=["two axes", "no axis", "float tensor", "float list", "complex list"],
)
def test_labels_that_are_no_classes_are_refused(labels: Tensor | list[float]) -> None:
    for draw in (connected_graph, random_triplets):
        with pytest.raises(InputError, match="give one integer class a node"):
            draw(labels, generator=seeded(0))  # type: ignore[arg-type]


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(InputError, match=r"count is -1; ask for 0 or more"):
        random_triplets([0, 0, 1], generator=seeded(0), count=-1)
