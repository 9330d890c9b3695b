"""A grid on clusters: a real Dask scheduler with workers that are killed, and submitit with this machine as cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import submitit

from mmtutorial.errors import InputError
from mmtutorial.experiment.claim import claim
from mmtutorial.locks import exclusive
from mmtutorial.reproduction import Grid, reproduce
from mmtutorial.reproduction.elsewhere import run_apart, run_shared
from mmtutorial.results.folder import RunFolder
from mmtutorial.settings.workers import Workers
from tests.reproduction.test_grid import grid
from tests.tiny_run import arguments, logs, weights

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def three_jobs(out: Path) -> Grid:
    """Three to train, one for pictures."""
    return grid(out, datasets=("streets",), seeds=(0,))


def until(seen: Callable[[], Any], patience: float = 300) -> Any:
    deadline = time.monotonic() + patience
    while not (found := seen()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


def result(out: Path) -> dict[str, Any]:
    """What a reproduction found, without when and how fast."""
    found: dict[str, Any] = json.loads((out / "reproduction.json").read_text())
    for name in ("seal", "date", "commands", "seconds"):
        found.pop(name)
    for row in found["rows"]:
        row.pop("seconds")
    return found


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same grid, done by this process."""
    out = tmp_path_factory.mktemp("local")
    reproduce(three_jobs(out), resume=False, workers=Workers(1))
    return out


def assert_same(out: Path, local: Path) -> None:
    assert weights(out) == weights(local)
    assert logs(out) == logs(local)
    assert result(out) == result(local)


@contextmanager
def started(*words: str) -> Iterator[psutil.Process]:
    """A program of Dask for as long as the block runs, with all that it starts."""
    program = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = psutil.Process(program.pid)
    try:
        yield process
    finally:
        family = [*process.children(recursive=True), process] if process.is_running() else []
        for one in family:
            one.kill()
        program.wait()


class Cluster:
    """A scheduler and workers, each a program that was started by a command line."""

    def __init__(self, folder: Path, stack: ExitStack, workers: int) -> None:
        file = folder / "scheduler.json"
        words = ("--port", "0", "--no-dashboard", "--scheduler-file", str(file), "--host", "127.0.0.1")
        self.scheduler = stack.enter_context(started("distributed.cli.dask_scheduler", *words))
        self.address: str = until(lambda: file.exists() and file.read_text() and json.loads(file.read_text()))[
            "address"
        ]
        words = (self.address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
        self.nannies = [stack.enter_context(started("distributed.cli.dask_worker", *words)) for _ in range(workers)]

    def jobs(self) -> list[psutil.Process]:
        """The processes in which jobs are done."""
        return [one for nanny in self.nannies for one in nanny.children(recursive=True) if does_a_job(one)]


def address_in(file: Path) -> str:
    """The address in a scheduler's file; empty as long as it is not written."""
    with suppress(OSError, ValueError):
        return str(json.loads(file.read_text())["address"])
    return ""


def does_a_job(process: psutil.Process) -> bool:
    try:
        return "mmtutorial.reproduction.elsewhere" in process.cmdline()
    except psutil.Error:
        return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers."""
    with ExitStack() as stack:
        yield Cluster(tmp_path_factory.mktemp("dask"), stack, workers=2)


def test_a_killed_worker_is_replaced_and_the_numbers_are_those_of_one(
    local: Path, cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(reproduce, three_jobs(out), resume=False, workers=Workers(scheduler=cluster.address))
        until(lambda: done.done() or list(out.rglob("log.jsonl")))
        job, *_ = until(cluster.jobs)
        worker = job.parent()
        assert worker is not None
        worker.kill()
        until(lambda: not job.is_running())
        done.result(timeout=600)
        assert cluster.jobs() == []
    assert_same(out, local)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_jobs_end_with_the_command_that_waits_for_them(by: signal.Signals, cluster: Cluster, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mmtutorial.cli", "reproduce", *arguments(), "--accelerator", "cpu"]
    command += ["--parts", "margin", "--out", str(tmp_path / "out"), "--scheduler", cluster.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as waits:
        jobs = until(cluster.jobs)
        waits.send_signal(by)
        _, said = waits.communicate(timeout=300)
    until(lambda: not any(job.is_running() for job in jobs))
    until(lambda: cluster.jobs() == [])
    if by is signal.SIGTERM:
        assert waits.returncode == 143
        assert said.endswith("mmtutorial: stopped; the same command with --resume goes on from here\n")


def test_without_its_scheduler_a_run_ends_in_one_line_and_can_be_taken_up(local: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with ExitStack() as stack:
        cluster = Cluster(tmp_path, stack, workers=1)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        done = pool.submit(reproduce, three_jobs(out), resume=False, workers=Workers(scheduler=cluster.address))
        until(lambda: done.done() or list(out.rglob("stage.json")))
        jobs = until(cluster.jobs)
        cluster.scheduler.kill()
        with pytest.raises(InputError, match=r"the Dask scheduler at tcp://\S+ is gone.* --resume") as caught:
            done.result(timeout=300)
        assert "\n" not in str(caught.value)
        # What was being done ends too: it would be in the way of whoever goes on.
        until(lambda: not any(job.is_running() for job in jobs))
    assert not (out / "reproduction.json").exists()
    reproduce(three_jobs(out), resume=True, workers=Workers(1))
    assert_same(out, local)


def test_slurm_with_this_machine_as_cluster_gives_the_same(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its files come late on a cluster alone.
    monkeypatch.setattr(submitit.Job, "_results_timeout_s", 1)
    out = tmp_path / "out"
    with ThreadPoolExecutor(1) as pool:
        workers = Workers(2, slurm=True, slurm_cluster="local")
        done = pool.submit(reproduce, three_jobs(out), resume=False, workers=workers)
        # One that was lost is queued again.
        first = until(lambda: done.done() or list((out / "slurm").glob("*_submitted.pkl")))[0]
        controller = psutil.Process(int(first.name.partition("_")[0]))
        job, *_ = until(lambda: controller.children())
        job.kill()
        done.result(timeout=600)
    assert len(list((out / "slurm").glob("*_result.pkl"))) == 4
    assert len(list((out / "slurm").glob("*_submitted.pkl"))) == 5
    assert_same(out, local)


def test_a_job_is_not_begun_where_its_folder_is_not_seen_or_someone_still_does_it(tmp_path: Path) -> None:
    job = three_jobs(tmp_path).training_jobs()[0]
    with pytest.raises(InputError, match=r"does not see .*streets-tiny-vgg; put --out where every machine"):
        run_shared(job)
    with pytest.raises(InputError, match=r"does not see .*elsewhere; start the command in a folder that every machine"):
        run_apart(job, str(tmp_path / "elsewhere"), lambda: True)
    claim(RunFolder(Path(job.out)), job.plan.settings(), job.command)
    name = f"train-{job.plan.arms[0].pretraining}-0"
    with (
        exclusive(Path(job.out), name=name),
        pytest.raises(InputError, match=r"another process .* works in"),
    ):
        run_shared(job)
    assert weights(tmp_path) == {}
