from __future__ import annotations

import pytest
import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from torch import nn

from mmtutorial.errors import InputError
from mmtutorial.proxies.kmeans_weights import kmeans_filters, random_patches, whitening
from mmtutorial.randomness import seeded


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"padding": (0, 2), "dilation": 2, "groups": 2}])
def test_random_patches_are_what_the_convolution_multiplies(options: dict) -> None:
    convolution = nn.Conv2d(4, 6, 3, bias=False, **options)
    inputs = torch.randn(2, 4, 7, 9, generator=seeded(0))
    patches = random_patches(inputs, convolution, 400, seeded(1))
    groups = convolution.groups
    assert patches.shape == (groups, 800, 36 // groups)
    outputs = convolution(inputs).detach()
    filters = convolution.weight.detach().flatten(1).unflatten(0, (groups, -1))
    for image in range(2):
        here = patches[:, 400 * image : 400 * (image + 1)]
        answers = torch.cat([p @ f.T for p, f in zip(here, filters, strict=True)], dim=1)
        everywhere = outputs[image].flatten(1).T
        distances = (answers[:, None] - everywhere).abs().amax(dim=2)
        assert float(distances.amin(dim=1).max()) < 1e-5
        # Every place of the output comes up.
        assert len(distances.argmin(dim=1).unique()) == len(everywhere)


def test_padding_in_words_is_refused() -> None:
    with pytest.raises(InputError, match="needs padding in pixels, got a convolution with padding='same'"):
        random_patches(torch.zeros(1, 3, 8, 8), nn.Conv2d(3, 2, 3, padding="same"), 5, seeded(0))


def test_whitening_agrees_with_scikit_learn() -> None:
    mixing = torch.diag(torch.tensor([9.0, 5, 3, 2, 1])) @ torch.randn(5, 5, generator=seeded(0))
    patches = torch.randn(4000, 5, generator=seeded(1)) @ mixing + 3
    white = (patches - whitening(patches, 3).mean) @ whitening(patches, 3).matrix
    expected = torch.from_numpy(PCA(3, whiten=True).fit_transform(patches.double().numpy())).flip(1).float()
    signs = (white * expected).sum(0).sign()
    torch.testing.assert_close(white * signs, expected, atol=0.01, rtol=0.01)
    torch.testing.assert_close(white.T.cov(), torch.eye(3), atol=0.01, rtol=0)
    norms = whitening(patches, 3).unit(patches).norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(4000))


def test_filters_answer_as_centroids_do_to_whitened_patches() -> None:
    patches = torch.randn(500, 8, generator=seeded(0)) @ torch.randn(8, 8, generator=seeded(1)) + 2
    white = whitening(patches, 4)
    centroids = torch.randn(6, 4, generator=seeded(2))
    filters = white.filters(centroids)
    whitened = (patches - white.mean) @ white.matrix
    torch.testing.assert_close((patches - white.mean) @ filters.T, whitened @ centroids.T, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(white.directions(filters), centroids, atol=1e-4, rtol=1e-4)


def test_kmeans_filters_are_the_unwhitened_centroids_of_scikit_learn() -> None:
    patches = torch.randn(800, 12, generator=seeded(0)) @ torch.randn(12, 12, generator=seeded(1))
    filters = kmeans_filters(patches, 5, seeded(3))
    assert filters is not None
    white = whitening(patches, 5)
    seed = int(torch.randint(2**31 - 1, (), generator=seeded(3)))
    model = MiniBatchKMeans(5, batch_size=1024, n_init=1, random_state=seed).fit(white.unit(patches).numpy())
    torch.testing.assert_close(
        white.directions(filters), torch.from_numpy(model.cluster_centers_), atol=1e-4, rtol=1e-3
    )


def test_kmeans_finds_what_there_is_to_find() -> None:
    """Patches of four kinds, some bright and some dim: the four filters each answer to one kind most."""
    kinds = torch.linalg.qr(torch.randn(9, 4, generator=seeded(0)))[0].T
    which = torch.arange(600) % 4
    patches = kinds[which] * (1 + torch.rand(600, 1, generator=seeded(1)))
    patches += 0.02 * torch.randn(600, 9, generator=seeded(2))
    filters = kmeans_filters(patches, 4, seeded(0))
    assert filters is not None
    best = ((patches - patches.mean(0)) @ filters.T).argmax(1)
    assert sorted(best[:4].tolist()) == [0, 1, 2, 3]
    assert torch.equal(best, best[:4][which])
