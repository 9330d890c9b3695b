"""Questions to a learner's function, and what is said about its answers."""

from __future__ import annotations

import inspect
import math
import time
import traceback
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.calling import Caller

_LONGEST = 300


class Wrong(Exception):
    """An answer was not what was expected; the check ends here.

    Attributes:
        tried: with what the function was called.
        came_out: what it answered.
        expected: what was expected.
        hint: where to look.
    """

    def __init__(self, tried: str, came_out: str, expected: str, hint: str = "") -> None:
        super().__init__(came_out)
        self.tried, self.came_out, self.expected, self.hint = tried, came_out, expected, hint


class Ask:
    """Asks a learner's function and counts the right answers.

    Attributes:
        comparisons: answers found right so far.
        tried: description of the last call.
        printed: what the function printed in it.
    """

    def __init__(self, caller: Caller, function: Callable[..., Any], *, seconds: float, seconds_in_all: float) -> None:
        """Prepare to ask.

        Args:
            caller: calls the function.
            function: the function itself, for messages about its arguments and lines.
            seconds: limit of one call.
            seconds_in_all: limit of the whole check.
        """
        self._caller, self._function, self._seconds = caller, function, seconds
        self._end = time.monotonic() + seconds_in_all
        self.comparisons, self.tried, self.printed = 0, "", ""

    def __call__(self, tried: str, *arguments: Any) -> Any:
        """The function's answer.

        Args:
            tried: the arguments in words, for the message should the answer be wrong.
            arguments: handed over as copies, so that a function that changes them harms nothing.

        Raises:
            Wrong: the function failed, took too long or answered nothing.
            NotFilledIn: it has a blank still.
        """
        self.tried = tried
        seconds = min(self._seconds, self._end - time.monotonic())
        outcome = self._caller.call(tuple(_copy(argument) for argument in arguments), max(seconds, 0.1))
        self.printed = _shortened(outcome.printed.strip())
        if isinstance(outcome.error, NotFilledIn):
            raise outcome.error
        if outcome.error is not None:
            raise self.wrong(_told(outcome.error, self._function), "an answer", self._remedy(outcome.error, arguments))
        if outcome.timed_out:
            raise self.wrong(
                f"no answer; stopped after {max(seconds, 0.1):.0f} s",
                "an answer within that time",
                "Does a loop wait for something that never happens? If it is only slow: the cases are small, "
                "and a plain loop over them is fast enough.",
            )
        if outcome.value is None:
            raise self.wrong("nothing (None)", "an answer", "Does every way through your function end in 'return'?")
        return outcome.value

    def number(self, tried: str, *arguments: Any) -> float:
        """Like a call, for a function that answers a number."""
        answer = self(tried, *arguments)
        try:
            return float(answer.detach() if isinstance(answer, Tensor) else answer)
        except (TypeError, ValueError, RuntimeError):
            raise self.wrong(shown(answer), "one number", "Return a single number.") from None

    def tensor(self, tried: str, *arguments: Any) -> Tensor:
        """Like a call, for a function that answers a tensor, an array or nested lists of numbers."""
        answer = self(tried, *arguments)
        try:
            if isinstance(answer, (list, tuple)) and any(isinstance(row, Tensor) for row in answer):
                answer = torch.stack([torch.as_tensor(row) for row in answer])
            return torch.as_tensor(answer).detach().cpu()
        except (TypeError, ValueError, RuntimeError):
            raise self.wrong(shown(answer), "a tensor of numbers", "Return one tensor.") from None

    def require(self, holds: bool, came_out: object, expected: object, hint: str = "") -> None:
        """Counts an answer as right, or ends the check."""
        if not holds:
            raise self.wrong(came_out, expected, hint)
        self.comparisons += 1

    def wrong(self, came_out: object, expected: object, hint: str = "") -> Wrong:
        """The exception for a wrong answer to the last question."""
        return Wrong(self.tried, shown(came_out), shown(expected), hint)

    def _remedy(self, error: BaseException, arguments: tuple[Any, ...]) -> str:
        if isinstance(error, RecursionError):
            return "The function calls itself without end."
        if isinstance(error, NameError):
            return "Was the cell that defines this name run? Is it spelled alike everywhere?"
        try:
            inspect.signature(self._function).bind(*arguments)
        except TypeError:
            return f"The function is called with {len(arguments)} arguments; keep the ones given in the exercise."
        except ValueError:
            return ""
        return "Call your function with these arguments in a cell of its own, and look at the values on the way."


def shown(value: object) -> str:
    """A value in words, cut off where it is long."""
    if isinstance(value, str):
        return _shortened(value)
    if isinstance(value, (Tensor, np.ndarray)):
        tensor = torch.as_tensor(value).detach().cpu()
        listed = tensor.tolist() if tensor.dtype in (torch.long, torch.bool) else _rounded(tensor.double().tolist())
        return _shortened(str(listed) if tensor.ndim == 0 else f"shape {tuple(tensor.shape)}: {listed}")
    return _shortened(f"{value:.6g}" if isinstance(value, float) else repr(value))


def close(first: float, second: float, tolerance: float = 1e-4) -> bool:
    """Whether two numbers agree to rounding; NaN agrees with NaN."""
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    return math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance)


def _told(error: BaseException, function: Callable[..., Any]) -> str:
    """The error on one line, and the learner's line at which it came up."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    if isinstance(function, FunctionType):
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == function.__code__.co_filename
        ]
        if own and own[-1].line:
            return f"{text} (at the line: {own[-1].line})"
    return text


def _copy(argument: Any) -> Any:
    if isinstance(argument, Tensor):
        return argument.detach().clone().requires_grad_(argument.requires_grad)
    if isinstance(argument, (list, tuple)):
        return type(argument)(_copy(part) for part in argument)
    return argument


def _rounded(value: Any) -> Any:
    return [_rounded(part) for part in value] if isinstance(value, list) else float(f"{value:.4g}")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
