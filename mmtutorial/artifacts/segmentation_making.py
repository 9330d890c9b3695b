"""Gathers what notebook 06 shows from the weights of a finished reproduction; trains nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmtutorial.artifacts.segmentation_results import DATASET, SPLIT, SegmentationResults
from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors
from mmtutorial.metrics import mean_iou
from mmtutorial.networks import FCN
from mmtutorial.prediction import load_network
from mmtutorial.results.folder import ReproductionFolder, StageFolder
from mmtutorial.results.reading import read_reproduction
from mmtutorial.results.reproduction import Reproduction
from mmtutorial.segmentation import predict

NETWORK = "tiny"
ARMS = ("random", "random+more", "random+triplets", "random+equal-triplets", "random+graph")
SCORED = ("classification", "random+more", "random+graph")
"""For ensembles: image-level labels with M&M, as on the slides, and either of them with the fair control."""
TUNED = "random+graph"
IMAGES_SCORED = 80
_AGREES = 0.005
"""Points of mIoU: another machine rounds otherwise and calls a pixel or two otherwise."""


def add_options(parser: ArgumentParser) -> None:
    """The command's options, those of :func:`make_segmentation`."""
    parser.add_argument("--run", required=True, help="folder of a finished `mmtutorial reproduce`")
    parser.add_argument("--seed", type=int, default=10)


def save_segmentation(folder: Path, *, run: str, seed: int) -> tuple[Path, ...]:
    """Make and write the file; returns its place."""
    path = folder / "segmentation-results.npz"
    make_segmentation(Path(run), seed).save(path)
    return (path,)


def make_segmentation(run: Path, seed: int) -> SegmentationResults:
    """Predict the test images with the networks of a reproduction; a few seconds an arm.

    Args:
        run: its folder.
        seed: whose networks.

    Returns:
        Predictions with the mIoU that ``reproduction.json`` of the run has.

    Raises:
        InputError: weights are missing, or predict with another mIoU than the run recorded.
    """
    reproduction, trained = read_reproduction(run), ReproductionFolder(run).run(DATASET, NETWORK)
    images, truths = zip(*open_dataset(DATASET, split=SPLIT), strict=True)
    networks = {arm: _network(trained.stage(seed, "segmentation", arm)) for arm in {*ARMS, *SCORED}}
    made = SegmentationResults(
        names=ARMS,
        seed=seed,
        truths=np.stack([truth.numpy() for truth in truths]),
        predictions=np.stack([torch.stack(predict(networks[arm], images)).numpy() for arm in ARMS]),
        scored=SCORED,
        small_scores=np.stack([_scores(networks[arm], images[:IMAGES_SCORED]) for arm in SCORED]),
        weights=_encoder_weights(trained.stage(seed, "tuning", TUNED)),
    )
    for arm in ARMS:
        _require_agreement(made, reproduction, arm)
    return made


def _network(stage: StageFolder) -> FCN:
    network, _ = load_network(stage.model)
    if not isinstance(network, FCN):
        raise InputError(f"{stage.model} has no FCN head; give a reproduction that was run with the network {NETWORK}")
    return network


@torch.no_grad()
def _scores(network: FCN, images: tuple[Tensor, ...]) -> NDArray[np.float16]:
    """(S, K, h, w) scores before they are enlarged."""
    batch = torch.stack([image.as_subclass(Tensor) for image in images])
    return network.head(network.encoder(batch)).half().numpy()  # type: ignore[no-any-return]


def _encoder_weights(stage: StageFolder) -> dict[str, NDArray[np.float16]]:
    tensors, _ = read_tensors(stage.model)
    return {name.removeprefix("encoder."): tensor.half().numpy() for name, tensor in tensors.items()}


def _require_agreement(made: SegmentationResults, reproduction: Reproduction, arm: str) -> None:
    row, found = reproduction.row(DATASET, NETWORK, arm), 100 * mean_iou(made.confusion(arm))
    recorded = row.by_seed.get(made.seed) if row else None
    if recorded is None or abs(found - recorded) > _AGREES:
        raise InputError(
            f"{arm} with seed {made.seed} predicts with mIoU {found:.4f}, the run's reproduction.json has "
            f"{'none' if recorded is None else f'{recorded:.4f}'}; give the folder that the weights were trained in"
        )
