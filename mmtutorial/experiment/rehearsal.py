"""One batch of every stage, tried before a folder is taken: what cannot work is said at once and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import Arm
from mmtutorial.experiment.stages import Stages
from mmtutorial.networks import make_network
from mmtutorial.proxies import PROXIES
from mmtutorial.randomness import generator_for, global_seed
from mmtutorial.segmentation import SegmentationStage
from mmtutorial.training.engine import Stage, check_devices
from mmtutorial.tuning import TuningStage


def rehearse(stages: Stages, arms: Sequence[Arm]) -> None:
    """Try one batch of each stage of some arms, with the weights that training would begin with or random ones.

    Raises:
        InputError: weights are missing, images cannot be used, or no network can be trained with these settings.
    """
    tried = set()
    for arm in arms:
        for name, make in _stages_of(stages, arm).items():
            if name not in tried:
                _try(make, stages)
                tried.add(name)


def _stages_of(stages: Stages, arm: Arm) -> dict[tuple[object, ...], Callable[[], Stage]]:
    """How to make each stage of an arm, by what tells it from those of other arms."""
    spec, data, preset = stages.plan.spec(arm), stages.data, stages.plan.preset
    found: dict[tuple[object, ...], Callable[[], Stage]] = {}
    if arm.is_learned:
        task = PROXIES[arm.pretraining]
        found["proxy", arm.pretraining] = lambda: task(
            stages.first_encoder(arm, 0), data.tagged if task.needs_tags else data.unlabeled, preset.proxy, seed=0
        )
    if arm.variant is not None:
        budget, matching = arm.variant.adapt(preset.tuning), arm.variant.matching
        found["tuning", spec, budget, matching] = lambda: TuningStage(
            stages.first_encoder(arm, 0), data.labeled, budget, matching=matching, seed=0
        )
    found["segmentation", spec, arm.pretraining == "imagenet"] = lambda: SegmentationStage(
        make_network(stages.first_encoder(arm, 0), spec, len(data.classes)), data.labeled, preset.segmentation, seed=0
    )
    return found


def _try(make: Callable[[], Stage], stages: Stages) -> None:
    name = "training"
    try:
        with global_seed(0, "rehearsal"), torch.no_grad():
            stage = make()
            name = stage.name
            check_devices(stage, stages.fabric)
            if stage.schedule.steps:  # Some tasks compute their weights without a step.
                stages.fabric.to_device(stage.module).train()
                generator = generator_for(0, "rehearsal")
                stage.loss(stage.module, stage.draw(0, generator), generator)
    except InputError:
        raise
    except (RuntimeError, ValueError, IndexError, MemoryError, AssertionError) as error:
        raise InputError(
            f"{name} cannot be trained with these settings ({error or type(error).__name__}); "
            "set more images a batch or larger crops; if memory is short, fewer or smaller ones"
        ) from error
