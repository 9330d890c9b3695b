"""Looking at embeddings: cross-image kNN purity (a number), PCA and t-SNE (pictures)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.triplet import unit_features

Array = npt.NDArray[np.float64]

ITERATIONS = 750
"""Of t-SNE: as many as openTSNE makes. scikit-learn's 1,000 take longer and keep no more neighbours: docs/speed.md."""


def knn_purity(embeddings: Tensor, labels: Tensor, groups: Tensor | None = None, *, neighbours: int = 5) -> float:
    """Share of nearest neighbours that have the same class.

    Patches of one image look alike whatever the features are worth, so neighbours must come from other
    images; pass ``groups``. The shares are averaged within each class first, so that chance is near one over
    the number of classes however unequal they are.

    Args:
        embeddings: (N, D) or (N, C, H, W) float; compared by the angle between them.
        labels: (N,) integer class of each.
        groups: (N,) integer image of each; neighbours of the same image are passed over. None: all count.
        neighbours: how many nearest neighbours to look at, or all there are.

    Returns:
        0 to 1; NaN where no embedding has a neighbour to compare with.

    Raises:
        InputError: lengths differ.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> labels, image = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
        >>> knn_purity(embeddings, labels, image, neighbours=1)
        1.0
        >>> knn_purity(embeddings, labels.flip(0)[[0, 2, 1, 3]], image, neighbours=1)
        0.0
    """
    by_class = class_purity(embeddings, labels, groups, neighbours=neighbours)
    return float(torch.tensor(list(by_class.values())).nanmean())


def class_purity(
    embeddings: Tensor, labels: Tensor, groups: Tensor | None = None, *, neighbours: int = 5
) -> dict[int, float]:
    """Share of nearest neighbours that have the same class, for each class: what :func:`knn_purity` is the mean of.

    Args:
        embeddings: as there.
        labels: as there.
        groups: as there.
        neighbours: as there.

    Returns:
        0 to 1 by class id, for the classes that occur; NaN for a class whose embeddings have no neighbour at all.

    Raises:
        InputError: lengths differ.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> class_purity(embeddings, torch.tensor([0, 0, 1, 2]), neighbours=1)
        {0: 1.0, 1: 0.0, 2: 0.0}
    """
    if len(labels) != len(embeddings) or (groups is not None and len(groups) != len(embeddings)):
        raise InputError(f"{len(embeddings)} embeddings but {len(labels)} labels or groups; give one for each")
    unit = unit_features(embeddings.float())
    groups = torch.arange(len(unit)) if groups is None else groups
    shares = torch.full((len(unit),), float("nan"))
    # In portions: the table of all angles would need N^2 numbers at once.
    for rows in torch.arange(len(unit)).split(2048):
        allowed = groups[rows][:, None] != groups[None, :]
        cosine = (unit[rows] @ unit.T).masked_fill(~allowed, -torch.inf)
        best, nearest = cosine.topk(min(neighbours, len(unit)), dim=1)
        counted = best > -torch.inf
        same = (labels[nearest] == labels[rows][:, None]) & counted
        shares[rows] = same.sum(1) / counted.sum(1)
    return {int(c): float(shares[labels == c].nanmean()) for c in labels.unique()}


def pca(embeddings: Tensor, dimensions: int = 2) -> Array:
    """(N, dimensions) coordinates along the directions of largest variance of the unit embeddings.

    Example:
        >>> layout = pca(torch.rand(20, 8, generator=torch.Generator().manual_seed(0)))
        >>> layout.shape, bool(layout[:, 0].std() >= layout[:, 1].std())
        ((20, 2), True)
    """
    from sklearn.decomposition import PCA

    unit = unit_features(embeddings.float()).numpy()
    # Embeddings that have all collapsed to one point have no variance to take shares of.
    with np.errstate(invalid="ignore"):
        fitted: Array = PCA(dimensions, svd_solver="full").fit_transform(unit.astype(np.float64))
    return fitted


def tsne(embeddings: Tensor, *, seed: int = 0, perplexity: float = 30.0, start: Array | None = None) -> Array:
    """(N, 2) t-SNE layout of the unit embeddings.

    Neighbourhoods can be read from it; distances between clusters and their sizes cannot. So show
    :func:`knn_purity` beside it.

    Args:
        embeddings: (N, D) or (N, C, H, W) float, N at least 3.
        seed: of the optimiser.
        perplexity: about how many neighbours count; lowered to (N - 1) / 3 where there are too few points.
        start: (N, 2) layout to start from, so that points of two pictures stay in place as far as they can;
            None starts from PCA.

    Raises:
        InputError: fewer than 3 embeddings.

    Example:
        >>> tsne(torch.rand(20, 8, generator=torch.Generator().manual_seed(0)), seed=0).shape
        (20, 2)
    """
    from sklearn.manifold import TSNE

    if len(embeddings) < 3:
        raise InputError(f"{len(embeddings)} embeddings are too few for t-SNE; give 3 or more")
    first = pca(embeddings) if start is None else start
    # scikit-learn's own scale for a start: a spread of 1e-4 leaves the early steps free to move.
    first = (first / max(float(first[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    around = min(perplexity, (len(embeddings) - 1) / 3)
    model = TSNE(2, perplexity=around, init=first, random_state=seed, max_iter=ITERATIONS)
    layout: Array = model.fit_transform(unit_features(embeddings.float()).numpy()).astype(np.float64)
    return layout
