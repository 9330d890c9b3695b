"""Calls to a function that may fail, print or never end.

The calls run in a thread of their own. When time is up, an exception is raised inside that thread, which ends
any loop written in Python, on every system and whatever thread the notebook itself runs in. What cannot be
stopped so is one single call into C that never comes back; its thread is left behind, and ends with Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# How often the waiting side looks up, so that the stop button of a notebook is heard on every system.
_LOOK_UP = 0.05
# A bare ``except:`` in the learner's loop swallows what should end it, so it is raised again a few times.
_ATTEMPTS = 40


class Stopped(BaseException):
    """Raised inside a call whose time is up. No Exception, so that ``except Exception`` lets it pass."""


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Attributes:
        value: what the function returned.
        error: what it raised, or None.
        timed_out: whether it had to be stopped.
        printed: what it printed.
    """

    value: Any = None
    error: BaseException | None = None
    timed_out: bool = False
    printed: str = ""


class Caller:
    """Calls one function again and again in a thread. Use it as a context manager."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Prepare the thread.

        Args:
            function: what to call.
        """
        self._function = function
        self._jobs: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="exercise")

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._jobs.put(None)

    def call(self, arguments: tuple[Any, ...], seconds: float) -> Outcome:
        """Call the function once.

        Args:
            arguments: of the call.
            seconds: after which the call is stopped. After a stop this object is of no further use.
        """
        end = time.monotonic() + seconds
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self._jobs.put(arguments)
            try:
                outcome = self._wait(end)
            except BaseException:  # The stop button: the learner's code has to stop as well.
                self._stop()
                raise
            if outcome is None:
                self._stop()
                return Outcome(timed_out=True, printed=printed.getvalue())
        return Outcome(outcome.value, outcome.error, printed=printed.getvalue())

    def _wait(self, end: float) -> Outcome | None:
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                return self._outcomes.get(timeout=_LOOK_UP)
        return None

    def _serve(self) -> None:
        with contextlib.suppress(Stopped):
            for arguments in iter(self._jobs.get, None):
                try:
                    self._outcomes.put(Outcome(self._function(*arguments)))
                except Stopped:
                    raise
                except BaseException as error:  # SystemExit too: exit() in an answer must not end the notebook.
                    self._outcomes.put(Outcome(error=error))

    def _stop(self) -> None:
        self._jobs.put(None)
        ident = ctypes.c_ulong(self._thread.ident or 0)
        for _ in range(_ATTEMPTS):
            if not self._thread.is_alive():
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Stopped))
            self._thread.join(_LOOK_UP)
