"""The grid of a reproduction: data sets x networks x arms x seeds, as jobs that can be stopped and resumed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmtutorial.datasets import DATASETS, roles
from mmtutorial.errors import InputError, unknown
from mmtutorial.experiment import Arm, Plan, Request, parse_arms
from mmtutorial.experiment.claim import claim, refuse_other_run
from mmtutorial.experiment.data import experiment_data
from mmtutorial.experiment.rehearsal import rehearse
from mmtutorial.experiment.stages import Stages
from mmtutorial.files import sweep
from mmtutorial.locks import exclusive
from mmtutorial.reproduction.ablations import ABLATIONS
from mmtutorial.reproduction.afterwards import arms_after
from mmtutorial.reproduction.executors import run_jobs, workforce
from mmtutorial.reproduction.jobs import Job, Task
from mmtutorial.reproduction.paper import ENSEMBLE, VOC
from mmtutorial.reproduction.rows import BENCHMARK_OF, arms_of_tables, arms_of_variants, with_imagenet
from mmtutorial.results.folder import ReproductionFolder, RunFolder
from mmtutorial.results.reading import read_reproduction
from mmtutorial.results.records import Command
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import NETWORKS, get_preset
from mmtutorial.settings.workers import Workers

_ABLATION_SEEDS = 3
"""An ablation shows a course, not a digit: the first few seeds are enough."""
_GROWING = ("datasets", "networks", "parts", "seeds")
"""What may differ from command to command in one folder."""


@dataclass(frozen=True)
class Scope:
    """What a reproduction covers, as asked for.

    Attributes:
        datasets: each stands for a benchmark of the slides.
        networks: names in :data:`mmtutorial.settings.presets.NETWORKS`; the first is used for variants and ablations.
        preset: name.
        parts: names in :data:`mmtutorial.reproduction.rows.PARTS`.
        seeds: each arm runs once with each.
        root: folder of the data, or None for built-in data.
        classes: class names to keep.
        labeled: labelled training images.
        validate: score on the images kept for choosing.
        settings: changes of the preset, path to text.
    """

    datasets: tuple[str, ...]
    networks: tuple[str, ...]
    preset: str
    parts: tuple[str, ...]
    seeds: tuple[int, ...]
    root: Path | None = None
    classes: tuple[str, ...] | None = None
    labeled: int | None = None
    validate: bool = False
    settings: tuple[tuple[str, str], ...] = ()

    def same(self) -> dict[str, Any]:
        """What must stay the same when a reproduction is gone on with; seeds, networks and the like may be added."""
        settings = json.loads(json.dumps(asdict(self), default=str))
        return {name: settings[name] for name in ("preset", "root", "classes", "labeled", "validate", "settings")}

    def covers(self) -> dict[str, list[Any]]:
        """The rest, which may grow from command to command."""
        return {name: list(getattr(self, name)) for name in _GROWING}

    def plan(self, dataset: str, network: str, arms: list[str]) -> Plan:
        """The plan of one data set and network."""
        preset = override(get_preset(self.preset, dataset, network), dict(self.settings))
        data = Request(dataset, self.root, self.classes, self.labeled, self.validate)
        return Plan(data, preset, tuple(parse_arms(",".join(arms))), self.seeds)


@dataclass(frozen=True)
class Cell:
    """One run of the grid: a data set and a network, and where it lives."""

    dataset: str
    network: str
    plan: Plan
    folder: RunFolder
    ablation: str | None = None
    value: float | None = None


@dataclass(frozen=True)
class Grid:
    """A reproduction in a folder."""

    scope: Scope
    out: Path
    command: str
    machine: Machine

    @property
    def folder(self) -> ReproductionFolder:
        """Where its files lie."""
        return ReproductionFolder(self.out)

    def cells(self) -> list[Cell]:
        """The runs for the tables and the variants."""
        found = []
        for dataset in self.scope.datasets:
            for network in self.scope.networks:
                names = self._arms(dataset, network)
                if names:
                    plan = self.scope.plan(dataset, network, names)
                    found.append(Cell(dataset, network, plan, self.folder.run(dataset, network)))
        return found

    def ablation_cells(self) -> list[Cell]:
        """The runs for the ablations, of the first data set and network."""
        wanted = [ablation for ablation in ABLATIONS if ablation.name in self.scope.parts]
        if not wanted:
            return []
        dataset, network = self.scope.datasets[0], self.scope.networks[0]
        base = replace(self.scope.plan(dataset, network, ["random"]), seeds=self.scope.seeds[:_ABLATION_SEEDS])
        available = _training_images(base.request)
        found = []
        for ablation in wanted:
            for value, plan in ablation.plans(base, available):
                # At the preset's own value the runs are those of the tables.
                same = plan.settings() == base.settings()
                folder = self.folder.run(dataset, network) if same else self.folder.ablation(ablation.name, value)
                found.append(Cell(dataset, network, plan, folder, ablation.name, value))
        return found

    def training_jobs(self) -> list[Job]:
        """A job for each folder, pre-training and seed: nothing that two of them share is trained."""
        wanted: dict[tuple[RunFolder, str, int], Plan] = {}
        for cell in [*self.cells(), *self.ablation_cells()]:
            for arms in _by_pretraining(cell.plan):
                for seed in cell.plan.seeds:
                    key = cell.folder, arms[0].pretraining, seed
                    others = wanted[key].arms if key in wanted else ()
                    wanted[key] = replace(cell.plan, arms=tuple(dict.fromkeys((*others, *arms))), seeds=(seed,))
        return [self.job("train", plan, folder) for (folder, _, _), plan in wanted.items()]

    def closing_jobs(self) -> list[Job]:
        """Ensembles and pictures, which need trained networks."""
        found = []
        for cell in self.cells():
            ensemble = ensemble_of(cell)
            if ensemble:
                found += [self.job("ensemble", replace(ensemble, seeds=(s,)), cell.folder) for s in cell.plan.seeds]
            found.append(self.job("pictures", cell.plan, cell.folder))
        return found

    def _arms(self, dataset: str, network: str) -> list[str]:
        if dataset not in BENCHMARK_OF:
            raise unknown("data set", dataset, BENCHMARK_OF)
        if network not in NETWORKS:
            raise unknown("network", network, NETWORKS)
        benchmark, parts = BENCHMARK_OF[dataset], self.scope.parts
        names = arms_of_tables(benchmark, NETWORKS[network].stands_for) if "tables" in parts else []
        if "later" in parts:
            names += arms_after(benchmark, NETWORKS[network].stands_for)
        if "variants" in parts and (dataset, network) == (self.scope.datasets[0], self.scope.networks[0]):
            names += arms_of_variants()
        return list(dict.fromkeys(with_imagenet(names, self.scope.preset, network)))

    def job(self, task: Task, plan: Plan, folder: RunFolder) -> Job:
        """A job of this reproduction."""
        return Job(task, plan, str(folder.path), self.command, self.machine)


@contextmanager
def held(grid: Grid, *, resume: bool, force: bool) -> Iterator[None]:
    """Hold the folder of a reproduction and those of its runs for this process.

    Raises:
        InputError: another process works in one of them, it cannot be written, or it holds something else.
    """
    runs = dict.fromkeys(RunFolder(Path(job.out)) for job in grid.training_jobs())
    with ExitStack() as stack:
        stack.enter_context(exclusive(grid.out, remedy="choose another --out"))
        refuse_other_run(grid.folder, grid.scope.same(), resume=resume, force=force, runs=runs)
        for run in runs:
            stack.enter_context(exclusive(run.path, remedy="choose another --out"))
        yield


def run_grid(grid: Grid, *, workers: Workers) -> tuple[tuple[Command, ...], float]:
    """Run a reproduction to its end, in a folder that is :func:`held`.

    Returns:
        The commands that worked in the folder, this one last; and the seconds it took, this time.

    Raises:
        InputError: the data cannot be opened; no network can be trained with these settings; ImageNet's weights are
            wanted and cannot be downloaded.
    """
    jobs = grid.training_jobs()
    begun = time.monotonic()
    # First of all, so that a cluster that is not there leaves nothing behind.
    with workforce(workers, grid.machine, len(jobs), grid.folder.path / "slurm") as doing:
        # Now and not when their turn comes, which may be days later.
        for job in {(job.out, job.plan.arms[0].pretraining): job for job in jobs}.values():
            data = experiment_data(job.plan.request, job.plan.preset)
            rehearse(Stages(job.plan, data, Path(job.out), job.machine), job.plan.arms)
        commands = claim(grid.folder, grid.scope.same(), grid.command, grid.scope.covers())
        # Here and not in the jobs, two of which would write the same file at the same moment.
        for job in jobs:
            claim(RunFolder(Path(job.out)), job.plan.settings(), job.command)
        sweep(grid.out)
        run_jobs(jobs, doing, "training")
        run_jobs(grid.closing_jobs(), doing, "pictures")
    return commands, time.monotonic() - begun


def all_scopes(grid: Grid, commands: Sequence[Command]) -> list[Scope]:
    """What every command of a folder covered, the earliest first."""
    scopes = [_scope(grid.scope, command.covers) for command in commands if command.covers]
    if len(scopes) < len(commands):
        # Before commands were written down, what was covered stood in the results alone.
        with suppress(InputError):
            found = read_reproduction(grid.out)
            parts = [each.name for each in found.ablations] + (["tables", "variants"] if found.rows else [])
            names = [b.name for b in found.benchmarks], list(found.network_table), parts, list(found.seeds)
            scopes.insert(0, _scope(grid.scope, dict(zip(_GROWING, names, strict=True))))
    return scopes


def _scope(scope: Scope, covers: Mapping[str, list[Any]]) -> Scope:
    datasets, networks, parts, seeds = (tuple(covers[name]) for name in _GROWING)
    return replace(scope, datasets=datasets, networks=networks, parts=parts, seeds=seeds)


def ensemble_of(cell: Cell) -> Plan | None:
    """The plan of the slides' ensemble, where both of its arms are run: objects, on the network of VGG-16."""
    if BENCHMARK_OF[cell.dataset] != VOC or NETWORKS[cell.network].stands_for != "VGG-16":
        return None
    arms = {arm.name: arm for arm in cell.plan.arms}
    wanted = with_imagenet(ENSEMBLE.split("&"), cell.plan.preset.name, cell.network)
    return replace(cell.plan, arms=tuple(arms[name] for name in wanted)) if set(wanted) <= set(arms) else None


def _by_pretraining(plan: Plan) -> Iterator[tuple[Arm, ...]]:
    for pretraining in dict.fromkeys(arm.pretraining for arm in plan.arms):
        yield tuple(arm for arm in plan.arms if arm.pretraining == pretraining)


def _training_images(request: Request) -> int:
    """How many labelled images there are to choose from, less the tenth that may be kept for choosing settings."""
    split = roles(request.dataset, request.root)
    listed = len(DATASETS[request.dataset].opener(request.root, split.train))
    return listed if split.choose else int(0.9 * listed)
