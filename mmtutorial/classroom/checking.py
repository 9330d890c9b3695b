"""The check of an exercise: ask, compare, answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mmtutorial.classroom.answering import Answering
from mmtutorial.classroom.asking import Ask, Wrong, shown
from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.calling import Caller
from mmtutorial.classroom.exercise import Exercise
from mmtutorial.classroom.exercises import find_exercise
from mmtutorial.classroom.in_process import ProcessCaller, Unavailable, process_caller
from mmtutorial.classroom.in_thread import ThreadCaller
from mmtutorial.classroom.record import in_notebook, remember
from mmtutorial.classroom.result import Result
from mmtutorial.errors import InputError


def check(name: str, function: Callable[..., Any], *, seconds: float = 10.0, seconds_in_all: float = 60.0) -> Result:
    """Compare a learner's function with a slow reference over many seeds and degenerate cases.

    Whatever the function does, raise, print, leave Python or never end, the answer is a result, and the notebook stays
    as it was: on Linux the function is tried in a copy of the notebook's process, with limits for time and memory.
    Variables that it changes there, figures it draws and what it prints are gone with the copy. (Elsewhere, and once
    a GPU is in use, it is tried in a thread: then what it changes stays changed, memory has no limit, and a single call
    into compiled code that never returns cannot be stopped; interrupt the kernel then.)

    Args:
        name: of the exercise, such as ``"03.connected_graph"``.
        function: the learner's function itself.
        seconds: limit of one call to it.
        seconds_in_all: limit of the whole check.

    Returns:
        A result that shows itself in a notebook: passed; not yet; or what was tried, what came out, what was
        expected, and a hint. It never shows a solution. In a notebook, whether it was passed is kept in the folder
        ``progress`` beside it, for :func:`progress`.

    Raises:
        InputError: there is no exercise of that name; the nearest name is suggested.

    Example:
        >>> result = check("03.connected_graph", lambda labels, generator: labels)
        >>> result.passed, result.state
        (False, 'wrong')
    """
    exercise = find_exercise(name)
    if callable(function):
        with _asked(Answering(function, exercise.arguments, exercise.adapt), seconds_in_all) as caller:
            limits = {"seconds": seconds, "seconds_in_all": seconds_in_all}
            result = _examined(exercise, Ask(caller, len(exercise.arguments), **limits))
    else:
        result = Result(
            name,
            "wrong",
            came_out=_shown(function, seconds),
            expected="the function itself",
            hint=f"Give the name without brackets: check('{name}', {name.split('.')[-1]})",
        )
    if in_notebook():
        remember(result)
    return result


@contextmanager
def _asked(answering: Answering, seconds: float) -> Iterator[Caller]:
    """Start what calls a function: a process where that is possible, a thread elsewhere."""
    try:
        caller: ProcessCaller | ThreadCaller = process_caller(answering, seconds)
    except Unavailable:
        caller = ThreadCaller(answering)
    with caller:
        yield caller


def _examined(exercise: Exercise, ask: Ask) -> Result:
    try:
        exercise.examine(ask)
    except NotFilledIn as blank:
        return _not_yet(exercise.name, blank)
    except Wrong as wrong:
        found = (wrong.tried, wrong.came_out, wrong.expected, wrong.hint)
        return Result(exercise.name, "wrong", ask.comparisons, *found, ask.printed)
    if ask.comparisons == 0:
        # A check that compares nothing would pass whatever it is given.
        raise InputError(f"the check of {exercise.name} compared nothing: a fault of the check, please report it")
    return Result(exercise.name, "passed", ask.comparisons)


def _shown(value: object, seconds: float) -> str:
    """Put a value into words where that does no harm."""
    with _asked(Answering(lambda: value), seconds) as caller:
        outcome = caller.call((), seconds)
    return shown(outcome.failure.text if outcome.failure else outcome.value)


def _not_yet(name: str, blank: NotFilledIn) -> Result:
    other = blank.exercise != name
    hint = f"It uses your answer to {blank.exercise}: fill that in first." if other else ""
    return Result(name, "not yet", hint=hint)
