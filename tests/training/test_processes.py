"""Real processes, and what is left of them when the one that started them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from mmtutorial.errors import InputError
from mmtutorial.training.processes import worker_processes

WORKERS = """
import sys, time
from mmtutorial.training.processes import worker_processes
with worker_processes(2) as pool:
    jobs = [pool.submit(time.sleep, 600) for _ in range(2)]
    print("ready", flush=True)
    [job.result() for job in jobs]
"""

LOADERS = """
import time
from mmtutorial.training.drawing_ahead import batches
def draw(step, generator):
    time.sleep(600 if step else 0)
    return step
drawn = batches(draw, range(100), seed=0, name="x", loaders=2)
next(drawn)
print("ready", flush=True)
next(drawn)
"""


def descendants(code: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """A process that runs the code and has said that it is ready, and all that it started."""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    return parent, psutil.Process(parent.pid).children(recursive=True)


@pytest.mark.parametrize("code", [WORKERS, LOADERS], ids=["workers", "loaders"])
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_process_that_started_it(code: str, by: signal.Signals) -> None:
    parent, started = descendants(code)
    assert len(started) >= 2
    parent.send_signal(by)
    parent.communicate(timeout=60)
    _, alive = psutil.wait_procs(started, timeout=20)
    for process in alive:
        process.kill()
    assert alive == []


def kill_one() -> None:
    with worker_processes(2) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
        pool.submit(time.sleep, 600).result()


def fail_in_one() -> None:
    with worker_processes(2) as pool:
        pool.submit(time.sleep, 600)
        pool.submit(divmod, 1, 0).result()


def workers_left() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_worker_is_one_line_that_says_how_to_go_on() -> None:
    with pytest.raises(InputError, match=r"worker process was killed.* --resume") as caught:
        kill_one()
    assert "\n" not in str(caught.value)
    assert workers_left() == []


def test_an_error_stops_the_others_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_in_one()
    assert workers_left() == []


def test_workers_inherit_what_they_need_and_nothing_is_left_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    with worker_processes(2) as pool:
        assert "TQDM_DISABLE" not in os.environ
        assert list(pool.map(os.getenv, ["OMP_NUM_THREADS", "TQDM_DISABLE"] * 4)) == ["3", "1"] * 4
        assert pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result() == {signal.SIGINT}
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
    assert workers_left() == []
