from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.randomness import seeded
from mmtutorial.triplet import hinge, triplet_distances, triplet_loss, triplet_statistics, unit_features

margins = st.floats(min_value=0.01, max_value=4.0)
seeds = st.integers(min_value=0, max_value=2**31)


def a_batch(seed: int, n: int = 12, width: int = 5) -> tuple[Tensor, Tensor]:
    generator = seeded(seed)
    embeddings = torch.randn(n, width, generator=generator, dtype=torch.float64)
    labels = torch.cat((torch.tensor([0, 1]), torch.randint(3, (n - 2,), generator=generator)))
    return embeddings, connected_graph(labels, generator=generator).triplets


def slow_loss(embeddings: Tensor, triplets: Tensor, margin: float) -> float:
    """The formula of the slides, one number at a time."""
    total = 0.0
    rows = [[float(x) for x in row] for row in embeddings.flatten(1)]
    unit = []
    for row in rows:
        length = sum(x * x for x in row) ** 0.5
        unit.append([x / length if length > 0 else 0.0 for x in row])
    for a, p, n in triplets.tolist():
        to_positive = sum((x - y) ** 2 for x, y in zip(unit[a], unit[p], strict=True))
        to_negative = sum((x - y) ** 2 for x, y in zip(unit[a], unit[n], strict=True))
        total += max(0.0, to_positive - to_negative + margin)
    return total / len(triplets)


@given(seed=seeds, margin=margins)
def test_loss_agrees_with_the_slow_loop_and_with_torch(seed: int, margin: float) -> None:
    embeddings, triplets = a_batch(seed)
    loss = triplet_loss(embeddings, triplets, margin=margin)
    assert loss.shape == ()
    assert float(loss) == pytest.approx(slow_loss(embeddings, triplets, margin), abs=1e-6)
    oracle = torch.nn.TripletMarginWithDistanceLoss(
        distance_function=lambda x, y: (F.normalize(x) - F.normalize(y)).square().sum(1), margin=margin
    )
    torch.testing.assert_close(loss, oracle(*embeddings[triplets].unbind(1)), rtol=0, atol=1e-6)


@given(seed=seeds)
def test_loss_in_single_precision(seed: int) -> None:
    embeddings, triplets = a_batch(seed)
    loss = triplet_loss(embeddings.float(), triplets)
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(slow_loss(embeddings, triplets, 2.1), abs=2e-6)


def test_the_margin_is_2_1_unless_said_otherwise() -> None:
    embeddings, triplets = a_batch(0)
    assert torch.equal(triplet_loss(embeddings, triplets), triplet_loss(embeddings, triplets, margin=2.1))


def test_a_triplet_by_hand() -> None:
    """Unit vectors at 0, 60 and 90 degrees: squared distances 1 and 2. Lengths must not matter."""
    embeddings = torch.tensor([[2.0, 0.0], [0.5, 0.75**0.5], [0.0, 7.0]])
    positive, negative = triplet_distances(embeddings, torch.tensor([[0, 1, 2]]))
    assert positive.tolist() == pytest.approx([1.0])
    assert negative.tolist() == pytest.approx([2.0])
    assert float(triplet_loss(embeddings, torch.tensor([[0, 1, 2]]), margin=1.5)) == pytest.approx(0.5)
    assert float(triplet_loss(embeddings, torch.tensor([[0, 1, 2], [0, 2, 1]]), margin=1.5)) == pytest.approx(1.5)
    assert float(triplet_loss(embeddings, torch.tensor([[0, 1, 2]]), margin=0.5)) == 0.0


@pytest.mark.parametrize("margin", [0.4, 2.1])
def test_gradients(margin: float) -> None:
    embeddings, triplets = a_batch(4, n=7, width=3)
    positive, negative = triplet_distances(embeddings, triplets)
    # The hinge has no derivative at its corner: keep away from it.
    assert float((positive - negative + margin).abs().min()) > 1e-3
    embeddings.requires_grad_()
    assert torch.autograd.gradcheck(lambda e: triplet_loss(e, triplets, margin=margin), (embeddings,))


def test_gradients_reach_all_three_roles_and_no_other_node() -> None:
    embeddings = a_batch(0)[0].requires_grad_()
    triplet_loss(embeddings, torch.tensor([[0, 1, 2]])).backward()
    moved = (embeddings.grad != 0).any(dim=1)
    assert moved.tolist() == [True] * 3 + [False] * 9


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("zeros", [(0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_zero_vectors_have_finite_gradients(zeros: tuple[int, ...], dtype: torch.dtype) -> None:
    embeddings = torch.randn(4, 6, generator=seeded(0), dtype=dtype)
    embeddings[list(zeros)] = 0
    embeddings.requires_grad_()
    loss = triplet_loss(embeddings, torch.tensor([[0, 1, 2], [3, 0, 1]]))
    loss.backward()
    assert loss.item() == pytest.approx(slow_loss(embeddings.detach(), torch.tensor([[0, 1, 2], [3, 0, 1]]), 2.1))
    # Not merely finite: dividing by a tiny constant instead gives gradients of 1e12.
    assert float(embeddings.grad.abs().max()) < 100


def test_features_have_length_one_and_zero_stays_zero() -> None:
    features = torch.randn(5, 3, 2, 2, generator=seeded(0)) * torch.tensor([1e-12, 1, 100, 1e12, 0]).reshape(5, 1, 1, 1)
    unit = unit_features(features)
    assert unit.shape == (5, 12)
    assert torch.linalg.vector_norm(unit, dim=1).tolist() == pytest.approx([1, 1, 1, 1, 0])
    torch.testing.assert_close(unit[:4], F.normalize(features.flatten(1), eps=0.0)[:4])


def test_feature_maps_are_compared_position_by_position() -> None:
    maps = torch.zeros(3, 1, 2, 2)
    maps[0, 0, 0, 0] = maps[1, 0, 0, 0] = maps[2, 0, 1, 1] = 1
    positive, negative = triplet_distances(maps, torch.tensor([[0, 1, 2]]))
    assert positive.tolist() == [0.0]
    assert negative.tolist() == [2.0]


@given(seed=seeds)
def test_behind_a_relu_the_original_margin_never_closes_and_the_loss_is_linear(seed: int) -> None:
    embeddings, triplets = a_batch(seed)
    embeddings = embeddings.relu()
    positive, negative = triplet_distances(embeddings, triplets)
    assert float(torch.cat((positive, negative)).max()) <= 2 + 1e-12
    assert float(hinge(positive, negative, 2.1).min()) >= 0.1 - 1e-12
    assert triplet_statistics(positive, negative).active_share == 1.0
    linear = positive.mean() - negative.mean() + 2.1
    torch.testing.assert_close(triplet_loss(embeddings, triplets), linear)


def test_signed_features_do_close_it() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    positive, negative = triplet_distances(embeddings, torch.tensor([[0, 1, 2]]))
    assert negative.tolist() == [4.0]
    assert float(triplet_loss(embeddings, torch.tensor([[0, 1, 2]]))) == 0.0
    assert triplet_statistics(positive, negative).active_share == 0.0


def test_statistics_are_plain_means() -> None:
    positive = torch.tensor([0.0, 1.0, 2.0, 1.0], requires_grad=True)
    negative = torch.tensor([2.0, 1.0, 0.0, 3.0])
    found = triplet_statistics(positive, negative, margin=1.0)
    assert found.positive_distance == 1.0
    assert found.negative_distance == 1.5
    assert found.active_share == 0.5


def test_no_triplets_give_zero_and_zero_gradients() -> None:
    embeddings = a_batch(0)[0].requires_grad_()
    none = torch.empty((0, 3), dtype=torch.long)
    loss = triplet_loss(embeddings, none)
    loss.backward()
    assert loss.item() == 0.0
    assert embeddings.grad is not None
    assert not bool(embeddings.grad.any())
    found = triplet_statistics(*triplet_distances(embeddings, none))
    assert (found.positive_distance, found.negative_distance, found.active_share) == (0.0, 0.0, 0.0)
    assert float(triplet_loss(torch.empty(0, 4), none)) == 0.0


@pytest.mark.parametrize("node", [-1, 3])
def test_a_triplet_of_another_batch_is_refused(node: int) -> None:
    with pytest.raises(InputError, match="there are 3 embeddings; build the graph from the same batch"):
        triplet_loss(torch.ones(3, 2), torch.tensor([[0, 1, node]]))


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"give \(N, D\) or \(N, C, H, W\)"):
        triplet_loss(torch.ones(3), torch.tensor([[0, 1, 2]]))
    for triplets in (torch.tensor([0, 1, 2]), torch.tensor([[0, 1]])):
        with pytest.raises(InputError, match=r"give \(M, 3\)"):
            triplet_distances(torch.ones(3, 2), triplets)


@pytest.mark.parametrize("margin", [0.0, 0.25, 0.5])
def test_a_hinge_of_exactly_nothing_is_shut(margin: float) -> None:
    """At the very edge a triplet costs nothing, so it counts as done; a little nearer it is open."""
    positive = torch.tensor([0.5, 0.5, 0.5])
    negative = positive + margin + torch.tensor([0.0, -0.125, 0.125])
    assert hinge(positive, negative, margin).tolist() == [0.0, 0.125, 0.0]
    assert triplet_statistics(positive, negative, margin=margin).active_share == pytest.approx(1 / 3)
