"""A job on a machine that may be another one, which sees the same folder under the same path."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.locks import exclusive
from mmtutorial.reproduction.jobs import Job, run_job
from mmtutorial.results.folder import RunFolder

_LOOK = 0.2
"""Seconds between two looks whether a job is still wanted."""


def run_shared(job: Job) -> str:
    """Do a job as :func:`run_job` does, in a folder that other machines see too. Returns its name.

    Raises:
        InputError: bad input; this machine does not see the folder; or the job is still being done by a process that
            lost whoever waited for it.
    """
    folder = RunFolder(Path(job.out))
    if not folder.request.exists():
        raise InputError(
            f"{socket.gethostname()} does not see {folder.path.absolute()}; "
            "put --out where every machine of the cluster sees it under the same path"
        )
    arms = "-".join((job.task, *(dict.fromkeys(arm.pretraining for arm in job.plan.arms))))
    with exclusive(folder.path, name=f"{arms}-{'-'.join(map(str, job.plan.seeds))}"):
        return run_job(job)


def run_apart(job: Job, folder: str, wanted: Callable[[], bool]) -> str:
    """Do a job in a process of its own, which ends with this one or when it is no longer wanted.

    Torch's random numbers belong to a whole process: two threads of one would draw from each other's.

    Args:
        job: what to do.
        folder: the working folder, from which paths of the job count.
        wanted: asked again and again.

    Raises:
        InputError: raised by the job; or the folder is not there.
    """
    if not Path(folder).is_dir():
        raise InputError(
            f"{socket.gethostname()} does not see {folder}; start the command in a folder that every machine of the "
            "cluster sees under the same path"
        )
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", __name__]
        environment = {**os.environ, "TQDM_DISABLE": "1"}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said, cwd=folder, env=environment) as child:
            assert child.stdin is not None
            try:
                child.stdin.write(pickle.dumps(job))
                child.stdin.flush()
                while (code := child.poll()) is None and wanted():
                    with suppress(subprocess.TimeoutExpired):
                        child.wait(_LOOK)
            finally:
                child.kill()
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines() or [""]
    if code == 2:
        raise InputError(lines[-1])
    if code is None:
        raise CancelledError(f"{job} is no longer wanted")
    if code != 0:
        raise RuntimeError(f"the process of {job} ended with {code}:\n" + "\n".join(lines[-30:]))
    return str(job)


def _main() -> int:
    """Do the job that comes by standard input, which stays open for as long as the process that sent it lives."""
    job = pickle.load(sys.stdin.buffer)
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
    try:
        run_shared(job)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(_main())
