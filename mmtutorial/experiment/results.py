"""From what finished runs left to ``results.json``: everything that a table or report needs, in one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import torch

from mmtutorial import words
from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import ARMS, Arm, compared
from mmtutorial.experiment.runner import ArmRun, ProxyRun, Runner
from mmtutorial.metrics import mean_iou, per_class_iou, scored_classes
from mmtutorial.results.origin import machine, versions
from mmtutorial.results.reading import read_results, write_record
from mmtutorial.results.records import ArmScores, Difference, ProxyScores, Purity, Results, rounded, subtract
from mmtutorial.results.statistics import interval95
from mmtutorial.settings.budgets import Preset

Finished = Mapping[tuple[str, int], ArmRun]
"""What came out, by (arm's name, seed)."""


def write_results(runner: Runner, finished: Finished) -> Results:
    """Write ``OUT/results.json``: of this plan, and of whatever earlier commands finished in the folder.

    Args:
        runner: of the finished plan.
        finished: what :meth:`Runner.run` returned.

    Returns:
        What was written. mIoU in percent; steps are gradient steps; seconds are training time.
    """
    plan, data = runner.plan, runner.data
    before, left_out = _earlier(runner)
    runs = {**before, **finished}
    arms, seeds = _in_order(runner, runs)
    scores = [
        arm_scores(arm, plan.preset, {s: runs[arm.name, s] for s in seeds if (arm.name, s) in runs}) for arm in arms
    ]
    by_name = {found.arm: found for found in scores}
    differences = (subtract(by_name[a.name], by_name[b.name]) for a, b in compared(arms))
    not_scored = classes_not_scored(data.classes.names, runs.values())
    results = Results(
        dataset=plan.request.dataset,
        preset=plan.preset.name,
        network={"encoder": plan.preset.encoder, "head": plan.preset.head, "batch_norm": plan.preset.batch_norm},
        names=data.classes.names,
        palette=data.classes.palette,
        background_ids=data.classes.background_ids,
        labeled=len(data.labeled),
        evaluated_on=data.scored_on,
        images_evaluated=len(data.scored),
        classes_not_scored=not_scored,
        warnings=(*data.warnings, *not_scored_warning(not_scored, data.scored_on), *left_out),
        versions=versions(),
        machine=machine(),
        date=runner.commands[-1].date,
        command=runner.commands[-1].command,
        commands=runner.commands,
        settings=plan.settings(),
        arms=tuple(scores),
        proxies=tuple(proxy_scores(runner, scores)),
        comparisons=tuple(as_written(found) for found in differences if found),
    )
    write_record(runner.folder.results, results)
    return results


def _earlier(runner: Runner) -> tuple[dict[tuple[str, int], ArmRun], list[str]]:
    """What earlier commands finished in the folder; and a sentence for each arm that is not of these settings."""
    found, left_out = {}, []
    for arm, seed in runner.earlier():
        try:
            found[arm.name, seed] = runner.run_arm(arm, seed)
        except InputError as error:
            left_out.append(f"{arm.name} with seed {seed}, of an earlier command, is left out: {error}")
    return found, left_out


def _in_order(runner: Runner, runs: Finished) -> tuple[list[Arm], list[int]]:
    """Arms and seeds: those of the earlier results first, so that a table keeps its order as it grows."""
    try:
        before = read_results(runner.out).arms
    except InputError:  # There are none, or they are damaged and about to be written again.
        before = ()
    names = [*(arm.arm for arm in before), *(arm.name for arm in runner.plan.arms), *ARMS]
    seeds = [*(seed for arm in before for seed in arm.seeds), *runner.plan.seeds, *sorted(seed for _, seed in runs)]
    ran = {name for name, _ in runs}
    return (
        [ARMS[name] for name in dict.fromkeys(names) if name in ran],
        [seed for seed in dict.fromkeys(seeds) if any(seed == s for _, s in runs)],
    )


def arm_scores(arm: Arm, preset: Preset, runs: Mapping[int, ArmRun]) -> ArmScores:
    """One arm, all its seeds together; ``runs`` is by seed."""
    miou = [100 * mean_iou(run.confusion) for run in runs.values()]
    miou = [round(value, 4) for value in miou]
    purity = [run.purity for run in runs.values() if run.purity is not None]
    low, high = interval95(miou)
    return ArmScores(
        arm=arm.name,
        pretraining=arm.pretraining,
        tuning=arm.tuning,
        head=arm.head(preset),
        seeds=tuple(runs),
        miou=tuple(miou),
        mean=round(float(np.mean(miou)), 4),
        ci95=(rounded(low), rounded(high)),
        per_class_iou=tuple(
            tuple(rounded(100 * value) for value in per_class_iou(run.confusion).tolist()) for run in runs.values()
        ),
        pixels=tuple(map(tuple, torch.stack([run.confusion for run in runs.values()]).sum(0).tolist())),
        steps=arm.steps(preset),
        seconds=tuple(run.seconds for run in runs.values()),
        knn_purity=Purity(tuple(rounded(b) for b, _ in purity), tuple(rounded(a) for _, a in purity))
        if purity
        else None,
    )


def as_written(difference: Difference) -> Difference:
    """A difference as the file has it, to four places."""
    return msgspec.structs.replace(
        difference,
        value=round(difference.value, 4),
        ci95=(rounded(difference.ci95[0]), rounded(difference.ci95[1])),
        per_seed=tuple(round(value, 4) for value in difference.per_seed),
    )


def proxy_scores(runner: Runner, scores: Sequence[ArmScores]) -> list[ProxyScores]:
    """What each proxy task came to, beside its trivial predictor, for the seeds of the arms that start from it."""
    seeds: dict[str, dict[int, Arm]] = {}
    for found in scores:
        arm = ARMS.get(found.arm)
        if arm and arm.is_learned:
            seeds.setdefault(arm.pretraining, {}).update(dict.fromkeys(found.seeds, arm))
    return [_proxy(name, {s: runner.run_proxy(arm, s) for s, arm in each.items()}) for name, each in seeds.items()]


def _proxy(name: str, runs: Mapping[int, ProxyRun]) -> ProxyScores:
    first = next(iter(runs.values()))
    return ProxyScores(
        name=name,
        seeds=tuple(runs),
        measure=first.score.measure,
        higher_is_better=first.score.higher_is_better,
        value=tuple(rounded(run.score.value) for run in runs.values()),
        trivial=tuple(rounded(run.score.trivial) for run in runs.values()),
        random_purity=tuple(rounded(run.purity[0]) for run in runs.values()),
        purity=tuple(rounded(run.purity[1]) for run in runs.values()),
    )


def classes_not_scored(names: Sequence[str], runs: Iterable[ArmRun]) -> tuple[str, ...]:
    """Classes that no scored image shows; the same for every arm, as all are scored on the same images."""
    scored = scored_classes(next(iter(runs)).confusion)
    return tuple(name for name, seen in zip(names, scored.tolist(), strict=True) if not seen)


def not_scored_warning(names: Sequence[str], split: str) -> list[str]:
    """A sentence where some classes are not scored, or none."""
    if not names:
        return []
    are = "is" if len(names) == 1 else "are"
    return [f"{words.listed(names)} {are} in no image of {split}: not scored, and not part of mIoU"]
