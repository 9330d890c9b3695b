"""From a finished grid to ``reproduction.json``: everything that the tables and the page need, in one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from msgspec import structs

from mmtutorial.errors import InputError
from mmtutorial.experiment import Runner
from mmtutorial.experiment.data import experiment_data
from mmtutorial.experiment.results import arm_scores, as_written, not_scored_warning, proxy_scores
from mmtutorial.experiment.runner import ArmRun
from mmtutorial.reproduction.ablations import ABLATIONS
from mmtutorial.reproduction.ensemble import ensemble_name, run_ensemble
from mmtutorial.reproduction.grid import Cell, Grid, all_scopes, ensemble_of, held, run_grid
from mmtutorial.reproduction.jobs import open_runner
from mmtutorial.reproduction.rows import BENCHMARK_OF
from mmtutorial.results.origin import machine, versions
from mmtutorial.results.reading import read_reproduction, write_record
from mmtutorial.results.records import ArmScores, Command, subtract
from mmtutorial.results.reproduction import (
    AblationScores,
    Benchmark,
    OurNetwork,
    Point,
    ProxyRow,
    Reproduction,
    Row,
    RowDifference,
)
from mmtutorial.settings.presets import NETWORKS
from mmtutorial.settings.workers import Workers

Item = TypeVar("Item")


def reproduce(grid: Grid, *, resume: bool, workers: Workers, force: bool = False) -> Reproduction:
    """Run a reproduction to its end and write ``OUT/reproduction.json``.

    Args:
        grid: what to run, and where.
        resume: whether the folder may hold an earlier attempt, to be gone on with.
        workers: who does the jobs.
        force: whether the folder may hold files of others, of which those in the way are overwritten.

    Returns:
        What was written: this grid, and whatever earlier commands finished in the folder. mIoU in percent; ``seconds``
        is the time of the attempt that finished it.

    Raises:
        InputError: the folder holds another reproduction; the data cannot be opened.
    """
    with held(grid, resume=resume, force=force):
        commands, seconds = run_grid(grid, workers=workers)
        with suppress(InputError):
            # A finished reproduction that is only read again keeps the time that it took.
            seconds = max(seconds, read_reproduction(grid.out).seconds or 0.0)
        found = _reproduction(grid, commands, seconds)
        write_record(grid.folder.results, found)
        return found


def _reproduction(grid: Grid, commands: tuple[Command, ...], seconds: float) -> Reproduction:
    grids = [replace(grid, scope=scope) for scope in all_scopes(grid, commands)]
    cells = _merged(cell for each in grids for cell in each.cells())
    rows = {cell: _rows(grid, cell) for cell in cells}
    datasets = _union(each.scope.datasets for each in grids)
    networks = _union(each.scope.networks for each in grids)
    benchmarks = [_benchmark(grid, dataset, networks[0], rows) for dataset in datasets]
    return Reproduction(
        date=commands[-1].date,
        command=commands[-1].command,
        commands=commands,
        preset=grid.scope.preset,
        dataset=",".join(datasets),
        seeds=_union(each.scope.seeds for each in grids),
        versions=versions(),
        machine=machine(),
        seconds=round(seconds, 1),
        settings=grid.scope.plan(datasets[0], networks[0], ["random"]).settings(),
        warnings=tuple(sentence for b in benchmarks for sentence in _warnings(grid, b, networks[0])),
        benchmarks=tuple(benchmarks),
        network_table={n: OurNetwork(NETWORKS[n].stands_for, NETWORKS[n].about, n) for n in networks},
        rows=tuple(row for each in rows.values() for row in each),
        proxies=tuple(proxy for cell, each in rows.items() for proxy in _proxies(grid, cell, each)),
        comparisons=tuple(found for each in rows.values() for found in _differences(each)),
        ablations=tuple(_ablations(grid, _merged(cell for each in grids for cell in each.ablation_cells()))),
    )


def _union(groups: Iterable[tuple[Item, ...]]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _merged(cells: Iterable[Cell]) -> list[Cell]:
    """One cell for each run of several commands, with the arms and seeds of all of them."""
    found: dict[tuple[str, str | None, float | None], Cell] = {}
    for cell in cells:
        key = str(cell.folder.path), cell.ablation, cell.value
        plans = [found[key].plan, cell.plan] if key in found else [cell.plan]
        arms, seeds = _union(plan.arms for plan in plans), _union(plan.seeds for plan in plans)
        found[key] = replace(cell, plan=replace(cell.plan, arms=arms, seeds=seeds))
    return list(found.values())


def _runner(grid: Grid, cell: Cell) -> Runner:
    return open_runner(grid.job("train", cell.plan, cell.folder))


def _rows(grid: Grid, cell: Cell) -> list[Row]:
    """Every arm of a cell that is finished with any seed; and the ensemble."""
    done, found = set(cell.folder.evaluated()), []
    if not done:
        return []
    runner = _runner(grid, cell)
    for arm in cell.plan.arms:
        runs = {seed: runner.run_arm(arm, seed) for seed in cell.plan.seeds if (arm.name, seed) in done}
        if runs:
            found.append(arm_scores(arm, cell.plan.preset, runs))
    ensemble = ensemble_of(cell)
    if ensemble is not None:
        seeds = tuple(seed for seed in cell.plan.seeds if (ensemble_name(ensemble), seed) in done)
        both = Runner(replace(ensemble, seeds=seeds), runner.out, runner.machine, command=runner.command, resume=True)
        if seeds:
            found.append(_ensemble_scores(both, dict(zip(seeds, run_ensemble(both), strict=True))))
    return [Row(**structs.asdict(scores), benchmark=cell.dataset, network=cell.network) for scores in found]


def _ensemble_scores(both: Runner, runs: Mapping[int, ArmRun]) -> ArmScores:
    """Scores like those of the second arm, with the ensemble's numbers and the steps of both."""
    arms, preset = both.plan.arms, both.plan.preset
    steps = [arm.steps(preset) for arm in arms]
    return structs.replace(
        arm_scores(arms[-1], preset, runs),
        arm=ensemble_name(both.plan),
        pretraining="&".join(arm.pretraining for arm in arms),
        tuning="ensemble",
        steps={key: sum(one[key] for one in steps) for key in steps[0]},
    )


def _proxies(grid: Grid, cell: Cell, rows: list[Row]) -> list[ProxyRow]:
    found = proxy_scores(_runner(grid, cell), rows) if rows else []
    return [ProxyRow(**structs.asdict(proxy), benchmark=cell.dataset, network=cell.network) for proxy in found]


def _differences(rows: list[Row]) -> list[RowDifference]:
    """Every row less every other, each pair once: the page picks those that a claim needs."""
    pairs = ((a, b, subtract(a, b)) for place, a in enumerate(rows) for b in rows[:place])
    return [
        RowDifference(**structs.asdict(as_written(found)), benchmark=a.benchmark, network=a.network)
        for a, b, found in pairs
        if found
    ]


def _benchmark(grid: Grid, dataset: str, network: str, rows: Mapping[Cell, list[Row]]) -> Benchmark:
    data = experiment_data((plan := grid.scope.plan(dataset, network, ["random"])).request, plan.preset)
    scored = [row for each in rows.values() for row in each if row.benchmark == dataset]
    return Benchmark(
        name=dataset,
        stands_for=BENCHMARK_OF[dataset],
        names=data.classes.names,
        palette=data.classes.palette,
        background_ids=data.classes.background_ids,
        labeled=len(data.labeled),
        images_evaluated=len(data.scored),
        evaluated_on=data.scored_on,
        classes_not_scored=tuple(
            name for name, counts in zip(data.classes.names, scored[0].pixels, strict=True) if not any(counts)
        )
        if scored
        else (),
    )


def _warnings(grid: Grid, found: Benchmark, network: str) -> list[str]:
    plan = grid.scope.plan(found.name, network, ["random"])
    labels = experiment_data(plan.request, plan.preset).warnings
    not_scored = not_scored_warning(found.classes_not_scored, found.evaluated_on or "")
    return [f"{found.name}: {sentence}" for sentence in (*labels, *not_scored)]


def _ablations(grid: Grid, cells: list[Cell]) -> list[AblationScores]:
    found = []
    for ablation in ABLATIONS:
        own = [cell for cell in cells if cell.ablation == ablation.name]
        points = [
            Point(value=cell.value, arm=row.arm, seeds=row.seeds, miou=row.miou, mean=row.mean, ci95=row.ci95)
            for cell in own
            for row in _rows(grid, cell)
            if cell.value is not None
        ]
        if points:
            found.append(
                AblationScores(
                    name=ablation.name,
                    heading=ablation.title,
                    setting=ablation.setting,
                    benchmark=own[0].dataset,
                    network=own[0].network,
                    points=tuple(points),
                )
            )
    return found
