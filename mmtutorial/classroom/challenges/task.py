"""What a challenge consists of, and what all of them ask of an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from mmtutorial.errors import InputError


@dataclass(frozen=True)
class Challenge:
    """A challenge. The higher the score, the better.

    Attributes:
        name: number of the notebook and a name, such as ``"05.beat_the_control"``.
        asked: what to hand in, and what is scored, in one or two sentences.
        unit: of the score.
        baseline: what the package itself answers; a place to start from.
        score: the score of an answer, the same each time on one machine.
    """

    name: str
    asked: str
    unit: str
    baseline: Any
    score: Callable[[Any], float]


def answered(name: str, function: Any, *arguments: Any) -> Any:
    """What somebody's function answers.

    Raises:
        InputError: it is no function, or it fails.
    """
    if not callable(function):
        raise InputError(
            f"{name} asks for a function, got {type(function).__name__}; hand in its name without brackets"
        )
    try:
        return function(*arguments)
    except Exception as error:  # Somebody else's code: whatever it raises is said, with its kind.
        said = shorten(f"{type(error).__name__}: {error}", width=160)
        raise InputError(f"{name}: your function ended with {said}; try it by itself first") from error
