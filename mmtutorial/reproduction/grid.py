"""The grid of a reproduction: data sets x networks x arms x seeds, as jobs that can be stopped and resumed.

::

    OUT/run.json                    what was asked for
    OUT/scenes-tiny/                one run for each data set and network, as ``mmtutorial run`` leaves it
    OUT/ablations/labeled-25/       one for each value of an ablation that differs from the preset's
    OUT/reproduction.json           written at the end
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmtutorial.datasets import DATASETS, roles
from mmtutorial.errors import unknown
from mmtutorial.experiment import Arm, Plan, parse_arms
from mmtutorial.experiment import Request as DataRequest
from mmtutorial.experiment.claim import claim, earlier_command
from mmtutorial.experiment.data import experiment_data
from mmtutorial.experiment.rehearsal import rehearse
from mmtutorial.experiment.stages import Stages
from mmtutorial.files import sweep
from mmtutorial.locks import exclusive
from mmtutorial.reproduction.ablations import ABLATIONS
from mmtutorial.reproduction.jobs import Job, Task, run_jobs
from mmtutorial.reproduction.paper import ENSEMBLE, VOC
from mmtutorial.reproduction.rows import BENCHMARK_OF, arms_of_tables, arms_of_variants, with_imagenet
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import NETWORKS, get_preset
from mmtutorial.training.devices import make_fabric

_ABLATION_SEEDS = 3
"""An ablation shows a course, not a digit: the first few seeds are enough."""
_PICTURED = ("triplets", "graph", "shuffled", "supcon")
"""Ways to tune whose embeddings are drawn."""


@dataclass(frozen=True)
class Request:
    """A reproduction as asked for.

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
    root: str | None = None
    classes: tuple[str, ...] | None = None
    labeled: int | None = None
    validate: bool = False
    settings: tuple[tuple[str, str], ...] = ()

    def same(self) -> dict[str, Any]:
        """What must stay the same when a reproduction is gone on with; seeds, networks and the like may be added."""
        settings = json.loads(json.dumps(asdict(self)))
        return {name: settings[name] for name in ("preset", "root", "classes", "labeled", "validate", "settings")}

    def plan(self, dataset: str, network: str, arms: list[str]) -> Plan:
        """The plan of one data set and network."""
        preset = override(get_preset(self.preset, dataset, network), dict(self.settings))
        data = DataRequest(dataset, self.root, self.classes, self.labeled, self.validate)
        return Plan(data, preset, tuple(parse_arms(",".join(arms))), self.seeds)


@dataclass(frozen=True)
class Cell:
    """One run of the grid: a data set and a network, and where it lives."""

    dataset: str
    network: str
    plan: Plan
    out: Path
    ablation: str | None = None
    value: float | None = None


@dataclass(frozen=True)
class Reproduction:
    """A reproduction in a folder."""

    request: Request
    out: Path
    command: str
    accelerator: str = "auto"
    precision: str = "32-true"
    devices: int = 1
    loaders: int = 0

    def cells(self) -> list[Cell]:
        """The runs for the tables and the variants."""
        found = []
        for dataset in self.request.datasets:
            for network in self.request.networks:
                names = self._arms(dataset, network)
                if names:
                    plan = self.request.plan(dataset, network, names)
                    found.append(Cell(dataset, network, plan, self._folder(dataset, network)))
        return found

    def ablation_cells(self) -> list[Cell]:
        """The runs for the ablations, of the first data set and network."""
        wanted = [ablation for ablation in ABLATIONS if ablation.name in self.request.parts]
        if not wanted:
            return []
        dataset, network = self.request.datasets[0], self.request.networks[0]
        base = replace(self.request.plan(dataset, network, ["random"]), seeds=self.request.seeds[:_ABLATION_SEEDS])
        available = _training_images(base.request)
        found = []
        for ablation in wanted:
            for value, plan in ablation.plans(base, available):
                # At the preset's own value the runs are those of the tables.
                same = plan.settings() == base.settings()
                out = self._folder(dataset, network) if same else self.out / "ablations" / f"{ablation.name}-{value:g}"
                found.append(Cell(dataset, network, plan, out, ablation.name, value))
        return found

    def training_jobs(self) -> list[Job]:
        """A job for each folder, pre-training and seed: nothing that two of them share is trained."""
        wanted: dict[tuple[Path, str, int], Plan] = {}
        for cell in [*self.cells(), *self.ablation_cells()]:
            for arms in _by_pretraining(cell.plan):
                for seed in cell.plan.seeds:
                    key = cell.out, arms[0].pretraining, seed
                    others = wanted[key].arms if key in wanted else ()
                    wanted[key] = replace(cell.plan, arms=tuple(dict.fromkeys((*others, *arms))), seeds=(seed,))
        return [self.job("train", plan, out) for (out, _, _), plan in wanted.items()]

    def closing_jobs(self) -> list[Job]:
        """Ensembles and pictures, which need trained networks."""
        found = []
        for cell in self.cells():
            ensemble = ensemble_of(cell)
            if ensemble:
                found += [self.job("ensemble", replace(ensemble, seeds=(seed,)), cell.out) for seed in cell.plan.seeds]
            pictured = tuple(arm for arm in cell.plan.arms if not arm.tuned or arm.suffix in _PICTURED)
            found.append(self.job("pictures", replace(cell.plan, arms=pictured), cell.out))
        return found

    def _arms(self, dataset: str, network: str) -> list[str]:
        if dataset not in BENCHMARK_OF:
            raise unknown("data set", dataset, BENCHMARK_OF)
        if network not in NETWORKS:
            raise unknown("network", network, NETWORKS)
        benchmark, parts = BENCHMARK_OF[dataset], self.request.parts
        names = arms_of_tables(benchmark, NETWORKS[network].stands_for) if "tables" in parts else []
        if "variants" in parts and (dataset, network) == (self.request.datasets[0], self.request.networks[0]):
            names += arms_of_variants()
        return list(dict.fromkeys(with_imagenet(names, self.request.preset, network)))

    def _folder(self, dataset: str, network: str) -> Path:
        return self.out / f"{dataset}-{network}"

    def job(self, task: Task, plan: Plan, out: Path) -> Job:
        """A job of this reproduction."""
        return Job(task, plan, str(out), self.command, self.accelerator, self.precision, self.devices, self.loaders)


@contextmanager
def held(reproduction: Reproduction) -> Iterator[None]:
    """Hold the folder of a reproduction and those of its runs for this process.

    Raises:
        InputError: another process works in one of them, or it cannot be written.
    """
    with ExitStack() as stack:
        for folder in dict.fromkeys([reproduction.out, *(Path(job.out) for job in reproduction.training_jobs())]):
            stack.enter_context(exclusive(folder, remedy="choose another --out"))
        yield


def run_grid(reproduction: Reproduction, *, resume: bool, workers: int) -> float:
    """Run a reproduction to its end.

    Returns:
        The seconds it took, this time.

    Raises:
        InputError: the folder holds another reproduction; the data cannot be opened; ImageNet's weights are wanted
            and cannot be downloaded.
    """
    out, settings = reproduction.out, reproduction.request.same()
    jobs = reproduction.training_jobs()
    earlier_command(out, settings, resume=resume, runs=[Path(job.out) for job in jobs])
    begun = time.monotonic()
    # Now and not when their turn comes, which may be days later.
    for job in {(job.out, job.plan.arms[0].pretraining): job for job in jobs}.values():
        data = experiment_data(job.plan.request, job.plan.preset)
        fabric = make_fabric(job.accelerator, job.precision, job.devices)
        rehearse(Stages(job.plan, data, Path(job.out), fabric), job.plan.arms)
    claim(out, settings, reproduction.command)
    # Here and not in the jobs, two of which would write the same file at the same moment.
    for job in jobs:
        claim(Path(job.out), job.plan.settings(), job.command)
    sweep(out)
    run_jobs(jobs, workers, "training")
    run_jobs(reproduction.closing_jobs(), workers, "pictures")
    return time.monotonic() - begun


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


def _training_images(request: DataRequest) -> int:
    """How many labelled images there are to choose from, less the tenth that may be kept for choosing settings."""
    split = roles(request.dataset, request.root)
    listed = len(DATASETS[request.dataset].opener(request.root, split.train))
    return listed if split.choose else int(0.9 * listed)
