"""The side that holds a learner's function: it takes questions as bytes and gives answers as bytes.

It runs where it can be stopped, in a process or in a thread of its own. Whatever a function does that Python can see
becomes an answer: it raises, it leaves, it wants to be typed to, it gives back something that cannot be read.
"""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from types import FunctionType
from typing import Any, Literal

from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.exits import NoKeyboard
from mmtutorial.classroom.plain import TooLarge, decode, encode

Kind = Literal[
    "blank", "exit", "keyboard", "memory", "too large", "recursion", "name", "arguments", "error", "time", "ended"
]

# Taken before an answer can change it: the way out of a process in which nothing else may run.
leave_at_once = os._exit


class Stopped(BaseException):
    """Raised inside a call whose time is up. No Exception, so that ``except Exception`` lets it pass."""


@dataclass(frozen=True)
class Failure:
    """Why a call has no value.

    Attributes:
        kind: what happened, in one word.
        text: what happened, as it is shown: the error and the learner's line; of a blank, the exercise's name.
    """

    kind: Kind
    text: str


class Answering:
    """Answers questions with a learner's function."""

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Sequence[str] = (),
        adapt: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
    ) -> None:
        """Hold a function.

        Args:
            function: the learner's.
            arguments: names of those it is to take, to tell an answer that takes others.
            adapt: makes of it the function that is asked, where the questions are put in other words.
        """
        self._function, self._arguments = function, arguments
        # Those that came up within answers follow the first.
        self._functions = [adapt(function) if adapt else function]

    def answer(self, question: bytes) -> bytes:
        """Call the function that a question names with the arguments it brings.

        Raises:
            Stopped: time is up.
        """
        number, arguments = decode(question)
        process = os.getpid()
        try:
            try:
                value = self._functions[number](*arguments)
            finally:
                if os.getpid() != process:
                    leave_at_once(0)  # The function has forked, and one of the two answers.
            return encode(("value", value), self._keep)
        except Stopped:
            raise
        except BaseException as error:  # SystemExit too: exit() in an answer must not end the notebook.
            return encode(("failure", asdict(self._failure(error))))

    def _keep(self, function: Callable[..., Any]) -> int:
        self._functions.append(function)
        return len(self._functions) - 1

    def _failure(self, error: BaseException) -> Failure:
        if isinstance(error, NotFilledIn):
            return Failure("blank", error.exercise)
        if isinstance(error, TooLarge):
            return Failure("too large", str(error))
        kind = self._kind(error)
        if kind == "memory":
            traceback.clear_frames(error.__traceback__)  # What filled it is still held there.
        return Failure(kind, self._told(error))

    def _kind(self, error: BaseException) -> Kind:
        kinds: list[tuple[type[BaseException] | tuple[type[BaseException], ...], Kind]] = [
            ((SystemExit, KeyboardInterrupt, GeneratorExit), "exit"),
            (NoKeyboard, "keyboard"),
            (MemoryError, "memory"),
            (RecursionError, "recursion"),
            (NameError, "name"),
        ]
        for classes, kind in kinds:
            if isinstance(error, classes):
                return kind
        if isinstance(error, RuntimeError) and "can't allocate memory" in str(error):  # torch's own
            return "memory"
        return "error" if self._takes_the_arguments() else "arguments"

    def _takes_the_arguments(self) -> bool:
        try:
            inspect.signature(self._function).bind(*self._arguments)
        except TypeError:
            return False
        except ValueError:
            return True  # Compiled functions have no signature.
        return True

    def _told(self, error: BaseException) -> str:
        """Tell the error on one line, and the learner's line at which it came up."""
        try:
            said = "" if isinstance(error, SystemExit) and error.code is None else " ".join(str(error).split())
        except Exception:  # Its __str__ fails.
            said = ""
        text = f"{type(error).__name__}: {said}".removesuffix(": ")
        if not isinstance(self._function, FunctionType):
            return text
        file = self._function.__code__.co_filename
        lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        return f"{text} (at the line: {lines[-1]})" if lines and lines[-1] else text
