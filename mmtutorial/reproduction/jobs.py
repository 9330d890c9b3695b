"""One job: arms that share stages, with one seed. Plain data and a plain function of it.

A job can be pickled and sent anywhere that sees the same folders. Here an executor of ``concurrent.futures`` runs it
on processes of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from tqdm.auto import tqdm

from mmtutorial.errors import InputError
from mmtutorial.experiment import Plan, Runner, write_pictures
from mmtutorial.reproduction.ensemble import run_ensemble
from mmtutorial.settings.machine import Machine
from mmtutorial.training.processes import worker_processes

Task = Literal["train", "ensemble", "pictures"]

_PICTURED = ("triplets", "graph", "shuffled", "supcon")
"""Ways to tune whose embeddings are drawn."""


@dataclass(frozen=True)
class Job:
    """What to do, with what, where.

    Attributes:
        task: ``train`` arms; score an ``ensemble`` of the plan's two arms; or draw ``pictures``.
        plan: arms and seeds.
        out: folder of the benchmark and network, shared with other jobs that work on other files in it.
        command: the command line, for the record.
        machine: what trains.
    """

    task: Task
    plan: Plan
    out: str
    command: str
    machine: Machine

    @property
    def cost(self) -> int:
        """Gradient steps, roughly: each shared stage once, long jobs first make a short end."""
        steps = [arm.steps(self.plan.preset) for arm in self.plan.arms]
        apart = sum(s["tuning"] + s["segmentation"] for s in steps)
        return (apart + max((s["proxy"] for s in steps), default=0)) * len(self.plan.seeds)

    def __str__(self) -> str:
        arms = self.plan.arms[0].pretraining if self.task == "train" else self.task
        return f"{Path(self.out).name} {arms}, seed {', '.join(map(str, self.plan.seeds))}"


def open_runner(job: Job) -> Runner:
    """The runner of a job. Whatever is finished in its folder is not done again."""
    return Runner(job.plan, Path(job.out), job.machine, command=job.command, resume=True)


def run_job(job: Job) -> str:
    """Do a job, or what is left of it. Returns its name."""
    runner = open_runner(job)
    if job.task == "train":
        runner.run()
    elif job.task == "ensemble":
        run_ensemble(runner)
    else:
        write_pictures(runner, lambda arm: not arm.tuned or arm.suffix in _PICTURED)
    return str(job)


def run_jobs(jobs: Sequence[Job], workers: int, title: str) -> None:
    """Do jobs with one progress bar for all.

    They come seed by seed, so that what is there when someone stops it early is whole; long ones first.

    Raises:
        InputError: a job met bad input, or its process was killed; the others are stopped, and what they finished is
            kept.
    """
    if workers < 1:
        raise InputError(f"workers is {workers}; give 1 or more processes")
    ordered = sorted(jobs, key=lambda job: (job.plan.seeds, -job.cost))
    with tqdm(total=len(ordered), desc=title, unit="job") as bar:
        for name in _done(ordered, min(workers, len(ordered))):
            bar.set_postfix_str(f"done: {name}")
            bar.update()


def _done(jobs: Sequence[Job], workers: int) -> Iterator[str]:
    """Names of jobs as they are finished; one worker is this process."""
    if workers <= 1:
        yield from map(run_job, jobs)
        return
    with worker_processes(workers) as pool:
        for job in as_completed([pool.submit(run_job, job) for job in jobs]):
            yield job.result()


def default_workers(machine: Machine) -> int:
    """A process for each core; one where a GPU does the work, which several would share."""
    on_gpu = machine.accelerator in ("auto", "cuda") and torch.cuda.is_available()
    return 1 if on_gpu or machine.accelerator == "mps" else max(1, os.cpu_count() or 1)
