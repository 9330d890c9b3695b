"""All exercises, by name. Each file has those of one notebook, and is named by its subject."""

from __future__ import annotations

from mmtutorial.classroom.exercise import Exercise
from mmtutorial.classroom.exercises import (
    beyond,
    match,
    mix,
    proxies,
    reproduction,
    scale_up,
    segmentation,
    start,
    triplet_loss,
    tuning,
)
from mmtutorial.errors import unknown

_FILES = (start, proxies, mix, match, triplet_loss, tuning, segmentation, reproduction, scale_up, beyond)

EXERCISES: dict[str, Exercise] = {exercise.name: exercise for file in _FILES for exercise in file.EXERCISES}


def find_exercise(name: str) -> Exercise:
    """Find the exercise of a name.

    Raises:
        InputError: there is none; the nearest name is suggested.
    """
    if name not in EXERCISES:
        raise unknown("exercise", name, EXERCISES)
    return EXERCISES[name]
