"""Checkpoints and models that another hand wrote, or that do not belong together: one line that names the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors, write_tensors
from mmtutorial.settings.machine import Machine
from mmtutorial.training import engine
from mmtutorial.training.engine import train
from tests.training.test_engine import ADAMW, Stopped, Toy

Spoil = Callable[[dict[str, Tensor], dict[str, Any]], None]


def without(start: str) -> Spoil:
    def spoil(tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
        for name in [name for name in tensors if name.startswith(start)]:
            del tensors[name]

    return spoil


def setting(name: str, value: Tensor) -> Spoil:
    return lambda tensors, about: tensors.update({name: value})


def saying(**entries: Any) -> Spoil:
    return lambda tensors, about: about.update(entries)


NAN = torch.full((4,), torch.nan)
SPOILT: dict[str, Spoil] = {
    "a tensor of the model is missing": without("model.0.weight"),
    "a tensor too many": setting("model.9.weight", torch.zeros(2)),
    "neither model nor optimiser": setting("other", torch.zeros(2)),
    "another shape": setting("model.0.weight", torch.zeros(1, 1)),
    "another type": setting("model.0.weight", torch.zeros(4, 4, dtype=torch.float64)),
    "weights that are no numbers": setting("model.0.bias", NAN),
    "a parameter that is not there": setting("optimizer.99.exp_avg", torch.zeros(2)),
    "no number of a parameter": setting("optimizer.x.exp_avg", torch.zeros(2)),
    "memory of another shape": setting("optimizer.0.exp_avg", torch.zeros(7)),
    "memory that is no number": setting("optimizer.0.step", torch.tensor(torch.inf)),
    "memory of another optimiser": setting("optimizer.0.momentum_buffer", torch.zeros(4, 4)),
    "half of the memory": without("optimizer.0.exp_avg_sq"),
    "no memory at all": without("optimizer."),
    "no step": saying(step=None),
    "a step in words": saying(step="six"),
    "seconds in words": saying(seconds="many"),
}


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine("cpu")


@pytest.fixture
def begun(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stage that was stopped after some epochs."""
    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    with pytest.raises(Stopped):
        train(Toy(ADAMW, stop_at=7), seed=3, folder=tmp_path, machine=machine)
    return tmp_path


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "as of an earlier version"])
@pytest.mark.parametrize("name", SPOILT)
def test_a_hostile_checkpoint(begun: Path, machine: Machine, name: str, sealed: bool) -> None:
    path = begun / "checkpoint.safetensors"
    tensors, about = read_tensors(path)
    SPOILT[name](tensors, about)
    if sealed:
        write_tensors(path, tensors, about)
    else:
        save_file(tensors, path, metadata={"about": json.dumps(about)})
    before = path.read_bytes()
    stage = Toy(ADAMW)
    with pytest.raises(InputError) as caught:
        train(stage, seed=3, folder=begun, machine=machine)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert stage.seen == []
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\n", b'{"step": NaN}\n', b'[]\n{"step": 6}\n', b'{"step": "6"}\n'])
def test_a_log_that_lacks_what_the_checkpoint_had_logged(begun: Path, machine: Machine, damage: bytes) -> None:
    log = begun / "log.jsonl"
    log.write_bytes(damage)
    with pytest.raises(InputError, match=r"log\.jsonl lacks what checkpoint\.safetensors .* up to step 6"):
        train(Toy(ADAMW), seed=3, folder=begun, machine=machine)
    (begun / "checkpoint.safetensors").unlink()  # as the message says
    assert train(Toy(ADAMW), seed=3, folder=begun, machine=machine).steps == 14


def test_a_log_that_is_a_folder(begun: Path, machine: Machine) -> None:
    (begun / "log.jsonl").unlink()
    (begun / "log.jsonl").mkdir()
    with pytest.raises(InputError, match=r"cannot read .*log\.jsonl"):
        train(Toy(ADAMW), seed=3, folder=begun, machine=machine)


def test_a_model_of_another_training_is_noticed(tmp_path: Path, machine: Machine) -> None:
    """Of the same settings and seed, yet not the weights that the record beside it was written for."""
    train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)
    path = tmp_path / "model.safetensors"
    tensors, about = read_tensors(path)
    tensors["0.weight"] += 1
    write_tensors(path, tensors, about)
    with pytest.raises(InputError, match=r"model\.safetensors is not the one that stage\.json"):
        train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)
    path.unlink()
    (tmp_path / "stage.json").unlink()
    assert train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine).steps == 14


@pytest.mark.parametrize("record", ["{}", '{"steps": "x", "seconds": 1}', "[]", '{"steps": 1, "seconds": NaN}'])
def test_a_record_of_a_stage_that_cannot_be_used(tmp_path: Path, machine: Machine, record: str) -> None:
    train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)
    (tmp_path / "stage.json").write_text(record)
    with pytest.raises(InputError, match=r"stage\.json.*delete it and run again with --resume"):
        train(Toy(ADAMW), seed=3, folder=tmp_path, machine=machine)


def test_a_last_step_that_leaves_no_numbers(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Toy(ADAMW)
    rate = engine.learning_rate
    monkeypatch.setattr(engine, "learning_rate", lambda s, step: float("inf") if step == 13 else rate(s, step))
    with pytest.raises(InputError, match="the last step of toy left no finite weights"):
        train(stage, seed=3, folder=tmp_path, machine=machine)
    assert not (tmp_path / "model.safetensors").exists()
