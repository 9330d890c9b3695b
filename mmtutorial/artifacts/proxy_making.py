"""Gathers what notebook 01 shows from the trained proxy stages of a finished reproduction; trains nothing."""

from __future__ import annotations

import io
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mmtutorial.artifacts.proxy_tasks import DATASET, ProxyTasks, control_of
from mmtutorial.datasets import SegmentationDataset
from mmtutorial.embedding import knn_purity, tsne
from mmtutorial.errors import InputError
from mmtutorial.experiment import Arm, ExperimentData, Plan, parse_arms
from mmtutorial.experiment.claim import read_claim
from mmtutorial.experiment.data import some
from mmtutorial.experiment.held_out import embed
from mmtutorial.experiment.stages import Stages
from mmtutorial.networks import Encoder
from mmtutorial.patches import PatchBatch
from mmtutorial.proxies import ProxyPicture, ProxyScore, ProxyStage
from mmtutorial.randomness import generator_for
from mmtutorial.reproduction.grid import Scope
from mmtutorial.results.folder import ReproductionFolder
from mmtutorial.settings.machine import Machine
from mmtutorial.tuning import Embedder, draw_patches, patch_side
from mmtutorial.widgets.embedding_frames import colour_bins

NETWORK = "tiny"
TASKS = (
    "colorization",
    "colorful",
    "splitbrain",
    "jigsaw",
    "inpainting",
    "bigan",
    "kmeans",
    "classification",
    "vicreg",
)
IMAGES_SCORED = 200
IMAGES_SHOWN = 6
PATCHES_AN_IMAGE = 3
_DRAWN_AN_IMAGE = 8
_CELLS = 3


@dataclass(frozen=True)
class Patches:
    """Patches with all that purity is measured by.

    Attributes:
        images: ``(P, 3, S, S)`` uint8.
        known: class, colour bin and position, each ``(P,)``.
        groups: ``(P,)`` the image of each.
    """

    images: Tensor
    known: tuple[Tensor, Tensor, Tensor]
    groups: Tensor

    def purity(self, embeddings: Tensor) -> list[float]:
        """KNN purity across images by class, by colour and by position."""
        return [knn_purity(embeddings, labels, self.groups) for labels in self.known]


def add_options(parser: ArgumentParser) -> None:
    """The command's options, those of :func:`save_proxies`."""
    parser.add_argument("--run", required=True, help="folder of a finished `mmtutorial reproduce`")
    parser.add_argument("--seeds", required=True, help="such as 10,11,12; pictures and features are of the first")
    parser.add_argument(
        "--add", help="tasks of a later run, with commas between: add them to the file, keep its others"
    )


def save_proxies(folder: Path, *, run: str, seeds: str, add: str | None = None) -> tuple[Path, ...]:
    """Make and write the file, or add tasks to it; returns its place.

    Raises:
        InputError: as :func:`make_proxies`, or the seeds are no list of numbers.
    """
    try:
        numbers = tuple(int(seed) for seed in seeds.split(","))
    except ValueError:
        raise InputError(f"seeds are '{seeds}'; give whole numbers such as 10,11,12") from None
    path = folder / "proxy-tasks.npz"
    made = make_proxies(Path(run), numbers, add.split(",") if add else TASKS)
    (ProxyTasks.load(path).joined(made) if add else made).save(path)
    return (path,)


def make_proxies(run: Path, seeds: tuple[int, ...], tasks: Sequence[str]) -> ProxyTasks:
    """Score and embed with the proxy stages of a reproduction; under half a minute a seed.

    Everything is measured on ``val``, the images kept for choosing; ``test`` is not touched.

    Args:
        run: folder of the reproduction.
        seeds: of finished stages.
        tasks: names of proxy tasks.

    Raises:
        InputError: the folder is no reproduction, or a stage in it is not finished or was trained otherwise.
    """
    plan = _plan(run, seeds, tasks)
    data = ExperimentData(plan.request, plan.preset)
    stages = Stages(plan, data, ReproductionFolder(run).run(DATASET, NETWORK).path, Machine("cpu"))
    patches, controls = inside_patches(data), tuple(dict.fromkeys(control_of(task) for task in tasks))
    trained = {(arm.name, seed): _stage(stages, arm, seed) for arm in plan.arms for seed in seeds}
    features = {key: _embed(stage.encoder, plan, patches) for key, stage in trained.items()}
    for arm in plan.arms:
        features |= {(control_of(arm.name), s): _embed(stages.first_encoder(arm, s), plan, patches) for s in seeds}
    scores = [[_score(trained[task, seed], data) for seed in seeds] for task in tasks]
    shown = [_show(trained[task, seeds[0]], data.scored) for task in tasks]
    sheets = [_sheet(picture) for picture in shown]
    first = [features[name, seeds[0]] for name in (*tasks, *controls)]
    labels, colours, positions = (known.numpy() for known in patches.known)
    return ProxyTasks(
        names=tuple(tasks),
        controls=controls,
        seeds=np.array(seeds, dtype=np.int64),
        measures=np.array([row[0].measure for row in scores]),
        higher=np.array([row[0].higher_is_better for row in scores]),
        scores=np.array([[score.value for score in row] for row in scores]),
        trivial=np.array([[score.trivial for score in row] for row in scores]),
        purity=np.array([[patches.purity(features[n, s]) for s in seeds] for n in (*tasks, *controls)]),
        labels=labels,
        colour_bins=colours,
        positions=positions,
        groups=patches.groups.numpy(),
        mean_colours=(patches.images.float() / 255).mean(dim=(2, 3)).numpy(),
        features=np.stack([_bytes(embeddings) for embeddings in first]),
        layouts=np.stack([_scaled(tsne(embeddings)) for embeddings in first]),
        sheets=np.concatenate(sheets),
        sheet_sizes=np.array([len(sheet) for sheet in sheets], dtype=np.int64),
        captions=np.array([picture.captions for picture in shown]),
    )


def inside_patches(data: ExperimentData) -> Patches:
    """A few patches of every held-out image, drawn as tuning draws them, and wholly inside it.

    What sticks out is filled with black. A black rim tells where in the image a patch was, to any encoder, so
    position would be measured by the rim.
    """
    budget = replace(data.preset.tuning, patches=_DRAWN_AN_IMAGE)
    images, side = data.scored, patch_side(data.labeled, budget)
    drawn = draw_patches(images, list(range(len(images))), budget, side, generator_for(0, "proxy patches"))
    size = torch.tensor([images.arrays(i)[1].shape[::-1] for i in range(len(images))])[drawn.image_index]
    kept = _few_an_image(drawn, (drawn.boxes >= 0).all(1) & (drawn.boxes[:, 2:] <= size).all(1))
    cut = drawn.images[kept]
    colours = torch.from_numpy(colour_bins(cut.numpy()))
    known = drawn.labels[kept], colours, cells(drawn.boxes[kept], size[kept])
    return Patches(cut, known, drawn.image_index[kept])


def cells(boxes: Tensor, size: Tensor) -> Tensor:
    """(P,) cell 0 to 8, row by row, of a 3 x 3 grid over the image in which the centre of each box lies.

    Args:
        boxes: (P, 4) x0, y0, x1, y1 in pixels.
        size: (P, 2) width and height of the image of each.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    column, row = (centres / size * _CELLS).long().clamp(0, _CELLS - 1).unbind(1)
    return row * _CELLS + column


def _few_an_image(batch: PatchBatch, usable: Tensor) -> Tensor:
    """Indices of a few usable patches of each image; at random, as those of background come last."""
    generator = generator_for(0, "which patches")
    found = [torch.nonzero(usable & (batch.image_index == i)).flatten() for i in batch.image_index.unique()]
    drawn = [indices[torch.randperm(len(indices), generator=generator)[:PATCHES_AN_IMAGE]] for indices in found]
    return torch.cat(drawn).sort().values


def _plan(run: Path, seeds: tuple[int, ...], tasks: Sequence[str]) -> Plan:
    folder = ReproductionFolder(run)
    claim = read_claim(folder)
    if claim is None:
        raise InputError(f"cannot read {folder.request}: there is no such file; give the folder of a reproduction")
    if not {"preset", "settings"} <= set(claim.settings):
        raise InputError(f"{folder.request} is not of a reproduction; give the folder of one")
    changes = tuple((name, text) for name, text in claim.settings["settings"])
    scope = Scope((DATASET,), (NETWORK,), claim.settings["preset"], (), seeds, validate=True, settings=changes)
    plan = scope.plan(DATASET, NETWORK, list(tasks))
    return replace(plan, arms=tuple(parse_arms(",".join(tasks))))


def _stage(stages: Stages, arm: Arm, seed: int) -> ProxyStage:
    """A trained stage. One that is not finished is refused, not trained: the folder is somebody else's."""
    stage = stages.folder.stage(seed, "proxy", arm.name)
    if not (stage.record.exists() and stage.model.exists()):
        raise InputError(f"no finished proxy task in {stage.path}; give seeds that the run has finished")
    return stages.proxy(arm, seed)[0]


def _embed(encoder: Encoder, plan: Plan, patches: Patches) -> Tensor:
    return embed(Embedder(encoder, plan.preset.tuning.pooling), patches.images)


def _score(stage: ProxyStage, data: ExperimentData) -> ProxyScore:
    return stage.score(some(data.scored, IMAGES_SCORED), generator_for(0, "proxy score"))


def _show(stage: ProxyStage, images: SegmentationDataset) -> ProxyPicture:
    return stage.show(some(images, IMAGES_SHOWN), generator_for(0, "proxy pictures"))


def _sheet(picture: ProxyPicture) -> NDArray[np.uint8]:
    """The three rows of square pictures as one JPEG file; full chroma, as colour is what some tasks are about."""
    rows = [torch.cat(list(row), dim=-1) for row in (picture.sees, picture.target, picture.prediction)]
    buffer = io.BytesIO()
    Image.fromarray(torch.cat(rows, dim=-2).permute(1, 2, 0).numpy()).save(buffer, "JPEG", quality=88, subsampling=0)
    return np.frombuffer(buffer.getvalue(), dtype=np.uint8)


def _bytes(embeddings: Tensor) -> NDArray[np.uint8]:
    """Non-negative embeddings, as behind a ReLU, on a scale from 0 to 255."""
    scaled: NDArray[np.uint8] = (embeddings * (255 / embeddings.max())).round().clamp(0, 255).to(torch.uint8).numpy()
    return scaled


def _scaled(layout: NDArray[np.float64]) -> NDArray[np.float16]:
    scaled: NDArray[np.float16] = (layout / np.abs(layout).max()).astype(np.float16)
    return scaled
