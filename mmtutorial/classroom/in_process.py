"""Calls in a copy of this process, which can be stopped at any point and takes what it changes with it.

A fork copies the learner's function with all it uses, without a second import of torch. What is safe in a fork of a
process with other threads is little, so the copy does little: it keeps to one thread, never touches a GPU, writes to
none of the notebook's sockets, and ends without the clearing up that is the first process's. Where a fork is no way
(no Linux, a GPU in use) or the copy cannot compute, :class:`Unavailable` says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import io
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from typing import NoReturn

import torch
from threadpoolctl import threadpool_limits

from mmtutorial.classroom.answering import Answering, Failure, leave_at_once
from mmtutorial.classroom.calling import LONGEST_PRINT, Caller
from mmtutorial.classroom.exits import closed_exits, notebook_shell
from mmtutorial.classroom.line import Line, Printed

# Bytes that an answer may take beyond what the notebook has, and that it may write into one file.
MOST_MEMORY = 2**30
MOST_FILE = 2**26
_READY = b"ready"
# A start takes some 20 ms; on a machine that is busy it may take a hundred times as long.
_START = 10.0
_PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """A copy of this process would not do."""


class ProcessCaller(Caller):
    """Calls in a process. Use it as a context manager."""

    def __init__(self, process: int, line: Line, printed: Printed) -> None:
        self._process, self._line, self._printed = process, line, printed
        self._how: str | None = None

    def __enter__(self) -> ProcessCaller:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._line.close()
        self._printed.close()

    def end(self, grace: float = 0.0) -> str:
        """End the process and all it has started, if it lives, and say how it ended.

        Args:
            grace: seconds in which it may end by itself.
        """
        if self._how is None:
            try:
                status = self._ended_by_itself(grace)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process, signal.SIGKILL)  # Those that it has started have its group.
                if status is None:
                    os.kill(self._process, signal.SIGKILL)  # At its very start it has no group yet.
                    _, status = os.waitpid(self._process, 0)
                code = os.waitstatus_to_exitcode(status)
            except ChildProcessError:  # Where SIGCHLD is ignored, nobody is told.
                self._how = "how is unknown"
            else:
                self._how = f"exit code {code}" if code >= 0 else f"signal {_signal_name(-code)}"
        return self._how

    def _ended_by_itself(self, grace: float) -> int | None:
        end = time.monotonic() + grace
        while True:
            process, status = os.waitpid(self._process, os.WNOHANG)
            if process:
                return status
            if time.monotonic() >= end:
                return None
            time.sleep(0.01)

    def _exchange(self, question: bytes, seconds: float) -> tuple[bytes | Failure, str]:
        end = time.monotonic() + seconds
        try:
            self._line.send(question, end)
            answer: bytes | Failure = self._line.receive(end, self._printed)
        except TimeoutError:
            self.end()
            answer = Failure("time", f"no answer; stopped after {seconds:.0f} s")
        except (EOFError, OSError):
            answer = Failure("ended", f"no answer: the process in which it ran has ended ({self.end(grace=1.0)})")
        return answer, self._printed.collected()

    def wait_until_ready(self, seconds: float = _START) -> None:
        """Wait until the process has shown that it can compute.

        Args:
            seconds: after which it is given up.

        Raises:
            Unavailable: it cannot.
        """
        with contextlib.suppress(TimeoutError, EOFError, OSError):
            if self._line.receive(time.monotonic() + seconds, self._printed) == _READY:
                self._printed.collected()
                return
        raise Unavailable("the copy of this process cannot compute")


def _signal_name(number: int) -> str:
    known = {member.value: member.name for member in signal.Signals}
    return known.get(number, str(number))


def process_caller(answering: Answering, seconds: float) -> ProcessCaller:
    """Copy this process and have the copy answer.

    Args:
        answering: holds the function.
        seconds: of processor time in all.

    Raises:
        Unavailable: there is no way here.
    """
    # A GPU that is in use cannot be used in a copy; on macOS system libraries end a copy that calls them.
    if sys.platform != "linux" or torch.cuda.is_initialized():
        raise Unavailable("no copy can be made of this process")
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    parent = os.getpid()
    try:
        process = _fork()
    except OSError as error:
        for descriptor in (ours.detach(), theirs.detach(), read, write):
            os.close(descriptor)
        raise Unavailable("no more processes") from error
    if process == 0:
        ours.close()
        os.close(read)
        _answer_and_leave(answering, Line(theirs), write, parent, seconds)
    theirs.close()
    os.close(write)
    started = ProcessCaller(process, Line(ours), Printed(read, LONGEST_PRINT))
    try:
        started.wait_until_ready()
    except BaseException:
        started.__exit__()
        raise
    return started


def _fork() -> int:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()  # Or the copy has it too.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python, and other libraries, warn of forks beside threads.
        return os.fork()


def _answer_and_leave(answering: Answering, line: Line, output: int, parent: int, seconds: float) -> NoReturn:
    """Answer, and end without the clearing up that is the first process's, whatever happens."""
    try:
        _answer(answering, line, output, parent, seconds)
    except (EOFError, OSError):
        leave_at_once(0)  # The other side is gone.
    except BaseException:  # A fault of ours: it is told among what was printed.
        traceback.print_exc()
    finally:
        leave_at_once(70)


def _answer(answering: Answering, line: Line, output: int, parent: int, seconds: float) -> None:
    """Answer questions until the other side is gone: what the copy does."""
    _stand_alone(parent)
    print_into(output)
    _be_quiet()
    _limit(seconds)
    compute_alone()
    with closed_exits(process=False):
        line.send(_READY)
        while True:
            question = line.receive()
            line.send(answering.answer(question))


def _stand_alone(parent: int) -> None:
    """Leave the notebook's group and its signals, and end with it."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It ended before this.
        leave_at_once(0)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    faulthandler.disable()
    sys.settrace(None)
    # What is unreachable already belongs to the first process: to close it here as well could harm that.
    gc.freeze()


def print_into(output: int) -> None:
    """Lead everything that is printed, by whatever way, into a pipe, and read from nowhere."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for descriptor, source in ((0, nowhere), (1, output), (2, output)):
        os.dup2(source, descriptor)
    os.close(nowhere)
    os.close(output)
    stream = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), errors="backslashreplace", write_through=True)
    for old in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            # Others hold it as well, a logger or ``from sys import stdout``. In a notebook it writes to a socket.
            old.write, old.flush = stream.write, stream.flush  # type: ignore[method-assign]
    sys.stdout = sys.stderr = stream


def _be_quiet() -> None:
    """Send nothing to the notebook's page: no picture, no progress bar."""
    kernel = getattr(notebook_shell(), "kernel", None)
    if kernel is not None:
        kernel.session.send = lambda *_, **__: None


def _limit(seconds: float) -> None:
    import resource  # There is none on Windows.

    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: now + MOST_MEMORY,
        resource.RLIMIT_CPU: int(seconds) + 2,
        resource.RLIMIT_FSIZE: MOST_FILE,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def compute_alone() -> None:
    """Compute in one thread: those of the first process are not here. Fails, or never ends, where that will not do."""
    torch.set_num_threads(1)
    threadpool_limits(1)
    torch.ones(2**17, requires_grad=True).exp().sum().backward()
