"""``results.json``: everything that a table or report needs, in one file."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmtutorial.experiment.arms import Arm, compared
from mmtutorial.experiment.plan import Plan
from mmtutorial.experiment.runner import ArmRun, ProxyRun, Runner
from mmtutorial.files import write_json
from mmtutorial.metrics import mean_iou, per_class_iou
from mmtutorial.results.statistics import interval95, paired_difference

_PACKAGES = (
    "mmtutorial",
    "torch",
    "torchvision",
    "lightning-fabric",
    "torchmetrics",
    "scikit-learn",
    "numpy",
)


def write_results(runner: Runner, finished: dict[tuple[str, int], ArmRun]) -> dict[str, Any]:
    """Write ``OUT/results.json``.

    Args:
        runner: of the finished plan.
        finished: what :meth:`Runner.run` returned.

    Returns:
        What was written. mIoU in percent; steps are gradient steps; seconds are training time.
    """
    plan, data = runner.plan, runner.data
    arms = [arm_entry(arm, plan, finished) for arm in plan.arms]
    miou = {arm["name"]: arm["miou"] for arm in arms}
    results = {
        "schema": 1,
        "dataset": plan.request.dataset,
        "preset": plan.preset.name,
        "network": {"encoder": plan.preset.encoder, "head": plan.preset.head, "batch_norm": plan.preset.batch_norm},
        "classes": list(data.classes.names),
        "palette": [list(colour) for colour in data.classes.palette],
        "background_ids": list(data.classes.background_ids),
        "labeled": len(data.labeled),
        "evaluated_on": data.scored_on,
        "images_evaluated": len(data.scored),
        "versions": versions(),
        "machine": machine(),
        "command": runner.command,
        "settings": plan.settings(),
        "arms": arms,
        "proxies": proxies(runner),
        "comparisons": [_comparison(a.name, b.name, miou) for a, b in compared(plan.arms)],
    }
    write_json(runner.out / "results.json", results)
    return results


def proxies(runner: Runner) -> list[dict[str, Any]]:
    """What each proxy task of a finished plan came to, beside its trivial predictor."""
    tasks = {arm.pretraining: arm for arm in runner.plan.arms if arm.is_learned}
    return [_proxy(name, [runner.run_proxy(arm, seed) for seed in runner.plan.seeds]) for name, arm in tasks.items()]


def _proxy(name: str, runs: list[ProxyRun]) -> dict[str, Any]:
    return {
        "name": name,
        "measure": runs[0].score.measure,
        "higher_is_better": runs[0].score.higher_is_better,
        "value": [rounded(run.score.value) for run in runs],
        "trivial": [rounded(run.score.trivial) for run in runs],
        "random_purity": [rounded(run.purity[0]) for run in runs],
        "knn_purity": [rounded(run.purity[1]) for run in runs],
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def machine() -> dict[str, Any]:
    """Processor, cores, threads and GPU, for the record."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"cpu": name, "cores": os.cpu_count(), "threads": torch.get_num_threads(), "gpu": gpu}


def arm_entry(arm: Arm, plan: Plan, finished: dict[tuple[str, int], ArmRun]) -> dict[str, Any]:
    """One arm of a finished plan, all its seeds together."""
    runs = [finished[arm.name, seed] for seed in plan.seeds]
    miou = [_percent(mean_iou(run.confusion)) for run in runs]
    purity = [run.purity for run in runs if run.purity is not None]
    low, high = interval95(miou)
    return {
        "name": arm.name,
        "pretraining": arm.pretraining,
        "tuning": arm.tuning,
        "head": plan.preset.head,
        "seeds": list(plan.seeds),
        "miou": miou,
        "miou_mean": rounded(float(np.mean(miou))),
        "miou_ci95": [rounded(low), rounded(high)],
        "per_class_iou": [[_percent(v) for v in per_class_iou(run.confusion).tolist()] for run in runs],
        "confusion": torch.stack([run.confusion for run in runs]).sum(0).tolist(),
        "steps": arm.steps(plan.preset),
        "seconds": [run.seconds for run in runs],
        "knn_purity": {"before": [rounded(b) for b, _ in purity], "after": [rounded(a) for _, a in purity]}
        if purity
        else None,
    }


def _comparison(a: str, b: str, miou: dict[str, list[float]]) -> dict[str, Any]:
    difference, ci95 = paired_difference(miou[a], miou[b])
    return {
        "a": a,
        "b": b,
        "difference": rounded(difference),
        "ci95": [rounded(end) for end in ci95],
        "paired_by": "seed",
    }


def rounded(value: float | None) -> float | None:
    """Four places; None where there is no number."""
    return None if value is None or np.isnan(value) else round(value, 4)


def _percent(share: float) -> Any:
    return rounded(100 * share)
