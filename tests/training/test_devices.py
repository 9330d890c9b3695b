"""Several devices do what one does. Here they are processes on the processor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors
from mmtutorial.randomness import global_seed
from mmtutorial.settings.budgets import Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.devices import make_fabric
from mmtutorial.training.engine import train
from mmtutorial.training.optimisation import learning_rate


def read_log(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Sums(nn.Module):
    """A small network without state but its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.layers(x)
        return answer


class Toy:
    """Learn the sum of six numbers."""

    name, epoch_steps = "toy", 2

    def __init__(self, parts: int, steps: int = 6, poisoned: int | None = None) -> None:
        self.schedule = Schedule(steps=steps, images=4, lr=0.01, parts=parts)
        self.poisoned = poisoned
        self.about: dict[str, Any] = {"parts": parts}
        with global_seed(0, "weights"):
            self.module: nn.Module = Sums()

    def begin(self, generator: torch.Generator) -> None:
        """Nothing."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.module.parameters())}]

    def draw(self, number: int, generator: torch.Generator) -> tuple[int, Tensor]:
        return number, torch.randn((4, 6), generator=generator)

    def loss(
        self, module: nn.Module, batch: tuple[int, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        number, x = batch
        loss = (module(x)[:, 0] - x.sum(1)).square().mean()
        return loss * (float("nan") if number == self.poisoned else 1.0), {"number": float(number)}


def test_batches_of_a_step_are_averaged(tmp_path: Path) -> None:
    """Against a plain loop over one large batch."""
    toy, plain = Toy(parts=3), Toy(parts=1)
    inputs: list[Tensor] = []
    drawn = toy.draw

    def recording(number: int, generator: torch.Generator) -> tuple[int, Tensor]:
        batch = drawn(number, generator)
        inputs.append(batch[1])
        return batch

    toy.draw = recording  # type: ignore[method-assign]
    train(toy, seed=0, folder=tmp_path, machine=Machine("cpu"))
    assert len(inputs) == 18
    log = read_log(tmp_path / "log.jsonl")
    assert [line["number"] for line in log] == [2.5, 8.5, 14.5]
    optimizer = torch.optim.AdamW(plain.module.parameters(), lr=0.01, weight_decay=0.05)
    for step in range(6):
        x = torch.cat(inputs[3 * step : 3 * step + 3])
        optimizer.param_groups[0]["lr"] = learning_rate(toy.schedule, step)
        optimizer.zero_grad()
        (plain.module(x)[:, 0] - x.sum(1)).square().mean().backward()
        optimizer.step()
    for name, tensor in plain.module.state_dict().items():
        torch.testing.assert_close(toy.module.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)


def test_two_devices_do_what_one_does_and_go_on_where_one_was_stopped(tmp_path: Path) -> None:
    one = Toy(parts=2)
    train(one, seed=3, folder=tmp_path / "one", machine=Machine("cpu"))
    two = Toy(parts=2)
    train(two, seed=3, folder=tmp_path / "two", machine=Machine("cpu", devices=2))
    for name, tensor in one.module.state_dict().items():
        torch.testing.assert_close(two.module.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("one", "two")]
    for line, other in zip(*logs, strict=True):
        assert line == pytest.approx(other, rel=1e-4)
    stored, _ = read_tensors(tmp_path / "two" / "model.safetensors")
    assert all(torch.equal(stored[name], tensor) for name, tensor in two.module.state_dict().items())
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == sorted(
        path.name for path in (tmp_path / "one").iterdir()
    )


def test_an_error_on_another_device_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the loss of toy is nan at step 2 of 6") as caught:
        train(Toy(parts=2, poisoned=3), seed=0, folder=tmp_path, machine=Machine("cpu", devices=2))
    assert "\n" not in str(caught.value)


def test_devices_that_cannot_share_a_step_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 devices cannot share the 3 batches of a step of toy.*schedule\.parts"):
        train(Toy(parts=3), seed=0, folder=tmp_path, machine=Machine("cpu", devices=2))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("accelerator", "precision"), [("gpus", "32-true"), ("cpu", "8"), ("tpu", "32-true"), ("cpu", "")]
)
def test_devices_and_precisions_that_are_not_there(accelerator: str, precision: str) -> None:
    with pytest.raises(InputError) as caught:
        make_fabric(Machine(accelerator, precision))
    assert f"cannot use accelerator '{accelerator}' with precision '{precision}'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_no_gpu() -> None:
    with pytest.raises(InputError, match="cannot use accelerator 'cuda'"):
        make_fabric(Machine("cuda"))
