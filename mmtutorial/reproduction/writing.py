"""``reproduction.json``: everything that the tables and the page need, in one file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mmtutorial.experiment import Plan, Runner
from mmtutorial.experiment.arms import Arm
from mmtutorial.experiment.data import experiment_data
from mmtutorial.experiment.results import arm_entry, machine, proxies, rounded, versions
from mmtutorial.experiment.runner import ArmRun
from mmtutorial.files import read_json, write_json
from mmtutorial.reproduction.ablations import ABLATIONS
from mmtutorial.reproduction.ensemble import run_ensemble
from mmtutorial.reproduction.grid import Cell, Reproduction, ensemble_of, held, run_grid
from mmtutorial.reproduction.jobs import open_runner
from mmtutorial.reproduction.rows import BENCHMARK_OF
from mmtutorial.results.statistics import paired_difference
from mmtutorial.settings.presets import NETWORKS


def reproduce(reproduction: Reproduction, *, resume: bool, workers: int) -> dict[str, Any]:
    """Run a reproduction to its end and write ``OUT/reproduction.json``.

    Args:
        reproduction: what to run, and where.
        resume: whether the folder may hold an earlier attempt, to be gone on with.
        workers: processes.

    Returns:
        What was written. mIoU in percent; ``seconds`` is the time of the attempt that finished it.

    Raises:
        InputError: the folder holds another reproduction; the data cannot be opened.
    """
    with held(reproduction):
        seconds = run_grid(reproduction, resume=resume, workers=workers)
        path = reproduction.out / "reproduction.json"
        # A finished reproduction that is only read again keeps the time that it took.
        earlier = read_json(path)["seconds"] if path.exists() else 0.0
        found = _reproduction(reproduction, max(seconds, earlier))
        write_json(path, found)
        return found


def _reproduction(reproduction: Reproduction, seconds: float) -> dict[str, Any]:
    request = reproduction.request
    runners = [(cell, _runner(reproduction, cell)) for cell in reproduction.cells()]
    plans = {dataset: request.plan(dataset, request.networks[0], ["random"]) for dataset in request.datasets}
    return {
        "schema": 1,
        "command": reproduction.command,
        "preset": request.preset,
        "dataset": ",".join(request.datasets),
        "seeds": list(request.seeds),
        "versions": versions(),
        "machine": machine(),
        "seconds": round(seconds, 1),
        "settings": plans[request.datasets[0]].settings(),
        "benchmarks": [_benchmark(plan) for plan in plans.values()],
        "networks": {
            name: {"stands_for": NETWORKS[name].stands_for, "about": NETWORKS[name].about} for name in request.networks
        },
        "rows": [row for cell, runner in runners for row in _rows(cell, runner)],
        "proxies": [{**_where(cell), "seeds": list(request.seeds), **p} for cell, r in runners for p in proxies(r)],
        "comparisons": [found for cell, runner in runners for found in _comparisons(cell, _rows(cell, runner))],
        "ablations": _ablations(reproduction),
    }


def _runner(reproduction: Reproduction, cell: Cell) -> Runner:
    return open_runner(reproduction.job("train", cell.plan, cell.out))


def _where(cell: Cell) -> dict[str, str]:
    return {"benchmark": cell.dataset, "network": cell.network}


def _benchmark(plan: Plan) -> dict[str, Any]:
    data = experiment_data(plan.request, plan.preset)
    return {
        "name": plan.request.dataset,
        "stands_for": BENCHMARK_OF[plan.request.dataset],
        "classes": list(data.classes.names),
        "palette": [list(colour) for colour in data.classes.palette],
        "background_ids": list(data.classes.background_ids),
        "labeled": len(data.labeled),
        "images_evaluated": len(data.scored),
        "evaluated_on": data.scored_on,
    }


def _rows(cell: Cell, runner: Runner) -> list[dict[str, Any]]:
    """Every arm of a cell, as in ``results.json``; and the ensemble."""
    finished = {(arm.name, seed): runner.run_arm(arm, seed) for arm in cell.plan.arms for seed in cell.plan.seeds}
    rows = [_row(cell, arm_entry(arm, cell.plan, finished)) for arm in cell.plan.arms]
    ensemble = ensemble_of(cell)
    if ensemble is not None:
        rows.append(_row(cell, _ensemble_entry(cell, runner, ensemble.arms)))
    return rows


def _row(cell: Cell, entry: dict[str, Any]) -> dict[str, Any]:
    return {**_where(cell), "arm": entry["name"], **{key: value for key, value in entry.items() if key != "name"}}


def _ensemble_entry(cell: Cell, runner: Runner, arms: tuple[Arm, ...]) -> dict[str, Any]:
    """An entry like that of the second arm, with the ensemble's numbers and the steps of both."""
    both = Runner(replace(cell.plan, arms=arms), runner.out, runner.fabric, command=runner.command, resume=True)
    runs: list[ArmRun] = run_ensemble(both)
    second = arms[-1]
    entry = arm_entry(second, cell.plan, {(second.name, s): r for s, r in zip(cell.plan.seeds, runs, strict=True)})
    steps = [arm.steps(cell.plan.preset) for arm in arms]
    return {
        **entry,
        "name": "&".join(arm.name for arm in arms),
        "pretraining": "&".join(arm.pretraining for arm in arms),
        "tuning": "ensemble",
        "steps": {key: sum(one[key] for one in steps) for key in steps[0]},
    }


def _comparisons(cell: Cell, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every row less every other, each pair once: the page picks those that a claim needs."""
    found = []
    for place, a in enumerate(rows):
        for b in rows[:place]:
            difference, ci95 = paired_difference(a["miou"], b["miou"])
            found.append(
                {
                    **_where(cell),
                    "a": a["arm"],
                    "b": b["arm"],
                    "difference": rounded(difference),
                    "ci95": [rounded(end) for end in ci95],
                    "per_seed": [rounded(x - y) for x, y in zip(a["miou"], b["miou"], strict=True)],
                }
            )
    return found


def _ablations(reproduction: Reproduction) -> list[dict[str, Any]]:
    cells = reproduction.ablation_cells()
    found = []
    for ablation in ABLATIONS:
        points = [
            {"value": cell.value, **{key: row[key] for key in ("arm", "seeds", "miou", "miou_mean", "miou_ci95")}}
            for cell in cells
            if cell.ablation == ablation.name
            for row in _rows(cell, _runner(reproduction, cell))
        ]
        if points:
            where = _where(next(cell for cell in cells if cell.ablation == ablation.name))
            about = {"name": ablation.name, "title": ablation.title, "setting": ablation.setting}
            found.append({**about, **where, "points": points})
    return found
