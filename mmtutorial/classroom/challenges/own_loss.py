"""Challenge of notebook 09: a loss of your own, in place of the triplets."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from mmtutorial.classroom.challenges.task import Challenge, answered
from mmtutorial.classroom.setting import preset_name
from mmtutorial.datasets import open_dataset
from mmtutorial.embedding import knn_purity
from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.networks import TinyEncoder
from mmtutorial.patches import PatchBatch, sample_patches
from mmtutorial.randomness import seeded
from mmtutorial.triplet import triplet_loss

NAME = "09.own_loss"
_STEPS, _SEEDS = 60, (0, 1)


def by_triplets(embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """The package's own answer: the triplet loss over the connected graph."""
    return triplet_loss(embeddings, connected_graph(labels, generator=generator).triplets, margin=0.3)


@cache
def _held_out() -> PatchBatch:
    kept = open_dataset("scenes", split="val")
    images, masks = zip(*(kept[i] for i in range(100)), strict=True)
    return sample_patches(images, masks, per_image=4, side=(24, 48), output_size=32, generator=seeded(17))


def _purity(loss: object, seed: int) -> float:
    labelled, held_out = open_dataset("scenes", labeled=100), _held_out()
    torch.manual_seed(seed)
    encoder, generator, order = TinyEncoder(), seeded(100 + seed), seeded(200 + seed)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-3)
    for _ in range(2 if preset_name() == "smoke" else _STEPS):
        chosen = torch.randperm(len(labelled), generator=generator)[:16].tolist()
        images, masks = zip(*(labelled[i] for i in chosen), strict=True)
        batch = sample_patches(images, masks, per_image=5, side=(24, 48), output_size=32, generator=generator)
        value = answered(NAME, loss, encoder(batch.images).amax(dim=(2, 3)), batch.labels, order)
        _require_loss(value)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    encoder.eval()
    with torch.no_grad():
        return knn_purity(encoder(held_out.images).amax(dim=(2, 3)), held_out.labels, held_out.image_index)


def _require_loss(value: Any) -> None:
    """Refuse what no network can learn from.

    Raises:
        InputError: it is not one finite number with a gradient.
    """
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise InputError(
            f"{NAME} asks for a tensor with one number and a gradient, got {got}; .item() cuts the gradient"
        )
    if not torch.isfinite(value).all():
        raise InputError(f"{NAME}: your loss is {value.item()}; look for a logarithm of 0 or a division by 0")


def _score(loss: object) -> float:
    return 100 * sum(_purity(loss, seed) for seed in _SEEDS) / len(_SEEDS)


CHALLENGE = Challenge(
    NAME,
    "Hand in loss(embeddings, labels, generator), a number with a gradient. Scored by the kNN purity of held-out "
    f"patches after {_STEPS} steps, the mean of two seeds. It takes about half a minute.",
    "% purity",
    by_triplets,
    _score,
)
