"""Calls in a thread of their own, where a process is not to be had: on Windows and macOS, and beside a used GPU.

When time is up, an exception is raised inside that thread, which ends any loop written in Python. What cannot be
stopped so is one single call into C that never comes back; its thread is left behind, and ends with Python. Whatever
the function changes in the notebook stays changed, and its memory has no limit.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import queue
import threading
import time

from mmtutorial.classroom.answering import Answering, Failure, Stopped
from mmtutorial.classroom.calling import LONGEST_PRINT, Caller
from mmtutorial.classroom.exits import closed_exits

# How often the waiting side looks up, so that the stop button of a notebook is heard on every system.
_LOOK_UP = 0.05
# A bare ``except:`` in the learner's loop swallows what should end it, so it is raised again a few times.
_ATTEMPTS = 40


class ThreadCaller(Caller):
    """Calls in a thread. Use it as a context manager."""

    def __init__(self, answering: Answering) -> None:
        """Prepare the thread."""
        self._answering = answering
        self._questions: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="exercise")
        self._exits = closed_exits(process=True)

    def __enter__(self) -> ThreadCaller:
        self._exits.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._questions.put(None)
        self._exits.__exit__(None, None, None)

    def _exchange(self, question: bytes, seconds: float) -> tuple[bytes | Failure, str]:
        end, printed = time.monotonic() + seconds, _Beginning()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            self._questions.put(question)
            try:
                answer: bytes | Failure = self._wait(end)
            except TimeoutError:
                self._stop()
                answer = Failure("time", f"no answer; stopped after {seconds:.0f} s")
            except BaseException:  # The stop button: the learner's code has to stop as well.
                self._stop()
                raise
        return answer, printed.getvalue()

    def _wait(self, end: float) -> bytes:
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=_LOOK_UP)
        raise TimeoutError

    def _serve(self) -> None:
        with contextlib.suppress(Stopped):
            for question in iter(self._questions.get, None):
                self._answers.put(self._answering.answer(question))

    def _stop(self) -> None:
        self._questions.put(None)
        ident = ctypes.c_ulong(self._thread.ident or 0)
        for _ in range(_ATTEMPTS):
            if not self._thread.is_alive():
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Stopped))
            self._thread.join(_LOOK_UP)


class _Beginning(io.StringIO):
    """Keeps the beginning of what is printed, so that an endless print fills no memory."""

    def write(self, text: str) -> int:
        super().write(text[: max(LONGEST_PRINT - self.tell(), 0)])
        return len(text)
