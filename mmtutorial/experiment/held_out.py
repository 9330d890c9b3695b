"""Patches of images that no stage trained on: what purity and the embedding pictures are measured on."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor, nn

from mmtutorial.datasets import VOID
from mmtutorial.experiment.data import ExperimentData, some
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import generator_for
from mmtutorial.tuning import draw_patches, patch_side

_PATCHES_AN_IMAGE = 4


@lru_cache(maxsize=1)
def held_out_patches(data: ExperimentData) -> PatchBatch:
    """The same patches, four an image, for all arms and seeds."""
    labelled = [i for i in range(len(data.scored)) if bool((data.scored.arrays(i)[1] != VOID).any())]
    images = some(data.scored.subset(labelled), data.preset.embedded)
    budget = replace(data.preset.tuning, patches=_PATCHES_AN_IMAGE)
    side = patch_side(data.labeled, budget)
    return draw_patches(images, list(range(len(images))), budget, side, generator_for(0, "held-out patches"))


@torch.no_grad()
def embed(embedder: nn.Module, patches: Tensor) -> Tensor:
    """(P, D) embeddings, on the CPU, of patches (P, 3, S, S)."""
    embedder.eval()
    device = next(embedder.parameters()).device
    return torch.cat([embedder(part.to(device)).cpu() for part in patches.split(256)])
