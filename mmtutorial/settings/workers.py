"""Who does the jobs of a grid: processes of this machine, the workers of a Dask scheduler, or SLURM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mmtutorial.errors import InputError
from mmtutorial.settings.bounds import Bounded, Within
from mmtutorial.settings.machine import MOST_PROCESSES

CLUSTERS = ("slurm", "local")
MOST_MINUTES = 60 * 24 * 365


@dataclass(frozen=True)
class Workers(Bounded):
    """Who does the jobs. It changes no number.

    Attributes:
        workers: jobs at once: processes of this machine, or jobs in SLURM's queue; None for what suits.
        scheduler: address of a Dask scheduler, whose workers do the jobs.
        slurm: whether SLURM does them.
        slurm_partition: SLURM's partition; None for its default.
        slurm_minutes: after which SLURM stops a job, which is then queued again and goes on.
        slurm_gpus: GPUs of a job.
        slurm_cpus: cores of a job.
        slurm_cluster: name in :data:`CLUSTERS`; ``local`` has this machine stand for the cluster, to try it out.

    Raises:
        InputError: options that exclude one another, or are of no use without another.
    """

    workers: Annotated[int, Within(1, MOST_PROCESSES)] | None = None
    scheduler: str | None = None
    slurm: bool = False
    slurm_partition: str | None = None
    slurm_minutes: Annotated[int, Within(1, MOST_MINUTES)] = 240
    slurm_gpus: Annotated[int, Within(0, MOST_PROCESSES)] = 0
    slurm_cpus: Annotated[int, Within(1, MOST_PROCESSES)] = 1
    slurm_cluster: str = "slurm"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scheduler is not None and self.slurm:
            raise InputError("--scheduler and --slurm are two ways to do the same; choose one")
        if self.scheduler is not None and self.workers is not None:
            raise InputError("--workers is of no use with --scheduler, whose own workers do the jobs; leave it out")
        if not self.slurm and self.slurm_options:
            raise InputError("--slurm-partition and the like are of use with --slurm alone; add it, or leave them out")

    @property
    def slurm_options(self) -> bool:
        """Whether any of SLURM's options was given."""
        plain = Workers(slurm=True)
        return any(getattr(self, name) != getattr(plain, name) for name in vars(plain) if name.startswith("slurm_"))
