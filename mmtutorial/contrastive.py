"""Supervised contrastive loss: what Mix-and-Match became.

Where a triplet compares an anchor with one positive and one negative, this loss compares it with every other
patch of the batch at once: a softmax over all of them, in which those of its class shall win. Nothing is
left to draw, so it needs no graph.

Source: Khosla et al., "Supervised Contrastive Learning", 2020, equation 2 (the outer sum over positives).
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.triplet import unit_features


def supervised_contrastive_loss(embeddings: Tensor, labels: Tensor, *, temperature: float = 0.1) -> Tensor:
    """Mean over the anchors of - mean over their positives of log softmax of the similarities.

    Args:
        embeddings: (N, D) or (N, C, H, W) float. Need not be normalised.
        labels: (N,) integer, class of each node.
        temperature: divides the cosine similarities, above 0; small ones weigh the nearest most.

    Returns:
        Scalar tensor; zero, with zero gradients, where no class has two nodes or where there is one class.

    Raises:
        InputError: the shapes do not fit, or the temperature is not above 0.

    Example:
        >>> near = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        >>> together = supervised_contrastive_loss(near, torch.tensor([0, 0, 1, 1]))
        >>> apart = supervised_contrastive_loss(near, torch.tensor([0, 1, 0, 1]))
        >>> bool(together < 0.01 < apart)
        True
    """
    if labels.shape != (len(embeddings),):
        raise InputError(f"labels have shape {tuple(labels.shape)}; give one for each of {len(embeddings)} embeddings")
    if temperature <= 0:
        raise InputError(f"temperature is {temperature}; give a number above 0, such as 0.1")
    features, labels = unit_features(embeddings), labels.to(embeddings.device)
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    scores = (features @ features.T / temperature).masked_fill(itself, -torch.inf)
    positive = (labels[:, None] == labels) & ~itself
    # Anchors alone in their class have nothing to pull, and without a second class nothing is told apart.
    anchors = positive.any(dim=1) & (labels != labels[:1]).any()
    if not bool(anchors.any()):
        return features.sum() * 0
    log_share = (scores - scores.logsumexp(dim=1, keepdim=True)).masked_fill(itself, 0)
    of_positives = (log_share * positive).sum(dim=1)[anchors] / positive.sum(dim=1)[anchors]
    return -of_positives.mean()
