"""The check of an exercise: ask, compare, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmtutorial.classroom.asking import Ask, Wrong, shown
from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.calling import Caller
from mmtutorial.classroom.exercises import find_exercise
from mmtutorial.classroom.result import Result
from mmtutorial.errors import InputError


def check(name: str, function: Callable[..., Any], *, seconds: float = 10.0, seconds_in_all: float = 60.0) -> Result:
    """Compares a learner's function with a slow reference over many seeds and degenerate cases.

    Whatever the function does, raise, print, loop without end, the answer is a result. (Only a single call into
    compiled code that never returns cannot be stopped; interrupt the kernel then.)

    Args:
        name: of the exercise, such as ``"03.connected_graph"``.
        function: the learner's function itself.
        seconds: limit of one call to it.
        seconds_in_all: limit of the whole check.

    Returns:
        A result that shows itself in a notebook: passed; not yet; or what was tried, what came out, what was
        expected, and a hint. It never shows a solution.

    Raises:
        InputError: there is no exercise of that name; the nearest name is suggested.
    """
    exercise = find_exercise(name)
    if not callable(function):
        return Result(
            name,
            "wrong",
            came_out=shown(function),
            expected="the function itself",
            hint=f"Give the name without brackets: check('{name}', {name.split('.')[-1]})",
        )
    with Caller(function) as caller:
        ask = Ask(caller, function, seconds=seconds, seconds_in_all=seconds_in_all)
        try:
            exercise.examine(ask)
        except NotFilledIn as blank:
            return _not_yet(name, blank)
        except Wrong as wrong:
            return Result(
                name, "wrong", ask.comparisons, wrong.tried, wrong.came_out, wrong.expected, wrong.hint, ask.printed
            )
    if ask.comparisons == 0:
        # A check that compares nothing would pass whatever it is given.
        raise InputError(f"the check of {name} compared nothing; this is a fault of the check, please report it")
    return Result(name, "passed", ask.comparisons)


def _not_yet(name: str, blank: NotFilledIn) -> Result:
    other = blank.exercise != name
    hint = f"It uses your answer to {blank.exercise}: fill that in first." if other else ""
    return Result(name, "not yet", hint=hint)
