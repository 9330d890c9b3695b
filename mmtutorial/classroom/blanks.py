"""Blanks: what stands in an exercise until the learner has written something."""

from __future__ import annotations

from typing import NoReturn


class NotFilledIn(NotImplementedError):
    """The blank of an exercise was reached.

    Attributes:
        exercise: name of the exercise, such as ``"03.connected_graph"``.
    """

    def __init__(self, exercise: str) -> None:
        self.exercise = exercise
        super().__init__(
            f"exercise {exercise} is not filled in yet: put your code in place of todo(...), run that cell, then go on"
        )

    def _render_traceback_(self) -> list[str]:
        # Jupyter asks an exception for its own lines. Nobody made a mistake here, so no traceback is shown.
        return [f"NotFilledIn: {self}"]


def todo(exercise: str) -> NoReturn:
    """Mark a blank.

    Args:
        exercise: name of the exercise.

    Raises:
        NotFilledIn: always; it names the exercise.
    """
    raise NotFilledIn(exercise)
