"""Tuning, watched: what held-out patches look like to the encoder every few steps, for the method and its controls."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmtutorial.artifacts.arms import TuningArms
from mmtutorial.embedding import knn_purity
from mmtutorial.experiment.data import ExperimentData, Request
from mmtutorial.experiment.held_out import embed, held_out_patches
from mmtutorial.networks import NetworkSpec, make_encoder
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import generator_for, global_seed
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.presets import get_preset
from mmtutorial.training.engine import train
from mmtutorial.triplet import unit_features
from mmtutorial.tuning import TuningStage, draw_patches, patch_side
from mmtutorial.widgets.embedding_frames import EmbeddingFrames, embedding_frames

ARMS: Mapping[str, dict[str, Any]] = {
    "graph": {"matching": "graph"},
    "triplets": {"matching": "triplets"},
    "equal-triplets": {"matching": "equal-triplets"},
    "shuffled": {"matching": "graph", "shuffled": True},
}
"""The method, disjoint random triplets, as many random triplets as the graph has, labels that mean nothing."""


@dataclass
class _Watched:
    """A tuning stage that embeds patches before some of its steps. It draws no random number and changes no weight."""

    stage: TuningStage
    watched: tuple[Tensor, Tensor]
    every: int
    seen: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stage, name)

    def draw(self, step: int, generator: torch.Generator) -> PatchBatch:
        if step % self.every == 0:
            self.look(step)
        return self.stage.draw(step, generator)

    def look(self, step: int) -> None:
        first, second = (embed(self.stage.module, patches) for patches in self.watched)
        self.seen[step] = first, second
        self.stage.module.train()


def make_tuning(
    *, steps: int | None = None, every: int = 50, seed: int = 0, labeled: int = 100
) -> tuple[EmbeddingFrames, TuningArms]:
    """Tune with each of :data:`ARMS` and watch; half a minute an arm on an idle processor core.

    Everything is as in preset ``class`` on scenes. The patches come from ``val``, the images kept for choosing, and
    from the labelled images; ``test`` is not touched.

    Args:
        steps: of tuning; None for the preset's.
        every: steps between two looks.
        seed: of weights and batches.
        labeled: labelled images.

    Returns:
        Layouts of the held-out patches along tuning with the graph; numbers and final embeddings of all arms.
    """
    data = ExperimentData(Request("scenes", labeled=labeled, validate=True), get_preset("class"))
    held_out, seen = held_out_patches(data), _patches_tuned_on(data)
    along = {name: _watch(data, arm, (held_out, seen), steps, every, seed) for name, arm in ARMS.items()}
    frames = embedding_frames(
        {step: pair[0] for step, pair in along["graph"].items()}, held_out, data.classes, perplexities=(5.0, 30.0)
    )
    return frames, _arms(along, held_out, seen)


def add_options(parser: ArgumentParser) -> None:
    """The command's options, those of :func:`make_tuning`."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=None, help="tuning steps; default: those of preset class")
    parser.add_argument("--every", type=int, default=50, help="steps between two looks")


def save_tuning(folder: Path, **settings: Any) -> tuple[Path, ...]:
    """Make and write both files; returns their places."""
    frames, arms = make_tuning(**settings)
    places = folder / "tuning-frames.npz", folder / "tuning-arms.npz"
    frames.save(places[0])
    arms.save(places[1])
    return places


def _patches_tuned_on(data: ExperimentData) -> PatchBatch:
    """As many patches an image as of the held-out ones, of the images that are tuned on."""
    budget = replace(data.preset.tuning, patches=4)
    indices = list(range(len(data.labeled)))
    side = patch_side(data.labeled, budget)
    return draw_patches(data.labeled, indices, budget, side, generator_for(0, "patches tuned on"))


def _watch(
    data: ExperimentData,
    arm: dict[str, Any],
    batches: tuple[PatchBatch, PatchBatch],
    steps: int | None,
    every: int,
    seed: int,
) -> dict[int, tuple[Tensor, Tensor]]:
    """Embeddings of both batches for each number of steps taken."""
    budget = data.preset.tuning
    budget = replace(budget, schedule=replace(budget.schedule, steps=steps or budget.schedule.steps))
    with global_seed(seed, "encoder", "rgb"):
        encoder = make_encoder(NetworkSpec(batch_norm=data.preset.batch_norm))
    stage = _Watched(
        TuningStage(encoder, data.labeled, budget, seed=seed, **arm), (batches[0].images, batches[1].images), every
    )
    with TemporaryDirectory() as folder:
        train(stage, seed=seed, folder=Path(folder), machine=Machine("cpu"))
    stage.look(budget.schedule.steps)
    return stage.seen


def _arms(along: dict[str, dict[int, tuple[Tensor, Tensor]]], held_out: PatchBatch, seen: PatchBatch) -> TuningArms:
    batches = (held_out, seen)
    steps = sorted(along["graph"])

    def purity(which: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        batch = batches[which]
        rows = [[knn_purity(a[s][which], batch.labels, batch.image_index) for s in steps] for a in along.values()]
        return np.array(rows)

    def final(which: int) -> np.ndarray[Any, np.dtype[np.float16]]:
        kept = [along["graph"][steps[0]], *(arm[steps[-1]] for arm in along.values())]
        return np.stack([unit_features(pair[which]).numpy().astype(np.float16) for pair in kept])

    return TuningArms(
        names=tuple(along),
        steps=np.array(steps, dtype=np.int64),
        purity=purity(0),
        purity_seen=purity(1),
        final=final(0),
        final_seen=final(1),
        labels=held_out.labels.numpy(),
        groups=held_out.image_index.numpy(),
        labels_seen=seen.labels.numpy(),
        groups_seen=seen.image_index.numpy(),
    )
