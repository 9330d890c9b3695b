"""The triplet loss of Mix-and-Match: pull an anchor to its positive, push it from its negative.

Source: slides "Training", L = 1/N sum_i max(0, D(a_i, p_i) - D(a_i, n_i) + alpha), with D the squared
distance of L2-normalised features. (The authors' Caffe layer, ``triplet_loss_layer.cpp``, carries a further
factor 1/2, which only rescales the learning rate.)

Worth knowing: features behind a ReLU are non-negative, so D is at most 2. At the original margin of 2.1 the
hinge then never closes and the loss is linear in the two mean distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.errors import InputError


@dataclass(frozen=True)
class TripletStatistics:
    """What to watch while tuning. A collapse shows as both distances near zero.

    Attributes:
        positive_distance: mean squared anchor-positive distance of unit features, 0 to 4.
        negative_distance: mean squared anchor-negative distance, 0 to 4.
        active_share: share of triplets whose hinge is open, 0 to 1.
    """

    positive_distance: float
    negative_distance: float
    active_share: float


def unit_features(embeddings: Tensor) -> Tensor:
    """L2-normalise each embedding; feature maps are flattened first, so positions are compared one by one.

    Args:
        embeddings: (N, D) or (N, C, H, W) float.

    Returns:
        (N, D) of unit length. A zero vector stays zero and its gradient finite, where dividing by a tiny
        constant would let it explode.

    Example:
        >>> unit_features(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    flat = embeddings.flatten(1)
    length = torch.linalg.vector_norm(flat, dim=1, keepdim=True)
    return flat / torch.where(length > 0, length, torch.ones_like(length))


def triplet_distances(embeddings: Tensor, triplets: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances of unit features along a list of triplets.

    Args:
        embeddings: (N, D) or (N, C, H, W) float, one for each node.
        triplets: (M, 3) integer, columns anchor, positive, negative.

    Returns:
        Anchor-positive and anchor-negative distances, each (M,), 0 to 4.

    Raises:
        InputError: the shapes do not fit, or a triplet names a node that is not there.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])  # only directions count
        >>> triplet_distances(embeddings, torch.tensor([[0, 1, 2]]))
        (tensor([0.]), tensor([2.]))
    """
    _check(embeddings, triplets)
    # A look-up, and not features[triplets]: the gradient of that adds the triplets of a node in an order that
    # depends on the threads, and the same seed would no longer give the same numbers. Column by column: what is looked
    # up together is copied once more for its gradient.
    unit, columns = unit_features(embeddings), triplets.long().to(embeddings.device).unbind(1)
    anchor, positive, negative = (F.embedding(column, unit) for column in columns)
    return (anchor - positive).square().sum(1), (anchor - negative).square().sum(1)


def hinge(positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """(M,) max(0, positive - negative + margin): the loss of each triplet.

    Example:
        >>> hinge(torch.tensor([0.5, 0.5]), torch.tensor([0.75, 2.0]), margin=1.0)
        tensor([0.7500, 0.0000])
    """
    return (positive - negative + margin).clamp(min=0)


def triplet_loss(embeddings: Tensor, triplets: Tensor, *, margin: float = 2.1) -> Tensor:
    """Mean hinge over the triplets; zero, with zero gradients, where there are none.

    Args:
        embeddings: (N, D) or (N, C, H, W) float, one for each node. Need not be normalised.
        triplets: (M, 3) integer, columns anchor, positive, negative; M may be 0.
        margin: alpha of the slides; 2.1 in all of the authors' configurations.

    Returns:
        Scalar tensor.

    Raises:
        InputError: the shapes do not fit, or a triplet names a node that is not there.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], requires_grad=True)
        >>> loss = triplet_loss(embeddings, torch.tensor([[0, 1, 2]]), margin=2.5)
        >>> round(loss.item(), 4)
        0.5
        >>> loss.backward()  # into the embeddings, and so into the encoder behind them
    """
    positive, negative = triplet_distances(embeddings, triplets)
    # The sum over the smallest divisor 1 is the mean, and stays a number (not 0/0) without triplets.
    return hinge(positive, negative, margin).sum() / max(len(triplets), 1)


@torch.no_grad()
def triplet_statistics(positive: Tensor, negative: Tensor, *, margin: float = 2.1) -> TripletStatistics:
    """Numbers for the log from the distances of :func:`triplet_distances`; zeros where there are none.

    Example:
        >>> triplet_statistics(torch.tensor([0.5, 0.5]), torch.tensor([0.75, 2.0]), margin=1.0)
        TripletStatistics(positive_distance=0.5, negative_distance=1.375, active_share=0.5)
    """
    if len(positive) == 0:
        return TripletStatistics(0.0, 0.0, 0.0)
    active = hinge(positive, negative, margin) > 0
    return TripletStatistics(
        positive_distance=positive.mean().item(),
        negative_distance=negative.mean().item(),
        active_share=active.float().mean().item(),
    )


def _check(embeddings: Tensor, triplets: Tensor) -> None:
    if embeddings.ndim < 2:
        raise InputError(f"embeddings have shape {tuple(embeddings.shape)}; give (N, D) or (N, C, H, W)")
    if triplets.ndim != 2 or triplets.shape[1] != 3:
        raise InputError(f"triplets have shape {tuple(triplets.shape)}; give (M, 3): anchor, positive, negative")
    if len(triplets) and not 0 <= int(triplets.min()) <= int(triplets.max()) < len(embeddings):
        raise InputError(
            f"triplets name nodes {int(triplets.min())} to {int(triplets.max())}, "
            f"but there are {len(embeddings)} embeddings; build the graph from the same batch"
        )
