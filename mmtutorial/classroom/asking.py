"""Questions to a learner's function, and what is said about its answers."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from mmtutorial.classroom.answering import Failure
from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.calling import Calling
from mmtutorial.classroom.plain import Function
from mmtutorial.randomness import seed_for, seeded

_LONGEST = 300
# Numbers of a tensor that are shown.
_MOST_SHOWN = 200

_REMEDIES = {
    "exit": "Your function ended Python, with exit() or an exception meant for that; a check needs it to return its "
    "answer.",
    "keyboard": "In a check nobody types: take what you need from the arguments.",
    "memory": "Your function ran out of memory. The cases are small: does a list or a number grow without end?",
    "too large": "The answer is much larger than what is asked for. Does a list grow without end, or hold itself?",
    "recursion": "The function calls itself without end.",
    "name": "Was the cell that defines this name run? Is it spelled alike everywhere?",
    "arguments": "The function is called with {count} arguments; keep the ones given in the exercise.",
    "error": "Call your function with these arguments in a cell of its own, and look at the values on the way.",
    "time": "Does a loop wait for something that never happens? If it is only slow: the cases are small, "
    "and a plain loop over them is fast enough.",
    "ended": "Your function ended the process in which it was tried: with os._exit(), by a crash of compiled code, or "
    "out of memory. A check needs it to return its answer.",
}


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
        variant: None in a notebook, where all get the same inputs. In marking, a number by which the inputs are drawn
            anew, so that answers learned by heart are wrong.
        comparisons: answers found right so far.
        tried: description of the last call.
        printed: the beginning of what the function printed in it.
    """

    def __init__(self, caller: Calling, arguments: int, *, seconds: float, seconds_in_all: float) -> None:
        """Prepare to ask.

        Args:
            caller: calls the function.
            arguments: how many the function is to take.
            seconds: limit of one call.
            seconds_in_all: limit of the whole check.
        """
        self._caller, self._arguments, self._seconds = caller, arguments, seconds
        self._end = time.monotonic() + seconds_in_all
        self.variant: int | None = None
        self.comparisons, self.tried, self.printed = 0, "", ""

    def seed(self, number: int) -> int:
        """Return the seed for the inputs of a case: its number in a notebook, another for each variant in marking."""
        return number if self.variant is None else seed_for(self.variant, "inputs", number)

    def seeded(self, number: int) -> torch.Generator:
        """Make the generator for the inputs of a case."""
        return seeded(self.seed(number))

    def drawn(self, count: int) -> list[torch.Generator]:
        """Make generators for cases that marking adds where those of the notebook are written down, not drawn."""
        return [] if self.variant is None else [self.seeded(1000 + number) for number in range(count)]

    @contextmanager
    def case(self, weight: float = 1.0) -> Iterator[None]:
        """Hold what belongs to one case. In a notebook the first wrong case ends the check; marking counts them.

        Args:
            weight: what the case counts in marking, beside the others of its exercise.
        """
        yield

    def __call__(self, tried: str, *arguments: Any) -> Any:
        """Ask for the function's answer, as plain data.

        Args:
            tried: the arguments in words, for the message should the answer be wrong.
            arguments: handed over as copies, so that a function that changes them harms nothing.

        Raises:
            Wrong: the function failed, took too long or answered nothing.
            NotFilledIn: it has a blank still.
        """
        self.tried = tried
        return self.something(self.of(Function(0, "your function"), *arguments))

    def something(self, answer: Any) -> Any:
        """Return an answer, or a part of one, that is not None."""
        if answer is None:
            raise self.wrong("nothing (None)", "an answer", "Does every way through your function end in 'return'?")
        return answer

    def of(self, function: Function, *arguments: Any) -> Any:
        """Ask a function that came up in an earlier answer; its own answer may be None.

        Raises:
            Wrong: the function failed or took too long.
            NotFilledIn: it has a blank still.
        """
        seconds = max(min(self._seconds, self._end - time.monotonic()), 0.1)
        outcome = self._caller.call(arguments, seconds, function.number)
        self.printed = _shortened(outcome.printed.strip())
        if outcome.failure is not None:
            raise self._failed(outcome.failure)
        return outcome.value

    def number(self, tried: str, *arguments: Any) -> float:
        """Ask a function that answers a number."""
        return self.as_number(self(tried, *arguments))

    def as_number(self, answer: Any) -> float:
        """Return an answer, or a part of one, as a number."""
        try:
            if not isinstance(answer, str):  # float() reads text as well.
                return float(answer)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            pass
        raise self.wrong(answer, "one number", "Return a single number.")

    def tensor(self, tried: str, *arguments: Any) -> Tensor:
        """Ask a function that answers a tensor, an array or nested lists of numbers."""
        return self.as_tensor(self(tried, *arguments))

    def as_tensor(self, answer: Any) -> Tensor:
        """Return an answer, or a part of one, as a tensor of real numbers."""
        if isinstance(answer, dict):
            hint = "This is a dictionary. Return its values alone, as a list or a tensor, in the order asked for."
            raise self.wrong(answer, "a tensor of numbers", hint)
        try:
            tensor = _stacked(answer)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            hint = "Return one tensor, with rows of equal length and numbers that fit into 64 bits."
            raise self.wrong(answer, "a tensor of numbers", hint) from None
        if tensor.is_complex():
            raise self.wrong(answer, "a tensor of real numbers", "These are complex numbers.")
        return tensor

    def whole(self, tried: str, *arguments: Any) -> Tensor:
        """Ask a function that answers a tensor of whole numbers, such as classes or nodes."""
        return self.as_whole(self(tried, *arguments))

    def as_whole(self, answer: Any) -> Tensor:
        """Return an answer, or a part of one, as a tensor of whole numbers (``long``)."""
        tensor = self.as_tensor(answer)
        numbers, whole = tensor.double(), tensor.long()
        if not bool(((numbers.abs() < 2**63) & (whole.double() == numbers)).all()):  # NaN is below nothing.
            raise self.wrong(answer, "whole numbers", "Numbers of classes, nodes and pixels have no decimals.")
        return whole

    def require(self, holds: bool, came_out: object, expected: object, hint: str = "") -> None:
        """Count an answer as right, or end the check.

        Raises:
            Wrong: it is not.
        """
        if not holds:
            raise self.wrong(came_out, expected, hint)
        self.comparisons += 1

    def wrong(self, came_out: object, expected: object, hint: str = "") -> Wrong:
        """Make the exception for a wrong answer to the last question."""
        return Wrong(self.tried, shown(came_out), shown(expected), hint)

    def _failed(self, failure: Failure) -> Exception:
        if failure.kind == "blank":
            return NotFilledIn(failure.text)
        expected = "an answer within that time" if failure.kind == "time" else "an answer"
        return self.wrong(failure.text, expected, _REMEDIES[failure.kind].format(count=self._arguments))


def shown(value: object) -> str:
    """Put a value into words, cut off where it is long."""
    if isinstance(value, str):
        return _shortened(value)
    if isinstance(value, Tensor):
        return _shortened(_tensor_shown(value.detach()))
    return _shortened(f"{value:.6g}" if isinstance(value, float) else repr(value))


def _tensor_shown(tensor: Tensor) -> str:
    if tensor.numel() > _MOST_SHOWN:
        return f"shape {tuple(tensor.shape)}: {_rounded(tensor.flatten()[:_MOST_SHOWN].tolist())} ..."
    listed = _rounded(tensor.tolist())
    return f"shape {tuple(tensor.shape)}: {listed}" if tensor.ndim else str(listed)


def close(first: float, second: float, tolerance: float = 1e-4) -> bool:
    """Say whether two numbers agree to rounding; NaN agrees with NaN."""
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    return math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance)


def _stacked(answer: Any) -> Tensor:
    """A tensor of an answer; of lists with tensors within, too."""
    if isinstance(answer, Tensor):
        return answer.detach()
    if isinstance(answer, (list, tuple)) and any(isinstance(part, (Tensor, list, tuple)) for part in answer):
        return torch.stack([_stacked(part) for part in answer])
    return torch.as_tensor(answer)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
