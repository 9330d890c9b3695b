"""One graph over the patches of all devices: here two processes on the processor, which talk by gloo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from mmtutorial.datasets import open_dataset
from mmtutorial.experiment.plan import Plan, Request
from mmtutorial.networks import TinyEncoder
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import global_seed, seeded
from mmtutorial.settings.budgets import Schedule, TuningBudget
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import get_preset
from mmtutorial.training.devices import make_fabric, on_each_device, own_weights
from mmtutorial.training.engine import train
from mmtutorial.tuning import TuningStage

BUDGET = TuningBudget(Schedule(steps=2, images=4, lr=1e-3, parts=2), patches=4, output_size=16, across_devices=True)


def stage_of(matching: str, loss: str, budget: TuningBudget = BUDGET) -> TuningStage:
    with global_seed(0, "weights"):
        encoder = TinyEncoder(batch_norm=False)
    images = open_dataset("scenes", labeled=8)
    return TuningStage(encoder, images, replace(budget, loss=loss), matching=matching, seed=0)


def patches(count: int = 24) -> PatchBatch:
    """Each is its own mirror image: flips change nothing, however many numbers were drawn for them."""
    half = torch.rand((count, 3, 16, 8), generator=seeded(5))
    labels = torch.randint(3, (count,), generator=seeded(6))
    return PatchBatch(
        torch.cat((half, half.flip(-1)), -1), labels, torch.zeros((count, 4)).long(), torch.arange(count) * 2 // count
    )


def share_of(batch: PatchBatch, rank: int, of: int) -> PatchBatch:
    """The patches of a device, which counts its images from 0."""
    parts = (batch.images, batch.labels, batch.boxes, batch.image_index)
    images, labels, boxes, image_index = (each.chunk(of)[rank] for each in parts)
    return PatchBatch(images, labels, boxes, image_index - image_index.min())


def loss_and_gradient(fabric: Fabric, stage: TuningStage, file: Path) -> None:
    own_weights(stage.module)
    module = fabric.setup(stage.module)
    batch = share_of(patches(), fabric.global_rank, fabric.world_size)
    # As in training, each device has numbers of its own.
    loss, numbers = stage.loss(module, batch, seeded(fabric.global_rank))
    fabric.backward(loss)
    gradient = torch.cat([weights.grad.flatten() for weights in stage.module.parameters() if weights.grad is not None])
    if fabric.is_global_zero:
        torch.save({"loss": loss.detach(), "gradient": gradient, "numbers": numbers}, file)


def found(stage: TuningStage, devices: int, file: Path) -> dict[str, Any]:
    on_each_device(make_fabric(Machine("cpu", devices=devices)), loss_and_gradient, stage, file)
    answer: dict[str, Any] = torch.load(file, weights_only=True)
    return answer


@pytest.mark.parametrize(("matching", "loss"), [("graph", "triplet"), ("within", "triplet"), ("graph", "contrastive")])
def test_two_devices_have_the_loss_and_the_gradient_of_one(matching: str, loss: str, tmp_path: Path) -> None:
    one, two = (found(stage_of(matching, loss), devices, tmp_path / f"{devices}.pt") for devices in (1, 2))
    torch.testing.assert_close(two["loss"], one["loss"], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(two["gradient"], one["gradient"], rtol=1e-5, atol=1e-5)
    assert float(one["gradient"].abs().max()) > 1e-3  # far above what is tolerated
    assert two["numbers"] == pytest.approx(one["numbers"], rel=1e-5)


def test_by_itself_each_device_has_a_graph_of_its_own(tmp_path: Path) -> None:
    alone = stage_of("graph", "triplet", replace(BUDGET, across_devices=False))
    two, one = found(alone, 2, tmp_path / "two.pt"), found(stage_of("graph", "triplet"), 1, tmp_path / "one.pt")
    assert two["numbers"]["triplets"] == one["numbers"]["triplets"] / 2
    assert not torch.allclose(two["gradient"], one["gradient"], rtol=1e-2)


def test_training_goes_through(tmp_path: Path) -> None:
    train(stage_of("graph", "triplet"), seed=0, folder=tmp_path, machine=Machine("cpu", devices=2))
    log = (tmp_path / "log.jsonl").read_text()
    assert '"triplets"' in log


def test_a_checkpoint_of_an_earlier_version_is_still_its_own() -> None:
    asked = stage_of("graph", "triplet").about["budget"]
    assert asked["across_devices"] is True
    assert "across_devices" not in stage_of("graph", "triplet", replace(BUDGET, across_devices=False)).about["budget"]


def test_the_settings_of_a_run_of_an_earlier_version_are_still_its_own() -> None:
    asked, silent = (
        Plan(Request(), override(get_preset("smoke"), {"tuning.across_devices": value}), (), (0,)).settings()
        for value in ("true", "false")
    )
    assert asked["preset"]["tuning"]["across_devices"] is True
    assert "across_devices" not in silent["preset"]["tuning"]
