"""Killed, interrupted and starved processes: nothing complete is lost, and what follows is as if nothing had been.

All of this happens to real processes, by real signals and real refusals of the kernel to write.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmtutorial.files import read_tensors
from mmtutorial.locks import exclusive
from tests.tiny_run import arguments, logs, timeless, weights
from tests.warm_process import Ended, WarmProcesses

COMMAND = ["run", "--arms", "random+graph,colorization", "--seeds", "0,1", *arguments()]
MODELS = [
    f"seed{seed}/{stage}/model.safetensors"
    for seed in (0, 1)
    for stage in ("proxy/colorization", "segmentation/colorization", "segmentation/random+graph", "tuning/random+graph")
]
KILLS, KILLS_IN_A_STAGE, MOST_ATTEMPTS = 10, 4, 60

Start = Callable[..., Ended]


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProcesses]:
    processes = WarmProcesses(tmp_path_factory.mktemp("streams"))
    yield processes
    processes.close()


@pytest.fixture(scope="module")
def unbroken(warm: WarmProcesses, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed. No other test writes there."""
    out = tmp_path_factory.mktemp("unbroken") / "out"
    ended = warm.run(*COMMAND, "--out", out, report=False)
    assert ended.code == 0, ended.stderr
    assert list(weights(out)) == MODELS
    return out


def assert_same(out: Path, unbroken: Path) -> None:
    assert weights(out) == weights(unbroken)
    assert logs(out) == logs(unbroken)
    found, expected = timeless(out / "results.json"), timeless(unbroken / "results.json")
    for results in (found, expected):
        # A copy keeps the command of the run that it was copied from.
        results["command"] = results["command"].replace(str(unbroken), "OUT").replace(str(out), "OUT")
    assert found == expected
    assert not list(out.rglob("checkpoint.safetensors"))
    assert not list(out.rglob("*.part"))


def assert_one_line(ended: Ended, *said: str) -> None:
    """Exit code 2 and one line of message, whatever the progress bars drew before it on the same terminal."""
    assert ended.code == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    message = ended.stderr.replace("\r", "\n").rstrip("\n").split("\n")[-1]
    assert message.startswith("mmtutorial: ")
    assert ended.stderr.count("mmtutorial: ") - ended.stderr.count("mmtutorial: warning: ") == 1
    for part in said:
        assert part in message


def stage_under_way(out: Path) -> tuple[str, int] | None:
    """Folder and step of the checkpoint that a killed run left in a stage that it had not finished."""
    for path in out.rglob("checkpoint.safetensors"):
        if not (path.parent / "stage.json").exists():
            return str(path.parent.relative_to(out)), read_tensors(path)[1]["step"]
    return None


@pytest.mark.slow
def test_ten_kills_change_no_byte(warm: WarmProcesses, unbroken: Path, tmp_path: Path) -> None:
    chance = random.Random(20180421)
    out, first = tmp_path / "0", True
    kills, places, finished = 0, set(), 0
    for attempt in range(MOST_ATTEMPTS):
        enough = kills >= KILLS and len(places) >= KILLS_IN_A_STAGE
        ended = warm.run(
            *COMMAND,
            "--out",
            out,
            *([] if first else ["--resume"]),
            after=None if enough else chance.uniform(0.05, 2.0),
            between_checkpoints=0,
            report=False,
        )
        first = not (out / "run.json").exists()
        if ended.code == -signal.SIGKILL:
            kills += 1
            places |= {stage_under_way(out)} - {None}
            continue
        assert ended.code == 0, ended.stderr
        assert_same(out, unbroken)
        finished += 1
        if enough:
            break
        out, first = tmp_path / str(attempt + 1), True
    assert kills >= KILLS
    # Kills before, between and after stages are worth something, yet these are the ones that matter.
    assert len(places) >= KILLS_IN_A_STAGE, places
    assert finished


def test_the_command_of_a_resumed_run_is_the_one_that_began_it(unbroken: Path) -> None:
    command = json.loads((unbroken / "results.json").read_text())["command"]
    assert command.startswith("mmtutorial run --arms random+graph,colorization --seeds 0,1")
    assert "--resume" not in command


@pytest.mark.parametrize(("by", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_a_polite_kill_say_how_to_go_on_and_lose_nothing(
    warm: WarmProcesses, unbroken: Path, tmp_path: Path, by: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    ended = warm.run(*COMMAND, "--out", out, after=1.0, by=by, between_checkpoints=0, report=False)
    assert ended.code == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.rstrip().endswith("mmtutorial: stopped; the same command with --resume goes on from here")
    assert warm.run(*COMMAND, "--out", out, "--resume", report=False).code == 0
    assert_same(out, unbroken)


def test_two_processes_never_work_in_one_folder(warm: WarmProcesses, unbroken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(unbroken, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    with exclusive(out):
        ended = warm.run(*COMMAND, "--out", out, "--resume", report=False)
        assert_one_line(ended, f"another process (pid {os.getpid()} on ", f"works in {out}")
        assert warm.run("report", out, "--markdown", report=False).code == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_full_disk_loses_nothing_that_was_complete(warm: WarmProcesses, unbroken: Path, tmp_path: Path) -> None:
    """No file may outgrow the first model: the later, larger ones fail in the midst of being written."""
    out = tmp_path / "out"
    models = weights(unbroken)
    small, large = (
        models["seed0/tuning/random+graph/model.safetensors"],
        models["seed0/segmentation/random+graph/model.safetensors"],
    )
    assert len(small) + 1000 < len(large)
    ended = warm.run(*COMMAND, "--out", out, most_bytes=len(small) + 1000, report=False)
    assert_one_line(ended, "segmentation/random+graph/model.safetensors", "free space", "--resume")
    assert "File too large" in ended.stderr
    complete = out / "seed0/tuning/random+graph/model.safetensors"
    assert weights(out) == {"seed0/tuning/random+graph/model.safetensors": small}
    assert not list(out.rglob("*.part"))
    assert not list(out.rglob("results.json"))
    before = complete.stat()
    assert warm.run(*COMMAND, "--out", out, "--resume", report=False).code == 0
    assert_same(out, unbroken)
    after = complete.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("most_bytes", "name"), [(1000, "run.json"), (100_000, "seed0/tuning/random+graph/checkpoint.safetensors")]
)
def test_a_disk_that_is_full_from_the_start(warm: WarmProcesses, tmp_path: Path, most_bytes: int, name: str) -> None:
    out = tmp_path / "out"
    ended = warm.run(*COMMAND, "--out", out, most_bytes=most_bytes, between_checkpoints=0, report=False)
    assert_one_line(ended, f"cannot write {out / name}: File too large", "free space")
    assert not (out / name).exists()
    assert not list(out.rglob("*.part"))
    assert not weights(out)


def test_out_below_a_file(warm: WarmProcesses, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    ended = warm.run(*COMMAND, "--out", tmp_path / "file" / "out")
    assert_one_line(ended, str(tmp_path / "file" / "out"), "choose another --out")
    assert (tmp_path / "file").read_text() == "precious"


DAMAGES = {
    "seed0/tuning/random+graph/model.safetensors": "its own stage",
    "seed0/proxy/colorization/model.safetensors": "its own stage",
    "seed1/proxy/colorization/stage.json": "delete it",
    "seed1/segmentation/random+graph/evaluation.json": "delete it",
    "seed0/tuning/random+graph/purity.json": "delete it",
    "run.json": "delete it",
}


@pytest.fixture(scope="module")
def all_damaged(warm: WarmProcesses, unbroken: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """A run in which every file of DAMAGES is cut short; each is met, and deleted as the message says, in turn."""
    out = tmp_path_factory.mktemp("damaged") / "out"
    shutil.copytree(unbroken, out)
    shutil.rmtree(out / "pictures")
    for seed in (0, 1):
        (out / f"seed{seed}/segmentation/colorization/evaluation.json").unlink()
        (out / f"seed{seed}/segmentation/colorization/stage.json").unlink()
    for name in DAMAGES:
        (out / name).write_bytes((out / name).read_bytes()[: (out / name).stat().st_size // 2])
    met: dict[str, Ended] = {}
    while True:
        ended = warm.run(*COMMAND, "--out", out, "--resume", report=False)
        named = [name for name in DAMAGES if str(out / name) in ended.stderr and name not in met]
        if not named:
            break
        met[named[0]] = ended
        (out / named[0]).unlink()
    assert ended.code == 0, ended.stderr
    assert_same(out, unbroken)
    return met


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_named_with_a_remedy_that_works(all_damaged: dict[str, Ended], name: str) -> None:
    assert_one_line(all_damaged[name], name, DAMAGES[name], "--resume")


def test_unreadable_results_are_written_again(warm: WarmProcesses, unbroken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(unbroken, out)
    (out / "results.json").write_text('{"schema": 1, "data')
    ended = warm.run("report", out)
    assert_one_line(ended, str(out / "results.json"), "--resume")
    assert warm.run(*COMMAND, "--out", out, "--resume", report=False).code == 0
    assert_same(out, unbroken)
