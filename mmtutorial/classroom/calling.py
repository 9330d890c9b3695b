"""Calls to a learner's function, which may fail, leave, print or never end.

A check must not change the notebook it runs in, nor end it. So where that is possible the function is asked in a copy
of the notebook's process (:mod:`mmtutorial.classroom.in_process`): it can be stopped at any point, has limits, and
whatever it changes is gone with it. Elsewhere a thread has to do (:mod:`mmtutorial.classroom.in_thread`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, get_args

from mmtutorial.classroom.answering import Failure, Kind
from mmtutorial.classroom.plain import Unreadable, decode, encode

# Bytes kept of what a call prints; a result shows the first 300 characters.
LONGEST_PRINT = 2000


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Attributes:
        value: what the function returned, as plain data.
        failure: why there is none, or None.
        printed: the beginning of what was printed.
    """

    value: Any = None
    failure: Failure | None = None
    printed: str = ""


class Calling(ABC):
    """Calls the functions that one side holds."""

    @abstractmethod
    def call(self, arguments: tuple[Any, ...], seconds: float, number: int = 0) -> Outcome:
        """Call a function once.

        Args:
            arguments: plain data, tensors and generators; the function gets copies.
            seconds: after which the call is stopped.
            number: of the function: 0 for the learner's own, others for those that came up in answers.
        """


class Caller(Calling):
    """Calls over a line of plain bytes. After a call that had to be stopped it is of no further use."""

    def call(self, arguments: tuple[Any, ...], seconds: float, number: int = 0) -> Outcome:
        """Call a function once; see :meth:`Calling.call`."""
        answer, printed = self._exchange(encode((number, arguments)), seconds)
        if isinstance(answer, Failure):
            return Outcome(failure=answer, printed=printed)
        try:
            kind, found = decode(answer)
            return Outcome(None, _failure(**found), printed) if kind == "failure" else Outcome(found, None, printed)
        except (Unreadable, TypeError, ValueError):
            return Outcome(failure=Failure("ended", "no answer that can be read"), printed=printed)

    @abstractmethod
    def _exchange(self, question: bytes, seconds: float) -> tuple[bytes | Failure, str]:
        """Get an answer to a question, or why there is none; and the beginning of what was printed meanwhile."""


def _failure(kind: Any, text: Any) -> Failure:
    if kind not in get_args(Kind) or not isinstance(text, str):
        raise ValueError
    return Failure(kind, text)
