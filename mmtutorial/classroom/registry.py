"""All exercises, by name. A notebook's exercises stand in ``exercises_NN.py``."""

from __future__ import annotations

from mmtutorial.classroom import (
    exercises_00,
    exercises_01,
    exercises_02,
    exercises_03,
    exercises_04,
    exercises_05,
    exercises_06,
    exercises_07,
    exercises_08,
    exercises_09,
)
from mmtutorial.classroom.exercise import Exercise
from mmtutorial.errors import unknown

_FILES = (
    exercises_00,
    exercises_01,
    exercises_02,
    exercises_03,
    exercises_04,
    exercises_05,
    exercises_06,
    exercises_07,
    exercises_08,
    exercises_09,
)

EXERCISES: dict[str, Exercise] = {exercise.name: exercise for file in _FILES for exercise in file.EXERCISES}


def find_exercise(name: str) -> Exercise:
    """The exercise of a name.

    Raises:
        InputError: there is none; the nearest name is suggested.
    """
    if name not in EXERCISES:
        raise unknown("exercise", name, EXERCISES)
    return EXERCISES[name]
