"""One training loop for every stage: proxy task, tuning, segmentation.

A stage says what to train and what its loss is. The loop adds the optimiser, the schedule, the device and
precision (Lightning Fabric), progress, the log, checkpoints and exact resume: a run that is killed at any
moment and resumed ends with the same bytes as one that was not.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm.auto import tqdm

from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors, remove, tensors_sha256, write_tensors
from mmtutorial.networks.loading import load_weights
from mmtutorial.provenance import read_record, write_record
from mmtutorial.randomness import generator_for, global_seed
from mmtutorial.settings.budgets import Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.devices import make_fabric, mean_over_devices, on_each_device, own_weights, repeatable_kernels
from mmtutorial.training.drawing_ahead import Draw, Drawn, batches
from mmtutorial.training.log import TrainingLog
from mmtutorial.training.optimisation import check_optimizer_state, learning_rate, make_optimizer
from mmtutorial.training.processes import end_with_parent

# A checkpoint is written at the first epoch's end that is this many seconds after the last one.
SECONDS_BETWEEN_CHECKPOINTS = 5.0


class Stage(Protocol):
    """What a stage must offer to be trained.

    Attributes:
        name: shown by the progress bar, and part of the seed.
        module: what is trained and saved.
        schedule: how it is optimised.
        epoch_steps: steps for one pass over the stage's images; the log has one line for each pass.
        about: whatever describes the stage completely (JSON); a checkpoint of another description is refused.
    """

    name: str
    module: nn.Module
    schedule: Schedule
    epoch_steps: int
    about: dict[str, Any]

    @property
    def draw(self) -> Draw:
        """What a step sees, from its number and its generator. Other processes may call it, ahead of time."""
        ...

    def loss(self, module: nn.Module, batch: Any, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The loss of what :attr:`draw` gave, with numbers for the log. ``module`` is :attr:`module`, on its device.

        Every random number must come from ``generator``, which is made anew for each step.
        """
        ...

    def begin(self, generator: torch.Generator) -> None:
        """Called once before the first step, not after a resume; for weights computed from the images."""
        ...

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Parameters for the optimiser; ``lr_scale`` in a group multiplies its learning rate."""
        ...


@dataclass(frozen=True)
class StageResult:
    """What a finished stage cost, in gradient steps and seconds (of all its attempts together).

    ``weights`` is the checksum of what it left; None where an earlier version trained it.
    """

    steps: int
    seconds: float
    weights: str | None = None


def train(
    stage: Stage, *, seed: int, folder: Path, machine: Machine, stepped: Callable[[int], object] | None = None
) -> StageResult:
    """Train a stage, or take up where an earlier attempt stopped, or do nothing if it is finished.

    Leaves ``model.safetensors``, ``log.jsonl`` and ``stage.json`` in ``folder``, and the trained weights in
    ``stage.module``.

    Args:
        stage: what to train.
        seed: with the stage's name and the number of a step, the source of the step's random numbers.
        folder: where the stage's files live. Files of an earlier attempt of the same stage are used.
        machine: what trains. The numbers do not depend on how many processes read images ahead.
        stepped: told of steps made now, by their number; of all at once where several devices make them.

    Raises:
        InputError: the loss became infinite or not a number; files cannot be written; files found there
            are damaged or belong to another stage.
    """
    about = {**stage.about, "stage": stage.name, "seed": seed}
    fabric = make_fabric(machine)
    done, model = folder / "stage.json", folder / "model.safetensors"
    # Who deleted damaged weights, as the message about them says, gets the stage trained again.
    if not (done.exists() and model.exists()):
        check_devices(stage, fabric)
        if fabric.world_size == 1:
            _train(fabric, stage, seed, folder, about, machine.loaders, stepped)
            return stage_result(folder)
        on_each_device(fabric, _train, stage, seed, folder, about, machine.loaders)
        if stepped:
            stepped(stage.schedule.steps)
    # Other processes did the work, or an earlier attempt: the weights are in the file alone.
    tensors, _ = _load(model, about)
    result = stage_result(folder)
    if result.weights not in (None, tensors_sha256(tensors)):
        raise InputError(
            f"{model} is not the one that {done.name} beside it was written for; delete both and run again with "
            "--resume: only this stage is repeated"
        )
    load_weights(stage.module, tensors, model)
    fabric.to_device(stage.module)
    return result


def check_devices(stage: Stage, fabric: Fabric) -> None:
    """Raise InputError where the devices cannot share a step's batches evenly."""
    if stage.schedule.parts % fabric.world_size:
        raise InputError(
            f"{fabric.world_size} devices cannot share the {stage.schedule.parts} batches of a step of {stage.name} "
            "evenly; choose as many devices, or set the stage's schedule.parts to a multiple of them"
        )


def stage_result(folder: Path) -> StageResult:
    """What the finished stage of a folder cost. Raises InputError where its record is damaged."""
    path = folder / "stage.json"
    record = read_record(path)
    steps, seconds, weights = (record.get(name) for name in ("steps", "seconds", "weights"))
    if type(steps) is int and isinstance(seconds, int | float) and isinstance(weights, str | None):
        return StageResult(steps, seconds, weights)
    raise InputError(f"{path} is damaged; delete it and run again with --resume: only its own stage is repeated")


def _train(
    fabric: Fabric,
    stage: Stage,
    seed: int,
    folder: Path,
    about: dict[str, Any],
    loaders: int,
    stepped: Callable[[int], object] | None = None,
) -> None:
    """Train a stage to its end; called once in the process of each device."""
    if fabric.world_size > 1:
        end_with_parent()
    own_weights(stage.module)
    run = _Run(stage, seed, folder, fabric, about, loaders)
    run.stepped = stepped
    with repeatable_kernels():
        run.to_the_end()
    if fabric.is_global_zero:
        trained = stage.module.state_dict()
        if not all(bool(torch.isfinite(tensor).all()) for tensor in trained.values()):
            # The loss of the last step was looked at before that step was made.
            raise InputError(
                f"the last step of {stage.name} left no finite weights ({folder}); lower the learning rate"
            )
        write_tensors(folder / "model.safetensors", trained, about)
        record = {"stage": stage.name, "steps": stage.schedule.steps, "seconds": round(run.seconds, 2)}
        write_record(folder / "stage.json", {**record, "weights": tensors_sha256(trained)})
        remove(folder / "checkpoint.safetensors")


class _Run:
    """The state of one stage's training."""

    def __init__(
        self, stage: Stage, seed: int, folder: Path, fabric: Fabric, about: dict[str, Any], loaders: int
    ) -> None:
        self.stage, self.seed, self.folder, self.fabric = stage, seed, folder, fabric
        self.about, self.loaders = about, loaders
        # The batches of a step are dealt out to the devices.
        self.parts = stage.schedule.parts // fabric.world_size
        groups = stage.parameter_groups()
        self.lr_scales = [group.pop("lr_scale", 1.0) for group in groups]
        self.module, self.optimizer = fabric.setup(stage.module, make_optimizer(groups, stage.schedule))
        self.step, self.seconds = 0, 0.0
        self.stepped: Callable[[int], object] | None = None
        self.log = TrainingLog(folder / "log.jsonl")
        self.checkpoint = folder / "checkpoint.safetensors"
        if self.checkpoint.exists():
            self._restore()
        else:
            stage.begin(generator_for(seed, stage.name, "begin"))
        if fabric.is_global_zero:
            self.log.keep_until(self.step)
            if self.step and self.log.step != self.step:
                raise InputError(
                    f"{self.log.path} lacks what {self.checkpoint.name} beside it had logged up to step {self.step}; "
                    f"delete {self.checkpoint} and run again with --resume: this stage is repeated"
                )

    def to_the_end(self) -> None:
        schedule, saved = self.stage.schedule, time.monotonic()
        own = range(self._number(self.step, 0), self._number(schedule.steps, 0), self.fabric.world_size)
        drawn = batches(self.stage.draw, own, seed=self.seed, name=self.stage.name, loaders=self.loaders)
        leads = self.fabric.is_global_zero
        bar = tqdm(total=schedule.steps, initial=self.step, desc=self.stage.name, unit="step", delay=1, leave=False)
        bar.disable = bar.disable or not leads
        self.module.train()
        with bar:
            while self.step < schedule.steps:
                begun = time.monotonic()
                end = min(self.step + self.stage.epoch_steps, schedule.steps)
                numbers = self._epoch(end, drawn, bar)
                self.seconds += time.monotonic() - begun
                if not leads:
                    continue
                self.log.add(epoch=-(-self.step // self.stage.epoch_steps), step=self.step, **numbers)
                if time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
                    self._save()
                    saved = time.monotonic()

    def _number(self, step: int, part: int) -> int:
        """The number of a batch of this device; batches are numbered through over steps and devices."""
        return step * self.stage.schedule.parts + self.fabric.global_rank + part * self.fabric.world_size

    def _epoch(self, end: int, drawn: Drawn, bar: Any) -> dict[str, float]:
        """Steps up to ``end``; the means of their numbers, and the last learning rate."""
        sums: dict[str, float] = {}
        first = self.step
        while self.step < end:
            for name, value in self._step(drawn).items():
                sums[name] = sums.get(name, 0.0) + value
            self.step += 1
            bar.update()
            if self.stepped:
                self.stepped(1)
        bar.set_postfix(loss=f"{sums['loss'] / (end - first):.3f}", refresh=False)
        sums = mean_over_devices(self.fabric, sums)
        means = {name: round(value / (end - first), 6) for name, value in sums.items()}
        return {**means, "lr": round(learning_rate(self.stage.schedule, end - 1), 8)}

    def _step(self, drawn: Drawn) -> dict[str, float]:
        rate = learning_rate(self.stage.schedule, self.step)
        for group, scale in zip(self.optimizer.param_groups, self.lr_scales, strict=True):
            group["lr"] = rate * scale
        self.optimizer.zero_grad()
        sums: dict[str, float] = {}
        for part in range(self.parts):
            batch, generator = next(drawn)
            # Devices exchange gradients once a step, with those of the last batch.
            alone = self.fabric.no_backward_sync(self.module, enabled=part + 1 < self.parts)
            with alone, global_seed(self.seed, self.stage.name, "layers", self._number(self.step, part)):
                loss, numbers = self.stage.loss(self.module, batch, generator)
                value = loss.item()
                if not math.isfinite(value):
                    raise InputError(
                        f"the loss of {self.stage.name} is {value} at step {self.step + 1} of "
                        f"{self.stage.schedule.steps} ({self.folder}); lower the learning rate ({rate:.2g} there) "
                        "or check the images"
                    )
                self.fabric.backward(loss / self.parts)
            for name, number in {"loss": value, **numbers}.items():
                sums[name] = sums.get(name, 0.0) + number / self.parts
        self.optimizer.step()
        return sums

    def _save(self) -> None:
        tensors = {f"model.{name}": tensor for name, tensor in self.stage.module.state_dict().items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
        write_tensors(self.checkpoint, tensors, {**self.about, "step": self.step, "seconds": self.seconds})

    def _restore(self) -> None:
        path = self.checkpoint
        tensors, found = _load(path, self.about)
        step, seconds = found.get("step"), found.get("seconds")
        if type(step) is not int or not isinstance(seconds, int | float):
            raise InputError(f"{path} has no step; delete it and run again with --resume: only its stage is repeated")
        self.step, self.seconds = step, float(seconds)
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}}
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts.setdefault(part, {})[rest] = value
        if len(parts) > 2:
            raise InputError(f"{path} holds tensors of nothing that is trained here ({', '.join(sorted(parts))})")
        load_weights(self.stage.module, parts["model"], path)
        state = self.optimizer.state_dict()
        state["state"] = check_optimizer_state(self.optimizer, parts["optimizer"], path)
        self.optimizer.load_state_dict(state)


_LATER = ("settings", "images", "after")
"""What files of earlier versions do not say of themselves."""


def _load(path: Path, about: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and description of a file, which must describe the same stage, settings and seed."""
    tensors, found = read_tensors(path)
    expected = {key: value for key, value in json.loads(json.dumps(about)).items() if key in found or key not in _LATER}
    changed = [key for key in expected if found.get(key) != expected[key]]
    if changed:
        raise InputError(
            f"{path} was made with other settings ({', '.join(changed)}); choose a new --out, or move that stage's "
            "folder elsewhere and run again with --resume: the stage is repeated"
        )
    return tensors, found
