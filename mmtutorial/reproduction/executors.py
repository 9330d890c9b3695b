"""Who does the jobs of a grid: one way to give jobs away, and one file for each kind of cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from tqdm.auto import tqdm

from mmtutorial.reproduction.jobs import Job, Submit, run_job
from mmtutorial.reproduction.on_dask import dask_workers
from mmtutorial.reproduction.on_slurm import slurm_jobs
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.workers import Workers
from mmtutorial.training.processes import worker_processes

Doing = Callable[[Sequence[Job]], Iterator[str]]
"""Does jobs, and names each as it is finished."""


def run_jobs(jobs: Sequence[Job], doing: Doing, title: str) -> None:
    """Do jobs with one progress bar for all.

    They come seed by seed, so that what is there when someone stops it early is whole; long ones first.

    Raises:
        InputError: a job met bad input, or whoever did it was killed.
    """
    ordered = sorted(jobs, key=lambda job: (job.plan.seeds, -job.cost))
    with tqdm(total=len(ordered), desc=title, unit="job") as bar:
        for name in doing(ordered):
            bar.set_postfix_str(f"done: {name}")
            bar.update()


@contextmanager
def workforce(workers: Workers, machine: Machine, jobs: int, logs: Path) -> Iterator[Doing]:
    """Whoever does jobs, for as long as the block runs; whatever ends it early stops them.

    Args:
        workers: as asked for.
        machine: what trains.
        jobs: more processes than this are not started.
        logs: folder for what a cluster writes of the jobs.

    Raises:
        InputError: there is no such cluster.
    """
    count = min(workers.workers or default_workers(machine), jobs)
    if workers.scheduler is not None:
        submits = dask_workers(workers.scheduler)
    elif workers.slurm:
        submits = slurm_jobs(workers, logs)
    elif count > 1:
        submits = _own_processes(count)
    else:
        yield partial(map, run_job)
        return
    with submits as submit:
        yield lambda jobs: (done.result() for done in as_completed([submit(job) for job in jobs]))


@contextmanager
def _own_processes(count: int) -> Iterator[Submit]:
    with worker_processes(count) as pool:
        yield lambda job: pool.submit(run_job, job)


def default_workers(machine: Machine) -> int:
    """A process for each core; one where a GPU does the work, which several would share."""
    on_gpu = machine.accelerator in ("auto", "cuda") and torch.cuda.is_available()
    return 1 if on_gpu or machine.accelerator == "mps" else max(1, os.cpu_count() or 1)
