from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmtutorial import files
from mmtutorial.errors import InputError
from mmtutorial.files import read_json, read_tensors, tensors_sha256
from mmtutorial.settings.budgets import Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training import engine
from mmtutorial.training.engine import train
from mmtutorial.training.optimisation import learning_rate

ADAMW = Schedule(steps=14, images=4, lr=0.02, warmup=0.2)
SGD = Schedule(14, 4, 0.05, "sgd", 5e-4, warmup=0, decay="step", milestones=(0.5, 0.75))
EPOCH = 3


class Stopped(Exception):
    """Stands for a process that ends: nothing between the step and the end of the program is done."""


class Toy:
    """A stage with everything that has a state: momentum, batch statistics, dropout, a generator's numbers."""

    def __init__(self, schedule: Schedule, *, name: str = "toy", stop_at: int | None = None, **about: Any) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(5)
            self.module: nn.Module = nn.Sequential(
                nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1)
            )
        self.name, self.schedule, self.epoch_steps, self.stop_at = name, schedule, EPOCH, stop_at
        self.about: dict[str, Any] = {"lr": schedule.lr, **about}
        self.scales = (1.0, 1.0)
        self.poison: dict[int, float] = {}
        self.seen: list[int] = []

    def begin(self, generator: torch.Generator) -> None:
        pass

    def parameter_groups(self) -> list[dict[str, Any]]:
        first, last = list(self.module[0].parameters()), list(self.module[1:].parameters())  # type: ignore[index]
        return [{"params": first, "lr_scale": self.scales[0]}, {"params": last, "lr_scale": self.scales[1]}]

    def draw(self, step: int, generator: torch.Generator) -> tuple[int, Tensor]:
        return step, torch.randn((4, 6), generator=generator)

    def loss(
        self, module: nn.Module, batch: tuple[int, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        step, x = batch
        if step == self.stop_at:
            raise Stopped
        assert module.training
        self.seen.append(step)
        loss = (module(x)[:, 0] - x.sum(1)).square().mean()
        return loss * self.poison.get(step, 1.0), {"step_number": float(step)}


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine("cpu")


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "fsync", lambda _: None)


@pytest.fixture
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)


def left(folder: Path) -> tuple[bytes, str]:
    return (folder / "model.safetensors").read_bytes(), (folder / "log.jsonl").read_text()


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def stop(folder: Path, machine: Machine, at: int, schedule: Schedule = ADAMW) -> None:
    with pytest.raises(Stopped):
        train(Toy(schedule, stop_at=at), seed=3, folder=folder, machine=machine)


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("schedule", [ADAMW, SGD], ids=["adamw-cosine", "sgd-step"])
def test_stopping_anywhere_changes_no_bit(tmp_path: Path, machine: Machine, schedule: Schedule) -> None:
    whole = tmp_path / "whole"
    first = Toy(schedule)
    train(first, seed=3, folder=whole, machine=machine)
    for at in (1, 3, 5, 6, 9, 12, 13):
        stop_and_compare(tmp_path / str(at), whole, first, machine, at)


def stop_and_compare(broken: Path, whole: Path, first: Toy, machine: Machine, at: int) -> None:
    schedule = first.schedule
    stop(broken, machine, at, schedule)
    assert (broken / "checkpoint.safetensors").exists() == (at >= EPOCH)
    torch.manual_seed(at)
    second = Toy(schedule)
    result = train(second, seed=3, folder=broken, machine=machine)
    assert left(broken) == left(whole)
    assert second.seen == list(range(at // EPOCH * EPOCH, 14))
    assert result.steps == 14
    for name, tensor in first.module.state_dict().items():
        assert torch.equal(tensor, second.module.state_dict()[name]), name
    assert not (broken / "checkpoint.safetensors").exists()


@pytest.mark.usefixtures("every_epoch")
def test_stopping_again_and_again(tmp_path: Path, machine: Machine) -> None:
    train(Toy(SGD), seed=3, folder=tmp_path / "whole", machine=machine)
    for at in (2, 4, 4, 7, 10, 13):
        stop(tmp_path / "broken", machine, at, SGD)
    train(Toy(SGD), seed=3, folder=tmp_path / "broken", machine=machine)
    assert left(tmp_path / "broken") == left(tmp_path / "whole")


def test_a_log_that_ran_ahead_of_the_checkpoint_is_cut(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path / "whole", machine=machine)
    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    stop(tmp_path / "broken", machine, 4)
    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", math.inf)
    stop(tmp_path / "broken", machine, 13)
    assert [line["step"] for line in lines(tmp_path / "broken")] == [3, 6, 9, 12]
    with (tmp_path / "broken/log.jsonl").open("a") as file:
        file.write('{"epoch": 5, "st')
    train(Toy(ADAMW), seed=3, folder=tmp_path / "broken", machine=machine)
    assert left(tmp_path / "broken") == left(tmp_path / "whole")


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("file", ["model.safetensors", "stage.json"])
def test_a_failure_to_write_the_end(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path / "whole", machine=machine)
    with monkeypatch.context() as patch:
        for name in ("write_tensors", "write_record"):
            write = getattr(engine, name)

            def refusing(path: Path, *rest: Any, write: Any = write) -> None:
                if path.name == file:
                    raise InputError("disk full")
                write(path, *rest)

            patch.setattr(engine, name, refusing)
        with pytest.raises(InputError, match="disk full"):
            train(Toy(ADAMW), seed=3, folder=tmp_path / "broken", machine=machine)
    assert not (tmp_path / "broken" / "stage.json").exists()
    again = Toy(ADAMW)
    train(again, seed=3, folder=tmp_path / "broken", machine=machine)
    assert again.seen == []
    assert left(tmp_path / "broken") == left(tmp_path / "whole")


def test_a_finished_stage_is_not_trained_again(tmp_path: Path, machine: Machine) -> None:
    first, second = Toy(ADAMW), Toy(ADAMW)
    result = train(first, seed=3, folder=tmp_path, machine=machine)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert set(before) == {"model.safetensors", "log.jsonl", "stage.json"}
    assert train(second, seed=3, folder=tmp_path, machine=machine) == result
    assert second.seen == []
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    for name, tensor in first.module.state_dict().items():
        assert torch.equal(tensor, second.module.state_dict()[name])
    record = {"stage": "toy", "steps": 14, "seconds": result.seconds, "weights": result.weights}
    assert record.items() <= read_json(tmp_path / "stage.json").items()
    assert result.weights == tensors_sha256(first.module.state_dict())


def test_seconds_of_all_attempts_are_added(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that advances by one second each time it is read."""
    clock = iter(range(10_000))
    monkeypatch.setattr(engine.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    stop(tmp_path, machine, 10)
    assert read_tensors(tmp_path / "checkpoint.safetensors")[1]["seconds"] == 3
    assert train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine).seconds == 5


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_and_says_where(tmp_path: Path, machine: Machine, value: float) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path / "whole", machine=machine)
    toy = Toy(ADAMW)
    toy.poison[7] = value
    with pytest.raises(InputError) as caught:
        train(toy, seed=3, folder=tmp_path / "broken", machine=machine)
    message = str(caught.value)
    assert f"the loss of toy is {value} at step 8 of 14" in message
    assert str(tmp_path / "broken") in message
    assert "learning rate" in message
    assert "\n" not in message
    assert not (tmp_path / "broken/model.safetensors").exists()
    assert read_tensors(tmp_path / "broken/checkpoint.safetensors")[1]["step"] == 6
    train(Toy(ADAMW), seed=3, folder=tmp_path / "broken", machine=machine)
    assert left(tmp_path / "broken") == left(tmp_path / "whole")


@pytest.mark.usefixtures("every_epoch")
def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path, machine: Machine) -> None:
    stop(tmp_path, machine, 7)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    log = (tmp_path / "log.jsonl").read_text()
    for stage, seed, said in [
        (Toy(ADAMW, lr=0.5), 3, "lr"),
        (Toy(ADAMW, margin=0.5), 3, "margin"),
        (Toy(ADAMW), 4, "seed"),
        (Toy(ADAMW, name="other"), 3, "stage"),
    ]:
        with pytest.raises(InputError) as caught:
            train(stage, seed=seed, folder=tmp_path, machine=machine)
        assert f"checkpoint.safetensors was made with other settings ({said})" in str(caught.value)
        assert "--out" in str(caught.value)
        assert stage.seen == []
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before
    assert (tmp_path / "log.jsonl").read_text() == log


def test_a_finished_stage_of_other_settings_is_refused(tmp_path: Path, machine: Machine) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)
    with pytest.raises(InputError, match=r"model\.safetensors was made with other settings \(seed\)"):
        train(Toy(ADAMW), seed=4, folder=tmp_path, machine=machine)


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("keep", [0, 4, 60, 0.5, -1])
@pytest.mark.parametrize("file", ["checkpoint", "model"])
def test_damaged_weights_are_named_and_deleting_them_helps(
    tmp_path: Path, machine: Machine, file: str, keep: float
) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path / "whole", machine=machine)
    folder = tmp_path / "broken"
    if file == "checkpoint":
        stop(folder, machine, 7)
    else:
        train(Toy(ADAMW), seed=3, folder=folder, machine=machine)
    damaged = folder / f"{file}.safetensors"
    data = damaged.read_bytes()
    damaged.write_bytes(data[: int(keep * len(data)) if 0 < keep < 1 else int(keep)])
    with pytest.raises(InputError) as caught:
        train(Toy(ADAMW), seed=3, folder=folder, machine=machine)
    message = str(caught.value)
    assert message.startswith(f"{damaged} is damaged")
    assert "delete it and run again with --resume" in message
    assert "\n" not in message
    damaged.unlink()
    train(Toy(ADAMW), seed=3, folder=folder, machine=machine)
    assert left(folder) == left(tmp_path / "whole")


def test_two_trainings_are_alike_and_seeds_differ(tmp_path: Path, machine: Machine) -> None:
    torch.manual_seed(0)
    train(Toy(ADAMW), seed=3, folder=tmp_path / "a", machine=machine)
    torch.manual_seed(99)
    train(Toy(ADAMW), seed=3, folder=tmp_path / "b", machine=machine)
    train(Toy(ADAMW), seed=4, folder=tmp_path / "c", machine=machine)
    assert left(tmp_path / "a") == left(tmp_path / "b")
    a, c = (read_tensors(tmp_path / name / "model.safetensors")[0] for name in "ac")
    assert not torch.equal(a["0.weight"], c["0.weight"])


def test_the_global_generator_is_left_as_it_was(tmp_path: Path, machine: Machine) -> None:
    torch.manual_seed(8)
    expected = torch.rand(3)
    torch.manual_seed(8)
    train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("schedule", [ADAMW, SGD], ids=["adamw-cosine", "sgd-step"])
def test_against_a_plain_loop(tmp_path: Path, machine: Machine, schedule: Schedule) -> None:
    """The same numbers as a loop of a dozen lines with torch's own schedulers."""
    toy, plain = Toy(schedule), Toy(schedule)
    toy.module[3].p = plain.module[3].p = 0.0  # type: ignore[index]
    toy.scales = (0.5, 2.0)
    inputs: list[Tensor] = []
    toy_draw = toy.draw

    def recording(step: int, generator: torch.Generator) -> tuple[int, Tensor]:
        inputs.append(toy_draw(step, generator)[1])
        return step, inputs[-1]

    toy.draw = recording  # type: ignore[method-assign]
    train(toy, seed=3, folder=tmp_path, machine=machine)

    layers: Any = plain.module
    groups = [
        {"params": list(layers[0].parameters()), "lr": schedule.lr * 0.5},
        {"params": list(layers[1:].parameters()), "lr": schedule.lr * 2},
    ]
    optimizer: torch.optim.Optimizer
    if schedule.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, momentum=0.9, weight_decay=5e-4)
        rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: 1 if s < 7 else 0.1 if s < 10.5 else 0.01)
    else:
        optimizer = torch.optim.AdamW(groups, weight_decay=0.05)
        # 0.2 of 14 steps is 3 steps of warmup; 11 are left.
        rate = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda s: (s + 1) / 4 if s < 3 else (1 + math.cos(math.pi * (s - 3) / 11)) / 2
        )
    layers.train()
    losses = []
    for x in inputs:
        optimizer.zero_grad()
        loss = (layers(x)[:, 0] - x.sum(1)).square().mean()
        loss.backward()
        optimizer.step()
        rate.step()
        losses.append(loss.item())
    for name, tensor in layers.state_dict().items():
        torch.testing.assert_close(toy.module.state_dict()[name], tensor, rtol=1e-5, atol=1e-6)
    expected = [sum(losses[i : i + 3]) / len(losses[i : i + 3]) for i in range(0, 14, 3)]
    assert [line["loss"] for line in lines(tmp_path)] == pytest.approx(expected, abs=2e-6)


def test_one_line_an_epoch(tmp_path: Path, machine: Machine) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)
    found = lines(tmp_path)
    assert [line["epoch"] for line in found] == [1, 2, 3, 4, 5]
    assert [line["step"] for line in found] == [3, 6, 9, 12, 14]
    assert [line["step_number"] for line in found] == [1, 4, 7, 10, 12.5]
    assert [line["lr"] for line in found] == [round(learning_rate(ADAMW, s), 8) for s in (2, 5, 8, 11, 13)]
    assert all(set(line) == {"epoch", "step", "loss", "step_number", "lr"} for line in found)


def test_a_group_with_a_rate_of_nothing_stands_still(tmp_path: Path, machine: Machine) -> None:
    toy, untouched = Toy(ADAMW), Toy(ADAMW)
    toy.scales = (0.0, 1.0)
    train(toy, seed=3, folder=tmp_path, machine=machine)
    assert torch.equal(toy.module[0].weight, untouched.module[0].weight)  # type: ignore[index,arg-type,union-attr]
    assert not torch.equal(toy.module[4].weight, untouched.module[4].weight)  # type: ignore[index,arg-type,union-attr]


def test_weights_carry_what_made_them(tmp_path: Path, machine: Machine) -> None:
    train(Toy(ADAMW, margin=2.1), seed=3, folder=tmp_path, machine=machine)
    tensors, about = read_tensors(tmp_path / "model.safetensors")
    assert about == {"stage": "toy", "seed": 3, "lr": 0.02, "margin": 2.1}
    assert set(tensors) == set(Toy(ADAMW).module.state_dict())


def test_the_deterministic_kernels_are_for_training_only(tmp_path: Path, machine: Machine) -> None:
    toy = Toy(ADAMW)
    during: list[bool] = []
    loss = toy.loss

    def watching(*given: Any) -> tuple[Tensor, dict[str, float]]:
        during.append(torch.backends.cudnn.deterministic)
        return loss(*given)

    toy.loss = watching  # type: ignore[method-assign]
    before = torch.backends.cudnn.deterministic
    train(toy, seed=3, folder=tmp_path, machine=machine)
    assert all(during)
    assert torch.backends.cudnn.deterministic == before


@pytest.mark.usefixtures("every_epoch")
def test_mixed_precision_trains_and_resumes(tmp_path: Path) -> None:
    machine = Machine("cpu", "bf16-mixed")
    train(Toy(ADAMW), seed=3, folder=tmp_path / "whole", machine=machine)
    stop(tmp_path / "broken", machine, 8)
    train(Toy(ADAMW), seed=3, folder=tmp_path / "broken", machine=machine)
    assert left(tmp_path / "broken") == left(tmp_path / "whole")
    assert all(t.dtype != torch.bfloat16 for t in read_tensors(tmp_path / "broken/model.safetensors")[0].values())
