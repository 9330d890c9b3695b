from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from mmtutorial.embedding import class_purity, knn_purity, pca, tsne
from mmtutorial.errors import InputError
from mmtutorial.randomness import seeded


def a_cloud(seed: int, n: int = 40) -> tuple[Tensor, Tensor, Tensor]:
    generator = seeded(seed)
    labels = torch.randint(4, (n,), generator=generator)
    embeddings = torch.randn(n, 6, generator=generator) + 1.5 * torch.eye(6)[labels]
    return embeddings, labels, torch.randint(8, (n,), generator=generator)


def slow_purity(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int) -> float:
    """All neighbours by angle from scikit-learn, nearest first; those of the same group are struck out."""
    order = (
        NearestNeighbors(n_neighbors=len(labels), metric="cosine")
        .fit(embeddings.double().numpy())
        .kneighbors(embeddings.double().numpy(), return_distance=False)
    )
    shares: dict[int, list[float]] = {}
    for i, row in enumerate(order):
        others = [j for j in row if groups[j] != groups[i]][:neighbours]
        if others:
            share = sum(bool(labels[j] == labels[i]) for j in others) / len(others)
            shares.setdefault(int(labels[i]), []).append(share)
    return float(np.mean([np.mean(values) for values in shares.values()]))


@given(seed=st.integers(0, 2**31), neighbours=st.integers(1, 60), grouped=st.booleans())
@settings(max_examples=40)
def test_purity_agrees_with_scikit_learn(seed: int, neighbours: int, grouped: bool) -> None:
    embeddings, labels, groups = a_cloud(seed)
    expected = slow_purity(embeddings, labels, groups if grouped else torch.arange(40), neighbours)
    found = knn_purity(embeddings, labels, groups if grouped else None, neighbours=neighbours)
    assert found == pytest.approx(expected, abs=1e-6)


def test_purity_of_a_class_looks_at_its_own_embeddings_and_at_neighbours_of_all() -> None:
    embeddings, labels, groups = a_cloud(3)
    found = class_purity(embeddings, labels, groups, neighbours=3)
    assert list(found) == [0, 1, 2, 3]
    assert knn_purity(embeddings, labels, groups, neighbours=3) == pytest.approx(np.mean(list(found.values())))
    for wanted, share in found.items():
        others = torch.where(labels == wanted, labels, 9)  # The other classes as one: nothing changes for this one.
        assert class_purity(embeddings, others, groups, neighbours=3)[wanted] == share


def test_a_class_without_a_neighbour_has_no_purity_and_no_embeddings_have_no_classes() -> None:
    assert np.isnan(class_purity(torch.rand(2, 3), torch.tensor([0, 1]), torch.tensor([0, 0]))[0])
    assert class_purity(torch.empty(0, 3), torch.empty(0, dtype=torch.long)) == {}


def test_five_neighbours_unless_said_otherwise() -> None:
    cloud = a_cloud(0)
    assert knn_purity(*cloud) == knn_purity(*cloud, neighbours=5)


def test_neighbours_of_the_same_image_do_not_count() -> None:
    """Each image is a tight cluster of its own; between images, features say the opposite of the class."""
    angles = torch.tensor([0.0, 0.01, 0.5, 0.51, 3.0, 3.01, 3.5, 3.51])
    embeddings = torch.stack((angles.cos(), angles.sin()), dim=1)
    groups = torch.arange(8) // 2
    labels = torch.tensor([0, 0, 1, 1, 0, 0, 1, 1])
    assert knn_purity(embeddings, labels, neighbours=1) == 1.0
    assert knn_purity(embeddings, labels, groups, neighbours=1) == 0.0


def test_lengths_do_not_count_and_maps_are_flattened() -> None:
    embeddings, labels, groups = a_cloud(1)
    scaled = embeddings * torch.linspace(0.1, 50, 40)[:, None]
    assert knn_purity(scaled, labels, groups) == pytest.approx(knn_purity(embeddings, labels, groups))
    assert knn_purity(embeddings.reshape(40, 3, 2, 1), labels, groups) == knn_purity(embeddings, labels, groups)


def test_chance_is_one_over_the_classes_however_unequal_they_are() -> None:
    generator = seeded(0)
    labels = (torch.rand(2500, generator=generator) < 0.1).long()
    purity = knn_purity(torch.randn(2500, 4, generator=generator), labels)
    assert purity == pytest.approx(0.5, abs=0.03)


def test_portions_make_no_difference() -> None:
    """More than one portion of rows: the last ones are scored like the first."""
    embeddings = torch.eye(3).repeat(700, 1) + 0.01 * torch.randn(2100, 3, generator=seeded(0))
    labels = torch.arange(3).repeat(700)
    assert knn_purity(embeddings, labels) == 1.0
    broken = labels.clone()
    broken[2048:] = 3 + torch.arange(52)
    assert knn_purity(embeddings, broken, neighbours=1) < 0.1


def test_degenerate_clouds() -> None:
    one = torch.ones(1, 3)
    assert math.isnan(knn_purity(one, torch.tensor([0])))
    assert math.isnan(knn_purity(torch.empty(0, 3), torch.empty(0, dtype=torch.long)))
    same_image = torch.zeros(5, dtype=torch.long)
    assert math.isnan(knn_purity(torch.randn(5, 3), torch.arange(5), same_image))
    assert knn_purity(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long)) == 1.0
    # One embedding has no neighbour to compare with; the others are scored without it.
    lonely = torch.tensor([0, 0, 1])
    assert knn_purity(torch.eye(3), torch.tensor([5, 6, 5]), lonely, neighbours=1) <= 1.0


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="3 embeddings but 2 labels or groups; give one for each"):
        knn_purity(torch.ones(3, 2), torch.zeros(2))
    with pytest.raises(InputError, match="give one for each"):
        knn_purity(torch.ones(3, 2), torch.zeros(3), torch.zeros(4))


def test_pca_finds_the_directions_of_largest_variance() -> None:
    embeddings = a_cloud(3)[0]
    unit = (embeddings / embeddings.norm(dim=1, keepdim=True)).double().numpy()
    centred = unit - unit.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    for dimensions in (1, 2, 3):
        found = pca(embeddings, dimensions)
        expected = centred @ vectors[:, ::-1][:, :dimensions]
        assert np.allclose(np.abs(found), np.abs(expected), atol=1e-5)


def test_tsne_keeps_clusters_together_and_repeats_itself() -> None:
    generator = seeded(0)
    labels = torch.arange(3).repeat(15)
    embeddings = torch.eye(3)[labels] + 0.05 * torch.randn(45, 3, generator=generator)
    layout = tsne(embeddings, seed=1, perplexity=10)
    assert layout.shape == (45, 2)
    assert np.isfinite(layout).all()
    nearest = NearestNeighbors(n_neighbors=6).fit(layout).kneighbors(layout, return_distance=False)[:, 1:]
    assert (labels.numpy()[nearest] == labels.numpy()[:, None]).mean() > 0.95
    assert np.array_equal(layout, tsne(embeddings, seed=1, perplexity=10))


def test_tsne_starts_where_it_is_told() -> None:
    """Two clusters stay on the sides on which they start."""
    labels = torch.arange(2).repeat(20)
    embeddings = torch.eye(3)[labels] + 0.05 * torch.randn(40, 3, generator=seeded(0))
    start = np.stack((2.0 * labels.numpy() - 1, pca(embeddings)[:, 1]), axis=1)
    for side in (1.0, -1.0):
        across = side * tsne(embeddings, start=start * np.array([side, 1.0]), perplexity=10)[:, 0]
        assert across[labels == 1].mean() > across[labels == 0].mean()
    assert np.array_equal(tsne(embeddings), tsne(embeddings, start=pca(embeddings)))


def test_tsne_of_few_points() -> None:
    assert tsne(torch.eye(3)).shape == (3, 2)
    assert np.isfinite(tsne(torch.ones(6, 4))).all()
    with pytest.raises(InputError, match="2 embeddings are too few for t-SNE; give 3 or more"):
        tsne(torch.eye(2))
