"""Jobs by SLURM, through submitit. A job whose node dies, or whose time is up, is queued again and goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mmtutorial.errors import InputError
from mmtutorial.reproduction.elsewhere import run_shared
from mmtutorial.reproduction.jobs import Job, Submit
from mmtutorial.settings.workers import Workers

if TYPE_CHECKING:
    from submitit import AutoExecutor
    from submitit import Job as Queued
    from submitit.helpers import DelayedSubmission

_ATTEMPTS = 4
"""How often a job may be lost; Dask's own number."""
_QUEUED = 100
"""Jobs in the queue at once, where nothing else is asked for."""
_MOST_TIMES_UP = 1000
"""As often may a job's time be up: each time it has come further."""
_LOOK = {"slurm": 5.0, "local": 0.2}
"""Seconds between two looks at a job's files, which lie on a file system that others use too."""


@contextmanager
def slurm_jobs(workers: Workers, logs: Path) -> Iterator[Submit]:
    """SLURM's queue for as long as the block runs; whatever ends it early cancels the jobs.

    Args:
        workers: SLURM's options.
        logs: folder that every node sees, for scripts, logs and answers of the jobs.

    Raises:
        InputError: the extra is not installed; there is no SLURM here, or it refuses a job; a job is lost again and
            again.
    """
    try:
        import submitit
    except ImportError:
        raise InputError("--slurm needs submitit: pip install 'mmtutorial[slurm]'") from None
    try:
        executor = submitit.AutoExecutor(logs, cluster=workers.slurm_cluster, slurm_max_num_timeout=_MOST_TIMES_UP)
    except RuntimeError:
        raise InputError(
            "there is no SLURM here (no srun); give the command on a machine that can submit jobs, or leave --slurm out"
        ) from None
    executor.update_parameters(
        name="mmtutorial",
        timeout_min=workers.slurm_minutes,
        cpus_per_task=workers.slurm_cpus,
        gpus_per_node=workers.slurm_gpus,
        slurm_partition=workers.slurm_partition,
    )
    queue = _Queue(executor, _LOOK[workers.slurm_cluster])
    at_once = workers.workers or ((os.cpu_count() or 1) if workers.slurm_cluster == "local" else _QUEUED)
    pool = ThreadPoolExecutor(at_once)
    try:
        yield lambda job: pool.submit(queue.see_through, job)
    finally:
        queue.closed.set()
        pool.shutdown(cancel_futures=True)


class _Attempt:
    """What a node calls. An error of the user's comes back as a value: of others submitit keeps the text alone."""

    def __call__(self, job: Job) -> str | InputError:
        try:
            return run_shared(job)
        except InputError as error:
            return error

    def checkpoint(self, job: Job) -> DelayedSubmission:
        """Called where the time is up or someone else comes first: queue the job again, which goes on then."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, job)


class _Queue:
    """Sees jobs through the queue, one in each thread that asks."""

    def __init__(self, executor: AutoExecutor, look: float) -> None:
        self.closed = threading.Event()
        self._executor, self._look = executor, look
        self._one_at_a_time = threading.Lock()

    def see_through(self, job: Job) -> str:
        """Submit a job, again where it is lost, until it has an answer."""
        from submitit.core.utils import FailedJobError, UncompletedJobError

        for _ in range(_ATTEMPTS):
            queued = self._submit(job)
            try:
                self._wait(queued)
                found = queued.result()
            except FailedJobError:  # An error of the program itself; it would only come again.
                raise
            except UncompletedJobError:
                continue
            if isinstance(found, InputError):
                raise found
            return found
        raise InputError(
            f"{job} was lost {_ATTEMPTS} times, for want of memory or time perhaps; its last log is "
            f"{queued.paths.stderr}; run the same command with --resume: what was complete is kept"
        )

    def _submit(self, job: Job) -> Queued[str | InputError]:
        from submitit.core.utils import FailedJobError

        with self._one_at_a_time:
            if self.closed.is_set():
                raise CancelledError
            try:
                return self._executor.submit(_Attempt(), job)
            except FailedJobError as error:
                raise InputError(f"SLURM refused a job: {error}; see --slurm-partition and its like") from None

    def _wait(self, queued: Queued[str | InputError]) -> None:
        while True:
            with self._one_at_a_time:
                if queued.done():
                    return
            if self.closed.wait(self._look):
                with suppress(Exception):
                    queued.cancel(check=False)
                raise CancelledError
