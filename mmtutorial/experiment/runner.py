"""Run the arms: pre-train, tune, fine-tune and score; where what they leave lies, ``results/folder.py`` says."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from mmtutorial.embedding import class_purity, knn_purity
from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import ARMS, Arm
from mmtutorial.experiment.claim import claim, refuse_other_run
from mmtutorial.experiment.data import experiment_data, some
from mmtutorial.experiment.held_out import embed, held_out_patches
from mmtutorial.experiment.plan import Plan
from mmtutorial.experiment.rehearsal import rehearse
from mmtutorial.experiment.scoring import confusion_on
from mmtutorial.experiment.stages import Stages
from mmtutorial.files import read_tensors
from mmtutorial.networks import Encoder
from mmtutorial.provenance import once, refuse_other
from mmtutorial.proxies import ProxyScore
from mmtutorial.randomness import generator_for
from mmtutorial.results.folder import RunFolder
from mmtutorial.results.records import Command
from mmtutorial.segmentation import predict
from mmtutorial.settings.machine import Machine
from mmtutorial.tuning import Embedder

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"

# Images on which a proxy task is scored; more would not change the picture.
_SCORED_BY_PROXY = 200


@dataclass(frozen=True)
class ArmRun:
    """One arm with one seed, finished."""

    confusion: Tensor
    seconds: float
    purity: tuple[float, float] | None


@dataclass(frozen=True)
class ProxyRun:
    """One proxy task with one seed, finished: its score, and kNN purity of random and of trained weights.

    Purity is NaN where there is but one held-out image: neighbours have to come from another.
    """

    score: ProxyScore
    purity: tuple[float, float]


class Runner:
    """Runs a plan in a folder. Finished stages found there are used, unfinished ones continued."""

    def __init__(
        self,
        plan: Plan,
        out: Path,
        machine: Machine,
        *,
        command: str,
        resume: bool,
        force: bool = False,
    ) -> None:
        """Open the folder and the data.

        Args:
            plan: what to run.
            out: folder for all files.
            machine: what trains.
            command: the command line, for the record.
            resume: whether ``out`` may hold an earlier attempt.
            force: whether it may hold files of others, of which those in the way are overwritten.

        Raises:
            InputError: the folder holds another run, or cannot be written; the data cannot be opened; the devices
                are not there.
        """
        self.plan, self.out, self.machine, self.command = plan, out, machine, command
        self.folder = RunFolder(out)
        refuse_other_run(self.folder, plan.settings(), resume=resume, force=force)
        self.data = experiment_data(plan.request, plan.preset)
        self.stages = Stages(plan, self.data, out, machine)
        if not self.folder.request.exists():
            self._refuse_other_stages()
        self.commands: tuple[Command, ...] = ()

    def begin(self) -> None:
        """Try a batch of each stage, then take possession of the folder; :meth:`run` does it first.

        In this order: bad input must not leave a folder that then refuses the corrected command.

        Raises:
            InputError: weights are missing, images cannot be used, or no network can be trained with these settings.
        """
        if self.commands:
            return
        if not self.folder.request.exists():
            rehearse(self.stages, self.plan.arms)
        self.commands = claim(self.folder, self.plan.settings(), self.command)

    def _refuse_other_stages(self) -> None:
        """A run that lost its record still says by its stages what it is of; it must not be claimed for another one."""
        settings = self.plan.checksum()
        for record in self.folder.records():
            refuse_other(record, {"settings": settings, "images": self.data.scored.checksum()})
        for weights in self.folder.weights():
            if read_tensors(weights)[1].get("settings", settings) != settings:
                raise InputError(
                    f"{weights} was made with other settings; repeat the options that made it, or choose another --out"
                )

    def run(self) -> dict[tuple[str, int], ArmRun]:
        """Run every arm with every seed. Returns what came out, by (arm's name, seed)."""
        self.begin()
        jobs = [(arm, seed) for seed in self.plan.seeds for arm in self.plan.arms]
        finished = {}
        until = self.plan.steps_until()
        with tqdm(total=until[-1], desc="all arms", unit="step", smoothing=0, bar_format=_BAR) as bar:
            self.stages.stepped = bar.update
            for place, (arm, seed) in enumerate(jobs):
                bar.set_postfix_str(f"arm {place + 1} of {len(jobs)}: {arm.name}, seed {seed}")
                finished[arm.name, seed] = self.run_arm(arm, seed)
                if arm.is_learned:
                    self.run_proxy(arm, seed)
                # What an earlier attempt did is done, but says nothing of the time that the rest will take.
                bar.initial, bar.n = getattr(bar, "initial", 0) + until[place] - bar.n, until[place]
        self.stages.stepped = None
        return finished

    def earlier(self) -> list[tuple[Arm, int]]:
        """Arms and seeds beside those of the plan that are finished in the folder."""
        asked = {(arm.name, seed) for arm in self.plan.arms for seed in self.plan.seeds}
        return [
            (ARMS[name], seed) for name, seed in self.folder.evaluated() if name in ARMS and (name, seed) not in asked
        ]

    def run_arm(self, arm: Arm, seed: int) -> ArmRun:
        """Train and score one arm with one seed."""
        record = self.folder.stage(seed, "segmentation", arm.name).evaluation

        def evaluation() -> dict[str, Any]:
            network, stages = self.stages.predictor(arm, seed)
            confusion = confusion_on(self.data.scored, partial(predict, network))
            return {"confusion": confusion.tolist(), "seconds": round(sum(stage.seconds for stage in stages), 2)}

        weights = partial(self.stages.weights, seed, "segmentation", arm.name)
        confusion, seconds = once(record, self.made_by(arm.name, seed), evaluation, self.evaluated, weights)
        return ArmRun(confusion, seconds, self.purity(arm, seed) if arm.tuned else None)

    def evaluated(self, found: dict[str, Any]) -> tuple[Tensor, float]:
        """Confusion (K, K) and seconds of an evaluation's record."""
        classes = len(self.data.classes)
        confusion = torch.tensor(found["confusion"], dtype=torch.long).reshape(classes, classes)
        if bool((confusion < 0).any()):
            raise ValueError("a count of pixels is negative")
        return confusion, float(found["seconds"])

    def made_by(self, name: str, seed: int) -> dict[str, str | int]:
        """What decides a record, beside the weights."""
        images = self.data.scored.checksum()
        return {"settings": self.plan.checksum(), "images": images, "name": name, "seed": seed}

    def run_proxy(self, arm: Arm, seed: int) -> ProxyRun:
        """Score the proxy task of an arm, on held-out images, and the patches its encoder embeds."""
        folder = self.folder.stage(seed, "proxy", arm.pretraining)

        def score() -> dict[str, Any]:
            images = some(self.data.scored, _SCORED_BY_PROXY)
            proxy, _ = self.stages.proxy(arm, seed)
            return asdict(proxy.score(images, generator_for(0, "proxy score")))

        def purity() -> dict[str, Any]:
            random, trained = self.stages.first_encoder(arm, seed), self.stages.proxy(arm, seed)[0].encoder
            return {"before": self._purity_of(self._embed(random)), "after": self._purity_of(self._embed(trained))}

        made_by = self.made_by(arm.pretraining, seed)
        weights = partial(self.stages.weights, seed, "proxy", arm.pretraining)
        return ProxyRun(
            once(folder.score, made_by, score, _score, weights),
            once(folder.purity, made_by, purity, _both, weights),
        )

    def embeddings(self, arm: Arm, seed: int, *, tuned: bool) -> Tensor:
        """(P, D) embeddings of the held-out patches, before or after tuning."""
        return self._embed(self.stages.encoder(arm, seed, tuned=tuned)[0])

    def purity(self, arm: Arm, seed: int) -> tuple[float, float]:
        """Cross-image kNN purity of held-out patches before and after the arm's tuning; NaN for a single image."""

        def both() -> dict[str, Any]:
            before, after = (self.embeddings(arm, seed, tuned=tuned) for tuned in (False, True))
            return {
                "before": self._purity_of(before),
                "after": self._purity_of(after),
                # For reading alone, by results/class_purity.py: no number of a run comes from it.
                "classes": {"before": self._class_purity_of(before), "after": self._class_purity_of(after)},
            }

        record = self.folder.stage(seed, "tuning", arm.name).purity
        weights = partial(self.stages.weights, seed, "tuning", arm.name)
        return once(record, self.made_by(arm.name, seed), both, _both, weights)

    def _purity_of(self, embeddings: Tensor) -> float | None:
        """For the record, in which None stands for NaN."""
        patches = held_out_patches(self.data)
        purity = knn_purity(embeddings, patches.labels, patches.image_index)
        return None if math.isnan(purity) else purity

    def _class_purity_of(self, embeddings: Tensor) -> dict[str, float | None]:
        """By the name of each class that the held-out patches show; None stands for NaN."""
        patches = held_out_patches(self.data)
        found = class_purity(embeddings, patches.labels, patches.image_index)
        return {self.data.classes.names[c]: None if math.isnan(share) else share for c, share in found.items()}

    def _embed(self, encoder: Encoder) -> Tensor:
        embedder = self.stages.fabric.to_device(Embedder(encoder, self.plan.preset.tuning.pooling))
        return embed(embedder, held_out_patches(self.data).images)


def _both(found: dict[str, Any]) -> tuple[float, float]:
    before, after = (math.nan if found[when] is None else float(found[when]) for when in ("before", "after"))
    return before, after


def _score(found: dict[str, Any]) -> ProxyScore:
    return ProxyScore(str(found["measure"]), float(found["value"]), float(found["trivial"]), found["higher_is_better"])
