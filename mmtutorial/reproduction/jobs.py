"""One job: arms that share stages, with one seed. Plain data and a plain function of it.

A job can be pickled and sent anywhere that sees the same folders.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmtutorial.experiment import Plan, Runner, write_pictures
from mmtutorial.reproduction.ensemble import run_ensemble
from mmtutorial.settings.machine import Machine

Task = Literal["train", "ensemble", "pictures"]

Submit = Callable[["Job"], "Future[str]"]
"""Gives a job to whoever does it; what it returns brings the job's name."""

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
