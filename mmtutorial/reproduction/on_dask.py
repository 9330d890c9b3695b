"""Jobs on the workers of a Dask scheduler. A worker that dies is replaced, and its job goes on elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.reproduction.elsewhere import run_apart
from mmtutorial.reproduction.jobs import Job, Submit

_PATIENCE = "10s"
"""How long a scheduler may take to answer."""


@contextmanager
def dask_workers(address: str) -> Iterator[Submit]:
    """The workers of a scheduler, for as long as the block runs; whatever ends it early ends their jobs.

    Args:
        address: of the scheduler, ``tcp://host:8786``.

    Raises:
        InputError: the extra is not installed; there is no scheduler, or it went; a job killed every worker it had.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise InputError("--scheduler needs Dask: pip install 'mmtutorial[dask]'") from None
    for name in ("distributed.client", "distributed.comm", "distributed.core", "distributed.batched"):
        # What goes wrong is said here, in one line.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address}; start one with 'dask scheduler', and name its address"
        ) from error
    # Jobs that are lost with a worker are given to another by the scheduler itself.
    pool = client.get_executor(pure=False)
    try:
        yield partial(pool.submit, _work, folder=str(Path.cwd()))
    except KilledWorker as error:
        raise InputError(
            f"worker after worker died of one job, at last {error.last_worker.address}, for want of memory perhaps; "
            "look at their logs, and run the same command with --resume: what was complete is kept"
        ) from None
    except ModuleNotFoundError as error:
        raise InputError(f"a worker of {address} lacks {error.name}; install mmtutorial where it runs") from None
    except CancelledError:
        raise InputError(
            f"the Dask scheduler at {address} is gone; start it again, or leave out --scheduler, and run the same "
            "command with --resume: what was complete is kept"
        ) from None
    finally:
        # The scheduler forgets what nobody waits for, and workers end what they are told to forget.
        client.close(timeout=_PATIENCE)


def _work(job: Job, folder: str) -> str:
    """Do a job in a process beside this worker's."""
    from distributed import Status, get_worker
    from distributed.worker import thread_state  # type: ignore[attr-defined]

    worker, key = get_worker(), thread_state.key

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return worker.status in (Status.running, Status.paused) and task is not None and task.state != "cancelled"

    return run_apart(job, folder, wanted)
