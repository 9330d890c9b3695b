"""The same batches, whoever draws them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mmtutorial.datasets import SegmentationDataset, open_dataset
from mmtutorial.errors import InputError
from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.randomness import global_seed
from mmtutorial.segmentation import SegmentationStage
from mmtutorial.settings.budgets import Schedule, SegmentationBudget, TuningBudget
from mmtutorial.settings.machine import Machine
from mmtutorial.training.drawing_ahead import batches
from mmtutorial.training.engine import train
from mmtutorial.tuning import TuningStage
from tests.own_images import write_camvid


def numbers(step: int, generator: torch.Generator) -> Tensor:
    return torch.rand(3, generator=generator) + step


def drawn(loaders: int, steps: range = range(2, 9)) -> list[list[float]]:
    """Each batch, and the next number of its generator."""
    found = batches(numbers, steps, seed=1, name="toy", loaders=loaders)
    return [[*batch.tolist(), float(torch.rand((), generator=generator))] for batch, generator in found]


@pytest.mark.parametrize("loaders", [1, 2])
def test_batches_and_generators_are_those_of_one_process(loaders: int) -> None:
    assert drawn(loaders) == drawn(0)


def test_a_later_start_sees_the_same_steps() -> None:
    assert drawn(0, range(5, 9)) == drawn(0)[3:] == drawn(2, range(5, 9))


def test_no_steps_no_batches() -> None:
    assert drawn(0, range(3, 3)) == drawn(1, range(3, 3)) == []


@pytest.mark.parametrize("loaders", [0, 2])
def test_the_global_generator_is_left_alone(loaders: int) -> None:
    before = torch.get_rng_state()
    drawn(loaders)
    assert torch.equal(torch.get_rng_state(), before)


def own_process(step: int, generator: torch.Generator) -> int:
    return os.getpid()


def test_other_processes_do_the_work() -> None:
    processes = {batch for batch, _ in batches(own_process, range(8), seed=0, name="toy", loaders=2)}
    assert len(processes) == 2
    assert os.getpid() not in processes


@dataclass(frozen=True)
class Held:
    """How many bytes the images take in the process that draws."""

    images: SegmentationDataset

    def __call__(self, step: int, generator: torch.Generator) -> tuple[int, int]:
        self.images[step]
        return self.images._store.used, int(self.images[step][0].sum())


def test_a_process_that_draws_ahead_keeps_no_images_of_its_own(dataset_of: Callable[..., SegmentationDataset]) -> None:
    images = dataset_of([np.zeros((8, 8), np.uint8)] * 6)
    _ = images[0], images[1]
    held = images._store.used
    assert held == 2 * 4 * 64
    found = [batch for batch, _ in batches(Held(images), range(6), seed=0, name="toy", loaders=1)]
    assert {used for used, _ in found} == {held}
    assert [total for _, total in found] == [int(images[i][0].sum()) for i in range(6)]


def test_a_broken_file_is_named_on_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_camvid(tmp_path)
    monkeypatch.setattr("mmtutorial.datasets.store.MEMORY_BUDGET", 0)
    images = open_dataset("camvid", tmp_path)
    for photo in (tmp_path / "train").iterdir():
        photo.write_bytes(b"no picture")
    with pytest.raises(InputError) as caught:
        list(batches(Held(images), range(2), seed=0, name="toy", loaders=1))
    assert "\n" not in str(caught.value)
    assert "cannot read image" in str(caught.value)


def weights(folder: Path, images: SegmentationDataset, kind: str, loaders: int) -> bytes:
    """The file of weights after a few steps of a stage."""
    schedule = Schedule(steps=5, images=3, lr=1e-3)
    with global_seed(0, "weights"):
        network = FCN(TinyEncoder(), len(images.classes))
    stage: SegmentationStage | TuningStage
    if kind == "segmentation":
        stage = SegmentationStage(network, images, SegmentationBudget(schedule, crop=24), seed=3)
    else:
        budget = TuningBudget(schedule, patches=4, output_size=16)
        stage = TuningStage(network.encoder, images, budget, seed=3)
    train(stage, seed=3, folder=folder, machine=Machine("cpu", loaders=loaders))
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("kind", ["segmentation", "tuning"])
def test_trained_from_disk_with_any_number_of_processes_the_weights_are_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_camvid(tmp_path)
    in_memory = weights(tmp_path / "memory", open_dataset("camvid", tmp_path), kind, 0)
    monkeypatch.setattr("mmtutorial.datasets.store.MEMORY_BUDGET", 0)
    from_disk = open_dataset("camvid", tmp_path)
    assert from_disk.full
    for loaders in (0, 1, 2):
        assert weights(tmp_path / str(loaders), from_disk, kind, loaders) == in_memory
