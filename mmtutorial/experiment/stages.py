"""The stages of an arm, trained one after the other, each shared stage once, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.experiment.arms import ARMS, Arm
from mmtutorial.experiment.data import ExperimentData
from mmtutorial.experiment.plan import Plan
from mmtutorial.networks import Encoder, Segmenter, make_encoder, make_network
from mmtutorial.networks.timm_encoder import TimmEncoder
from mmtutorial.networks.weights import imagenet_encoder
from mmtutorial.networks.windowed import Windowed
from mmtutorial.proxies import PROXIES, ProxyStage
from mmtutorial.randomness import global_seed
from mmtutorial.results.folder import RunFolder, StageFolder, StageName
from mmtutorial.segmentation import SegmentationStage
from mmtutorial.settings.machine import Machine
from mmtutorial.training.devices import make_fabric
from mmtutorial.training.engine import Stage, StageResult, stage_result, train
from mmtutorial.tuning import TuningStage


class Stages:
    """Trains stages in a folder. Finished ones found there are used, unfinished ones continued."""

    def __init__(self, plan: Plan, data: ExperimentData, out: Path, machine: Machine) -> None:
        """Nothing is trained yet. Raises InputError where the machine is not to be had."""
        self.plan, self.data, self.folder = plan, data, RunFolder(out)
        self.machine, self.fabric = machine, make_fabric(machine)
        self.stepped: Callable[[int], object] | None = None

    def first_encoder(self, arm: Arm, seed: int) -> Encoder:
        """The arm's encoder before any training of ours. Arms of one input start from the same weights."""
        spec = self.plan.spec(arm)
        if arm.pretraining == "imagenet":
            encoder = imagenet_encoder(spec, self.plan.preset.weights)
            if self.plan.preset.frozen and isinstance(encoder, TimmEncoder):
                encoder.freeze_early()
            return encoder
        with global_seed(seed, "encoder", spec.input):
            return make_encoder(spec)

    def proxy(self, arm: Arm, seed: int) -> tuple[ProxyStage, StageResult]:
        """The arm's proxy task, trained."""
        task = PROXIES[arm.pretraining]
        encoder = self.first_encoder(arm, seed)
        images = self.data.tagged if task.needs_tags else self.data.unlabeled
        # Arms that share the stage have to describe it alike, and a probe's network has another head.
        about = self._about(ARMS[arm.pretraining], images)
        with global_seed(seed, "proxy head", arm.pretraining):
            proxy = task(encoder, images, self.plan.preset.proxy, seed=seed, about=about)
        return proxy, self._train(proxy, seed, self.folder.stage(seed, "proxy", arm.pretraining))

    def encoder(self, arm: Arm, seed: int, *, tuned: bool) -> tuple[Encoder, list[StageResult]]:
        """The arm's encoder after pre-training or after tuning, and the stages that made it."""
        stages = []
        if arm.is_learned:
            proxy, result = self.proxy(arm, seed)
            encoder = proxy.encoder
            stages.append(result)
        else:
            encoder = self.first_encoder(arm, seed)
        if tuned and arm.variant is not None:
            tuning = TuningStage(
                encoder,
                self.data.labeled,
                arm.variant.adapt(self.plan.preset.tuning),
                matching=arm.variant.matching,
                shuffled=arm.variant.shuffled,
                seed=seed,
                about=self._about(arm, self.data.labeled, stages),
            )
            stages.append(self._train(tuning, seed, self.folder.stage(seed, "tuning", arm.name)))
        return encoder, stages

    def network(self, arm: Arm, seed: int) -> tuple[Segmenter, list[StageResult]]:
        """The arm's segmentation network after all stages, and the stages that made it."""
        encoder, stages = self.encoder(arm, seed, tuned=arm.tuned)
        with global_seed(seed, "head"):
            network = make_network(encoder, self.plan.spec(arm), len(self.data.classes))
        segmentation = SegmentationStage(
            network,
            self.data.labeled,
            arm.segmentation_budget(self.plan.preset),
            schedule=arm.segmentation_schedule(self.plan.preset),
            seed=seed,
            about=self._about(arm, self.data.labeled, stages),
        )
        stages.append(self._train(segmentation, seed, self.folder.stage(seed, "segmentation", arm.name)))
        return network, stages

    def predictor(self, arm: Arm, seed: int) -> tuple[nn.Module, list[StageResult]]:
        """The arm's network as whole images are segmented with it, in windows if so set, and its stages."""
        network, stages = self.network(arm, seed)
        window = self.plan.preset.window
        return (network if window is None else Windowed(network, window)), stages

    def trained(self, arm: Arm, seed: int) -> bool:
        """Whether the arm's network is there, so that nothing is trained by asking for it."""
        wanted = [self.folder.stage(seed, "segmentation", arm.name)]
        wanted += [self.folder.stage(seed, "tuning", arm.name)] if arm.tuned else []
        wanted += [self.folder.stage(seed, "proxy", arm.pretraining)] if arm.is_learned else []
        return all(stage.record.exists() and stage.model.exists() for stage in wanted)

    def _train(self, stage: Stage, seed: int, folder: StageFolder) -> StageResult:
        return train(stage, seed=seed, folder=folder.path, machine=self.machine, stepped=self.stepped)

    def weights(self, seed: int, stage: StageName, *names: str) -> str | None:
        """The checksums of what finished stages left; None where one is not finished, or older than checksums."""
        folders = [self.folder.stage(seed, stage, name) for name in names]
        found = [stage_result(folder.path).weights for folder in folders if folder.record.exists()]
        known = [weights for weights in found if weights is not None]
        return "+".join(known) if len(known) == len(names) else None

    def _about(self, arm: Arm, images: SegmentationDataset, before: Sequence[StageResult] = ()) -> dict[str, Any]:
        """What makes a stage's weights usable later: the network they fit, the arm, and all that they came from."""
        return {
            "network": asdict(self.plan.spec(arm)),
            "pretraining": arm.pretraining,
            "settings": self.plan.checksum(),
            "images": images.checksum(),
            "after": before[-1].weights if before else None,
            # Only where they are set: weights made before these were written down stay what they were.
            **{name: value for name in ("size", "window") if (value := getattr(self.plan.preset, name))},
        }
