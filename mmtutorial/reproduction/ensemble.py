"""Two networks as one: the mean of their probabilities, as the slides' "ImageNet + M&M"."""

from __future__ import annotations

from functools import partial
from typing import Any

from mmtutorial.experiment import Plan, Runner
from mmtutorial.experiment.runner import ArmRun
from mmtutorial.experiment.scoring import confusion_on
from mmtutorial.provenance import once
from mmtutorial.segmentation import ensemble


def ensemble_name(plan: Plan) -> str:
    """Of the ensemble of a plan's arms."""
    return "&".join(arm.name for arm in plan.arms)


def run_ensemble(runner: Runner) -> list[ArmRun]:
    """Score the ensemble of a plan's arms, seed by seed; they are trained if they are not yet."""
    return [_one_seed(runner, seed) for seed in runner.plan.seeds]


def _one_seed(runner: Runner, seed: int) -> ArmRun:
    name = ensemble_name(runner.plan)
    record = runner.folder.stage(seed, "segmentation", name).evaluation

    def evaluation() -> dict[str, Any]:
        made = [runner.stages.predictor(arm, seed) for arm in runner.plan.arms]
        confusion = confusion_on(runner.data.scored, partial(ensemble, [network for network, _ in made]))
        seconds = sum(stage.seconds for _, stages in made for stage in stages)
        return {"confusion": confusion.tolist(), "seconds": round(seconds, 2)}

    weights = partial(runner.stages.weights, seed, "segmentation", *(arm.name for arm in runner.plan.arms))
    confusion, seconds = once(record, runner.made_by(name, seed), evaluation, runner.evaluated, weights)
    return ArmRun(confusion, seconds, None)
