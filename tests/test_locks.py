"""Locks, held by real processes: one that ends, one that is killed, and one that leaves a child behind."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmtutorial import locks
from mmtutorial.errors import InputError
from mmtutorial.locks import exclusive

HOLD = """
import os, sys, time
from pathlib import Path
from mmtutorial.locks import exclusive

with exclusive(Path(sys.argv[1]), sys.argv[2]):
    if sys.argv[3] == "fork" and os.fork() == 0:
        os.close(1)
        os.read(0, 1) if sys.argv[4] == "stays" else time.sleep(1)
        os._exit(0)
    print("held", flush=True)
    sys.stdin.read()
"""
Start = Callable[..., "subprocess.Popen[str]"]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a child inherits a lock only where there is fork")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts processes that hold a lock until their input ends."""
    started = []

    def begin(folder: Path, name: str = "work", *more: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", HOLD, str(folder), name, *(more or ("alone",))]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught, exclusive(folder, "work"):
        pass
    return str(caught.value)


def note(folder: Path, **changes: object) -> Path:
    """The note of a holder: this process, but for what is changed."""
    path = folder / ".work.lock"
    path.write_text(json.dumps({**vars(locks.Holder.here()), **changes}))
    return path


def test_the_second_process_is_refused_and_may_go_on_when_the_first_has_ended(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    first = start(folder)
    who = f"pid {first.pid} on {socket.gethostname()}"
    assert refusal(folder) == f"another process ({who}) works in {folder}; wait for it or stop it"
    assert [path.name for path in folder.iterdir()] == [".work.lock"]
    first.communicate("")
    assert not (tmp_path / "new").exists(), "made for the lock, and empty"
    with exclusive(folder, "work"):
        (folder / "result").write_text("kept")
    assert [path.name for path in folder.iterdir()] == ["result"]


def test_works_of_different_names_go_on_side_by_side(start: Start, tmp_path: Path) -> None:
    start(tmp_path, "other")
    with exclusive(tmp_path, "work"):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".other.lock", ".work.lock"]
    assert [path.name for path in tmp_path.iterdir()] == [".other.lock"]


def test_the_lock_of_a_killed_process_is_taken_over(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path)
    first.kill()
    first.wait()
    assert json.loads((tmp_path / ".work.lock").read_text())["pid"] == first.pid
    with exclusive(tmp_path, "work"):
        assert json.loads((tmp_path / ".work.lock").read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


@needs_fork
def test_children_of_a_killed_process_are_waited_for(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path, "work", "fork", "goes")
    first.kill()
    first.wait()
    with exclusive(tmp_path, "work"):
        pass


@needs_fork
def test_children_that_stay_are_not_waited_for_for_ever(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(tmp_path, "work", "fork", "stays")
    first.kill()
    first.wait()
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    assert refusal(tmp_path).startswith(f"what a dead process (pid {first.pid} on {socket.gethostname()}) started")


def test_of_many_that_start_at_once_one_works_at_a_time(tmp_path: Path) -> None:
    """Each writes its number, waits and reads it again; nobody may have written in between."""
    work = """
import os, sys, time
from pathlib import Path
from mmtutorial.errors import InputError
from mmtutorial.locks import exclusive

folder, done = Path(sys.argv[1]), 0
while done < 40:
    try:
        with exclusive(folder, "work"):
            (folder / "mine").write_text(str(os.getpid()))
            time.sleep(0.001)
            assert (folder / "mine").read_text() == str(os.getpid())
            done += 1
    except InputError:
        time.sleep(0.001)
"""
    words = [sys.executable, "-c", work, str(tmp_path)]
    started = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=120)[1] for process in started] == [""] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_an_error_frees_the_lock(tmp_path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop), exclusive(tmp_path / "new"):
        raise stop
    assert list(tmp_path.iterdir()) == []
    with exclusive(tmp_path / "new"):
        pass


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"pid": 1}', '{"pid": 1, "host": "a", "started": "", "more": 2}'])
def test_a_note_that_cannot_be_read_is_no_holder(tmp_path: Path, text: str) -> None:
    (tmp_path / ".work.lock").write_text(text)
    with exclusive(tmp_path, "work"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_note_of_another_host_does_not_hold_where_the_lock_is_free(tmp_path: Path) -> None:
    """A job that was killed on one node of a cluster goes on on another."""
    note(tmp_path, host="node7")
    with exclusive(tmp_path, "work"):
        pass


@pytest.fixture
def lockless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks."""

    def refuse(*words: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)


@pytest.mark.usefixtures("lockless")
def test_without_locks_the_note_decides(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path)
    assert refusal(tmp_path).startswith(f"another process (pid {first.pid} on ")
    assert "delete" not in refusal(tmp_path), "here it can be seen that the process lives"
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    with exclusive(tmp_path, "work"):
        assert f"pid {os.getpid()} on " in refusal(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("lockless")
def test_without_locks_a_holder_elsewhere_may_live(tmp_path: Path) -> None:
    path = note(tmp_path, host="node7")
    said = refusal(tmp_path)
    assert f"(pid {os.getpid()} on node7) works in {tmp_path};" in said
    assert said.endswith(f"; if it has ended, delete {path}")
    assert path.exists()


@pytest.mark.usefixtures("lockless")
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say when a process started")
def test_without_locks_a_later_process_of_the_same_number_is_no_holder(tmp_path: Path) -> None:
    note(tmp_path, started="1")
    with exclusive(tmp_path, "work"):
        pass


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError) as caught, exclusive(tmp_path / "file" / "run", remedy="see to it"):
        pass
    assert str(caught.value) == f"cannot write {tmp_path / 'file' / 'run'}: Not a directory; see to it"
    assert (tmp_path / "file").read_text() == "mine"
