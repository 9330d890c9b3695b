"""Challenge of notebook 03: choose triplets so that a step goes where all triplets together would go."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from mmtutorial.classroom.challenges.task import Challenge, answered
from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.networks import TinyEncoder
from mmtutorial.patches import sample_patches
from mmtutorial.randomness import seeded
from mmtutorial.triplet import unit_features

NAME = "03.steady_step"
_BATCHES, _DRAWS, _MARGIN = 10, 8, 0.3


@cache
def _batches() -> list[tuple[Tensor, Tensor, Tensor]]:
    """Batches of 80 patches: embeddings, labels, and the direction of all triplets, each anchor with an equal say."""
    torch.manual_seed(0)
    encoder, kept, made = TinyEncoder(), open_dataset("scenes", split="val"), []
    for batch in range(_BATCHES):
        images, masks = zip(*(kept[16 * batch + i] for i in range(16)), strict=True)
        patches = sample_patches(
            images, masks, per_image=5, side=(24, 48), output_size=32, generator=seeded(100 + batch)
        )
        with torch.no_grad():
            found = encoder(patches.images).amax(dim=(2, 3))
        embeddings = found - found.mean(dim=0)  # Behind a ReLU all cosines of an untrained network are near 1.
        same = patches.labels[:, None] == patches.labels
        pairs = same & ~torch.eye(len(same), dtype=torch.bool)
        every = torch.nonzero(pairs[:, :, None] & ~same[:, None, :])
        made.append((embeddings, patches.labels, _direction(embeddings, every)))
    return made


def _direction(embeddings: Tensor, triplets: Tensor) -> Tensor:
    """Gradient of the loss with respect to the embeddings, the mean taken for each anchor first."""
    leaf = embeddings.clone().requires_grad_()
    unit = unit_features(leaf)
    cosines = unit @ unit.T
    anchor, positive, negative = triplets.T
    losses = (2 * cosines[anchor, negative] - 2 * cosines[anchor, positive] + _MARGIN).clamp(min=0)
    weights = 1 / anchor.bincount(minlength=len(leaf))[anchor]
    return torch.autograd.grad((losses * weights).sum(), leaf)[0].flatten()


def by_graph(labels: Tensor, generator: torch.Generator) -> Tensor:
    """The package's own answer: the class-wise connected graph, ``(N, 3)``."""
    return connected_graph(labels, generator=generator).triplets


def _checked(answer: object, labels: Tensor) -> Tensor:
    """The triplets that somebody handed in.

    Raises:
        InputError: they are no triplets of these labels, or too many.
    """
    wanted = f"{NAME} asks for a tensor (M, 3) of whole numbers with 1 to {len(labels)} rows"
    if not isinstance(answer, Tensor) or answer.ndim != 2 or answer.shape[1] != 3 or answer.is_floating_point():
        raise InputError(f"{wanted}, got {getattr(answer, 'shape', type(answer).__name__)}")
    if not 1 <= len(answer) <= len(labels):
        raise InputError(f"{wanted}, got {len(answer)} rows")
    if answer.min() < 0 or answer.max() >= len(labels):
        raise InputError(
            f"{NAME}: nodes are numbered 0 to {len(labels) - 1}, got {int(answer.min())} to {int(answer.max())}"
        )
    anchor, positive, negative = answer.long().T
    if (labels[anchor] != labels[positive]).any() or (labels[anchor] == labels[negative]).any():
        raise InputError(f"{NAME}: a positive has its anchor's class and a negative another; one of your rows has not")
    return answer.long()


def _score(choose: object) -> float:
    agreement = []
    for batch, (embeddings, labels, target) in enumerate(_batches()):
        for draw in range(_DRAWS):
            triplets = _checked(answered(NAME, choose, labels.clone(), seeded(1000 * batch + draw)), labels)
            agreement.append(torch.cosine_similarity(_direction(embeddings, triplets), target, dim=0))
    return float(torch.stack(agreement).mean())


CHALLENGE = Challenge(
    NAME,
    "Hand in choose(labels, generator): at most as many triplets as there are patches. Scored by the mean cosine of "
    "your step with the step of all triplets, on patches of images that no notebook shows.",
    "cosine",
    by_graph,
    _score,
)
