"""Run the arms: pre-train, tune, fine-tune and score, each shared stage once.

Everything a stage leaves lies in a folder of its own::

    OUT/run.json                                what was asked for
    OUT/seed0/proxy/colorization/               model.safetensors, log.jsonl, stage.json
    OUT/seed0/tuning/random+graph/              the same, and purity.json
    OUT/seed0/segmentation/random+graph/        the same, and evaluation.json
    OUT/results.json, OUT/pictures/*.npz        written at the end
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from tqdm.auto import tqdm

from mmtutorial.embedding import knn_purity
from mmtutorial.engine import Stage, StageResult, train
from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import Arm
from mmtutorial.experiment.data import ExperimentData, Request
from mmtutorial.experiment.held_out import embed, held_out_patches
from mmtutorial.files import read_json, write_json
from mmtutorial.metrics import confusion_matrix
from mmtutorial.networks import Encoder, NetworkSpec, Segmenter, make_encoder, make_network
from mmtutorial.presets import Preset
from mmtutorial.proxies import PROXIES
from mmtutorial.randomness import global_seed
from mmtutorial.segmentation import SegmentationStage, predict
from mmtutorial.tuning import Embedder, Matching, TuningStage


@dataclass(frozen=True)
class Plan:
    """An experiment as asked for.

    Attributes:
        request: the data.
        preset: every budget.
        arms: what is compared.
        seeds: each arm runs once with each.
    """

    request: Request
    preset: Preset
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]

    def settings(self) -> dict[str, Any]:
        """All that decides the numbers, but for arms and seeds, as plain JSON values."""
        plain: dict[str, Any] = json.loads(json.dumps({**asdict(self.request), "preset": asdict(self.preset)}))
        return plain


@dataclass(frozen=True)
class ArmRun:
    """One arm with one seed, finished."""

    confusion: Tensor
    seconds: float
    purity: tuple[float, float] | None


class Runner:
    """Runs a plan in a folder. Finished stages found there are used, unfinished ones continued."""

    def __init__(self, plan: Plan, out: Path, fabric: Fabric, *, command: str, resume: bool) -> None:
        """Open the folder and the data.

        Args:
            plan: what to run.
            out: folder for all files.
            fabric: device and precision.
            command: the command line, for the record.
            resume: whether ``out`` may hold an earlier attempt.

        Raises:
            InputError: the folder holds another run, or cannot be written; the data cannot be opened.
        """
        self.plan, self.out, self.fabric = plan, out, fabric
        self.command = self._earlier_command(resume) or command
        self.data = ExperimentData(plan.request, plan.preset)
        # Only now: bad input must not leave a folder that then refuses the corrected command.
        self._claim()

    def run(self) -> dict[tuple[str, int], ArmRun]:
        """Run every arm with every seed. Returns what came out, by (arm's name, seed)."""
        jobs = [(arm, seed) for seed in self.plan.seeds for arm in self.plan.arms]
        finished = {}
        with tqdm(jobs, desc="arms", unit="arm") as bar:
            for arm, seed in bar:
                bar.set_postfix_str(f"{arm.name}, seed {seed}")
                finished[arm.name, seed] = self._run_arm(arm, seed)
        return finished

    def encoder(self, arm: Arm, seed: int, *, tuned: bool) -> tuple[Encoder, list[StageResult]]:
        """The arm's encoder after pre-training or after tuning, and the stages that made it."""
        encoder = self._new_encoder(arm, seed)
        stages = []
        if arm.pretraining != "random":
            with global_seed(seed, "proxy head", arm.pretraining):
                proxy = PROXIES[arm.pretraining](
                    encoder, self.data.unlabeled, self.plan.preset.proxy, seed=seed, about=self._about(arm)
                )
            stages.append(self._train(proxy, seed, self._folder(seed, "proxy", arm.pretraining)))
        if tuned:
            matching: Matching = "graph" if arm.suffix == "graph" else "triplets"
            tuning = TuningStage(
                encoder,
                self.data.labeled,
                self.plan.preset.tuning,
                matching=matching,
                seed=seed,
                about=self._about(arm),
            )
            stages.append(self._train(tuning, seed, self._folder(seed, "tuning", arm.name)))
        return encoder, stages

    def network(self, arm: Arm, seed: int) -> tuple[Segmenter, list[StageResult]]:
        """The arm's segmentation network after all stages, and the stages that made it."""
        encoder, stages = self.encoder(arm, seed, tuned=arm.tuned)
        with global_seed(seed, "head"):
            network = make_network(encoder, self.spec(arm), len(self.data.classes))
        segmentation = SegmentationStage(
            network,
            self.data.labeled,
            self.plan.preset.segmentation,
            schedule=arm.segmentation_schedule(self.plan.preset),
            seed=seed,
            about=self._about(arm),
        )
        stages.append(self._train(segmentation, seed, self._folder(seed, "segmentation", arm.name)))
        return network, stages

    def embeddings(self, arm: Arm, seed: int, *, tuned: bool) -> Tensor:
        """(P, D) embeddings of the held-out patches, before or after tuning."""
        encoder, _ = self.encoder(arm, seed, tuned=tuned)
        embedder = self.fabric.to_device(Embedder(encoder, self.plan.preset.tuning.pooling))
        return embed(embedder, held_out_patches(self.data).images)

    def _run_arm(self, arm: Arm, seed: int) -> ArmRun:
        folder = self._folder(seed, "segmentation", arm.name)
        record = folder / "evaluation.json"
        if not record.exists():
            network, stages = self.network(arm, seed)
            images = [image for image, _ in self.data.scored]
            truths = [mask for _, mask in self.data.scored]
            confusion = confusion_matrix(truths, predict(network, images), len(self.data.classes))
            seconds = round(sum(stage.seconds for stage in stages), 2)
            write_json(record, {"confusion": confusion.tolist(), "seconds": seconds})
        found = read_json(record)
        return ArmRun(torch.tensor(found["confusion"]), found["seconds"], self.purity(arm, seed) if arm.tuned else None)

    def purity(self, arm: Arm, seed: int) -> tuple[float, float]:
        """Cross-image kNN purity of held-out patches before and after the arm's tuning."""
        record = self._folder(seed, "tuning", arm.name) / "purity.json"
        if not record.exists():
            patches = held_out_patches(self.data)
            before, after = (
                knn_purity(self.embeddings(arm, seed, tuned=tuned), patches.labels, patches.image_index)
                for tuned in (False, True)
            )
            write_json(record, {"before": before, "after": after})
        found = read_json(record)
        return found["before"], found["after"]

    def spec(self, arm: Arm) -> NetworkSpec:
        """The arm's network. Its input stays the same in every stage, as in the authors' code."""
        preset = self.plan.preset
        seen = PROXIES[arm.pretraining].input if arm.pretraining in PROXIES else "rgb"
        return NetworkSpec(preset.encoder, preset.head, seen, preset.batch_norm)

    def _new_encoder(self, arm: Arm, seed: int) -> Encoder:
        spec = self.spec(arm)
        with global_seed(seed, "encoder", spec.input):
            return make_encoder(spec)

    def _train(self, stage: Stage, seed: int, folder: Path) -> StageResult:
        return train(stage, seed=seed, folder=folder, fabric=self.fabric)

    def _folder(self, seed: int, stage: str, name: str) -> Path:
        return self.out / f"seed{seed}" / stage / name

    def _about(self, arm: Arm) -> dict[str, Any]:
        """What makes a stage's weights usable later: the network they fit, and the arm."""
        return {"network": asdict(self.spec(arm)), "pretraining": arm.pretraining}

    def _claim(self) -> None:
        """Take possession of the folder."""
        if not (self.out / "run.json").exists():
            write_json(self.out / "run.json", {"command": self.command, "settings": self.plan.settings()})

    def _earlier_command(self, resume: bool) -> str | None:
        """The command line that began the run in this folder; None for a new one."""
        record = self.out / "run.json"
        if not record.exists():
            return None
        if not resume:
            raise InputError(f"{self.out} already holds a run; add --resume to go on with it, or choose another --out")
        found = read_json(record)
        changed = _differences(self.plan.settings(), found["settings"])
        if changed:
            raise InputError(
                f"{self.out} holds a run with other settings ({', '.join(changed)}); "
                "repeat its options to resume it, or choose another --out"
            )
        return str(found["command"])


def _differences(wanted: dict[str, Any], found: dict[str, Any], prefix: str = "") -> list[str]:
    """Names of the settings that differ, nested ones with dots."""
    names = []
    for key, value in wanted.items():
        other = found.get(key)
        if isinstance(value, dict) and isinstance(other, dict):
            names += _differences(value, other, f"{prefix}{key}.")
        elif value != other:
            names.append(prefix + key)
    return names
