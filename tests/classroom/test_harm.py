"""Answers that would end, hang or fill a notebook: the check says what they did, and nothing is changed by them."""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import getpass
import logging
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
import torch

from mmtutorial.classroom import check, in_process
from tests.classroom.answers import random_mapping
from tests.classroom.ways import WAYS, no_process

NAME = "03.random_mapping"
Answer = Callable[..., Any]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of calling, one after the other."""
    WAYS[request.param](monkeypatch)
    return str(request.param)


def children() -> list[psutil.Process]:
    """Processes that this one has left behind."""
    return psutil.Process().children(recursive=True)


def gone(process: int) -> bool:
    """Whether a process has ended, or does so in a moment."""
    for _ in range(200):
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return True
    return False


def calls(statement: str) -> Answer:
    """An answer that runs one statement."""
    found: dict[str, Any] = {"os": os, "sys": sys, "getpass": getpass, "signal": signal}
    exec(f"def answer(n):\n    {statement}\n    return 1.0", found)
    return found["answer"]  # type: ignore[no-any-return]


# ---------------------------------------------------------------- leaving
@pytest.mark.parametrize(
    "leaving",
    [
        "exit()",
        "quit()",
        "exit('bye')",
        "sys.exit(3)",
        "raise SystemExit",
        "raise KeyboardInterrupt",
    ],
)
def test_who_leaves_python_is_told_to_return_an_answer(way: str, leaving: str) -> None:
    result = check(NAME, calls(leaving))
    assert result.state == "wrong"
    assert re.match("SystemExit|KeyboardInterrupt", result.came_out)
    assert "ended Python, with exit()" in result.hint


@pytest.mark.parametrize(
    ("leaving", "how"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os._exit(3)", "exit code 3"),
        ("os.abort()", "signal SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal SIGKILL"),
        ("os.kill(os.getpid(), 40)", "signal 40"),
        ("os.closerange(3, 5000)", "exit code"),
    ],
)
def test_the_end_of_its_process_is_told(leaving: str, how: str) -> None:
    result = check(NAME, calls(leaving))
    assert result.state == "wrong"
    assert how in result.came_out
    assert "ended the process in which it was tried" in result.hint
    assert not children()


def test_a_crash_of_compiled_code_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    result = check(NAME, lambda n: ctypes.string_at(0))
    assert "signal SIGSEGV" in result.came_out
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("leaving", ["os._exit(0)", "os.abort()"])
def test_in_a_thread_the_end_of_the_process_is_refused(monkeypatch: pytest.MonkeyPatch, leaving: str) -> None:
    before = os._exit, os.abort
    no_process(monkeypatch)
    assert "ended Python" in check(NAME, calls(leaving)).hint
    assert (os._exit, os.abort) == before


@pytest.mark.parametrize(
    "asking",
    [
        "input()",
        "input('n? ')",
        "getpass.getpass()",
        "sys.stdin.readline()",
        "sys.stdin.read()",
        "next(sys.stdin)",
        "breakpoint()",
    ],
)
def test_nobody_types(way: str, asking: str) -> None:
    before = builtins.input, getpass.getpass, sys.stdin, sys.breakpointhook
    result = check(NAME, calls(asking))
    assert "waits for somebody to type" in result.came_out
    assert "nobody types" in result.hint
    assert (builtins.input, getpass.getpass, sys.stdin, sys.breakpointhook) == before


def test_an_answer_that_forks_answers_once() -> None:
    def forks(n: int) -> float:
        if os.fork():
            return 1.0
        return 2.0

    assert check(NAME, forks).came_out == "1"
    assert not children()


def test_what_an_answer_starts_ends_with_it() -> None:
    def starts(n: int) -> float:
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        raise ValueError(process.pid)

    said = check(NAME, starts).came_out
    assert gone(int(re.findall(r"ValueError: (\d+)", said)[0]))


# ---------------------------------------------------------------- without end
def a_power_without_end(n: int) -> int:
    return 7 ** (7**9)


def an_expression_that_backtracks(n: int) -> bool:
    return bool(re.match(r"(a+)+$", "a" * 60 + "b"))


class FloatsForEver:
    def __float__(self) -> float:
        while True:
            pass


class PrintsForEver:
    def __repr__(self) -> str:
        while True:
            pass


class NeverEnds:
    def __len__(self) -> int:
        while True:
            pass

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        while True:
            pass


@pytest.mark.parametrize("answer", [a_power_without_end, an_expression_that_backtracks], ids=lambda f: f.__name__)
def test_a_call_that_no_thread_could_stop_is_stopped(answer: Answer) -> None:
    result = check(NAME, answer, seconds=0.3)
    assert "no answer; stopped after" in result.came_out
    assert not children()


@pytest.mark.parametrize("kind", [FloatsForEver, PrintsForEver])
def test_an_answer_that_cannot_be_read_in_time_is_stopped(way: str, kind: Callable[[], object]) -> None:
    assert "no answer; stopped after" in check(NAME, lambda n: kind(), seconds=0.3).came_out


def test_what_is_no_plain_data_is_never_compared_or_measured(way: str) -> None:
    assert "NeverEnds object" in check(NAME, lambda n: NeverEnds(), seconds=0.3).came_out


def test_the_stop_button_stops_the_answer_too(way: str) -> None:
    def sleeps(n: int) -> None:
        while True:
            time.sleep(0.01)

    pressed = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    pressed.start()
    with pytest.raises(KeyboardInterrupt):
        check(NAME, sleeps)
    pressed.join()
    assert not children()
    assert not [thread for thread in threading.enumerate() if thread.name == "exercise"]


def test_an_answer_ends_with_the_notebook() -> None:
    program = """
        import os, time
        from mmtutorial.classroom import check
        def answer(n):
            os.write(NUMBER, f"{os.getpid()}\\n".encode())
            while True: time.sleep(0.01)
        check("03.random_mapping", answer)
    """
    read, write = os.pipe()
    program = textwrap.dedent(program).replace("NUMBER", str(write))
    notebook = subprocess.Popen([sys.executable, "-c", program], pass_fds=[write])
    os.close(write)
    with open(read) as lines:
        answering = int(lines.readline())
        notebook.kill()
        notebook.wait()
        assert lines.read() == ""  # Returns when the last process that holds the pipe is gone.
    assert gone(answering)


# ---------------------------------------------------------------- too much
def prints(n: int) -> None:
    while True:
        print("x" * 1000)


def prints_errors(n: int) -> None:
    while True:
        print("x" * 1000, file=sys.stderr)


def writes(n: int) -> None:
    while True:
        os.write(1, b"x" * 1000)


def logs(n: int) -> None:
    # A logger holds the stream that was there when it was set up.
    handler = logging.StreamHandler(STREAM[0])
    logger = logging.Logger("answer")
    logger.addHandler(handler)
    while True:
        logger.error("x" * 1000)


STREAM = [sys.stderr]


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("endless", [prints, prints_errors, writes, logs], ids=lambda f: f.__name__)
def test_of_an_endless_print_the_beginning_is_kept(capfd: pytest.CaptureFixture[str], endless: Answer) -> None:
    STREAM[0] = sys.stderr
    check(NAME, lambda n: None)
    before = peak()
    result = check(NAME, endless, seconds=1)
    assert peak() - before < 50
    assert "no answer; stopped after" in result.came_out
    assert result.printed == "x" * 300 + " ..."
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("endless", [prints, prints_errors], ids=lambda f: f.__name__)
def test_in_a_thread_too(monkeypatch: pytest.MonkeyPatch, endless: Answer) -> None:
    no_process(monkeypatch)
    check(NAME, lambda n: None)
    before = peak()
    assert check(NAME, endless, seconds=1).printed == "x" * 300 + " ..."
    assert peak() - before < 50


def grows(n: int) -> None:
    found = [0.0]
    while True:
        found += found


def many_small_objects(n: int) -> None:
    found = []
    while True:
        found.append([str(len(found))])


@pytest.mark.parametrize(
    "answer",
    [grows, many_small_objects, lambda n: torch.zeros(2**34), lambda n: bytearray(2**34)],
    ids=["list", "objects", "tensor", "bytes"],
)
def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(in_process, "MOST_MEMORY", 2**27)
    result = check(NAME, answer, seconds=60)
    assert result.state == "wrong"
    assert "ran out of memory" in result.hint


def itself() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    "answer",
    [
        itself,
        lambda: [0] * 10**6,
        lambda: torch.zeros(1).expand(10**12),
        lambda: torch.zeros(10**8, dtype=torch.uint8).numpy(),
        lambda: range(10**12),
        lambda: dict.fromkeys(range(10**6)),
    ],
    ids=["itself", "list", "expanded", "array", "range", "dict"],
)
def test_an_answer_has_a_limit(way: str, answer: Callable[[], Any]) -> None:
    result = check(NAME, lambda n: answer())
    assert "much larger than what is asked for" in result.hint


# ---------------------------------------------------------------- nothing changes
def test_the_notebook_stays_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    from matplotlib import pyplot

    state, folder = {"calls": 0}, os.getcwd()
    random = torch.get_rng_state()

    def changes(n: int) -> float:
        state["calls"] += 1
        os.chdir("/")
        os.environ["MMTUTORIAL_CHANGED"] = "1"
        pyplot.figure()
        torch.rand(5)
        print("said")
        raise ValueError(state["calls"])

    assert check(NAME, changes).printed == "said"
    assert state == {"calls": 0}
    assert os.getcwd() == folder
    assert "MMTUTORIAL_CHANGED" not in os.environ
    assert not pyplot.get_fignums()
    assert torch.equal(torch.get_rng_state(), random)
    assert capfd.readouterr() == ("", "")


def test_from_call_to_call_an_answer_keeps_its_state(way: str) -> None:
    calls = []

    def second(n: int) -> float:
        calls.append(n)
        if len(calls) > 1:
            raise ValueError("second call")
        return random_mapping(n)

    assert "second call" in check(NAME, second).came_out


def test_where_the_end_of_a_process_is_told_to_nobody() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert "how is unknown" in check(NAME, lambda n: os._exit(3)).came_out
        assert "no answer; stopped" in check(NAME, lambda n: time.sleep(1000), seconds=0.2).came_out
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert not children()


def test_nothing_is_left_open() -> None:
    check(NAME, lambda n: 1.0)
    before = psutil.Process().num_fds()
    for _ in range(3):
        check(NAME, lambda n: 1.0)
        check(NAME, lambda n: os._exit(0))
    assert psutil.Process().num_fds() == before


def test_where_no_process_can_be_started_a_thread_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError("no more processes")

    before = psutil.Process().num_fds()
    monkeypatch.setattr(os, "fork", refused)
    assert check(NAME, lambda n: threading.current_thread().name).came_out == "exercise"
    assert psutil.Process().num_fds() == before


def test_a_copy_that_cannot_compute_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda _: os._exit(1))
    assert check(NAME, lambda n: threading.current_thread().name).came_out == "exercise"
    assert not children()


def test_beside_a_gpu_in_use_a_thread_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    assert check(NAME, lambda n: threading.current_thread().name).came_out == "exercise"


def test_torch_may_use_its_threads_before_and_after() -> None:
    def computes(n: int) -> float:
        points = torch.randn(300, 300, requires_grad=True)
        (points @ points).softmax(0).sum().backward()
        return float(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        computes(0)
        assert check(NAME, computes, seconds=30).came_out == "1"
        computes(0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
