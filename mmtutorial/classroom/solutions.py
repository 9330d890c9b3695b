"""One solution, for whoever wants to go on: that of the exercise asked for, and no other."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.errors import InputError, unknown

FOLDER = "solutions"
"""Where the notebooks with solutions lie, beside those of the learner."""


@dataclass(frozen=True, repr=False)
class Solution:
    """The solution of an exercise, folded until one opens it.

    Attributes:
        exercise: its name.
        source: the code.
    """

    exercise: str
    source: str

    def __repr__(self) -> str:
        return self.source

    def _repr_html_(self) -> str:
        # The question comes before the answer: a fold that says what opening it costs.
        return (
            f"<details><summary>Have you opened both hints of {html.escape(self.exercise)}, and tried once more? "
            f"Then open this, read it, close it, and write it yourself.</summary>"
            f"<pre>{html.escape(self.source)}</pre></details>"
        )


def solution(exercise: str, folder: Path | str = ".") -> Solution:
    """Show the solution of one exercise, behind a question.

    Args:
        exercise: its name, such as ``"03.components"``.
        folder: where the notebooks lie, with ``solutions`` below.

    Raises:
        InputError: there is no such exercise, or no notebook with its solution.
    """
    if exercise not in EXERCISES:
        raise unknown("exercise", exercise, EXERCISES)
    number = exercise.partition(".")[0]
    for path in sorted((Path(folder) / FOLDER).glob(f"{number}_*.ipynb")):
        for cell in _cells(path):
            if f"exercise:{exercise}" in cell.get("metadata", {}).get("tags", ()):
                return Solution(exercise, _solved("".join(cell["source"])))
    raise InputError(
        f"no solution of {exercise} below {(Path(folder) / FOLDER).resolve()}; `mmtutorial lab` copies them there"
    )


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"cannot read {path} ({error}); `mmtutorial lab` copies it anew where it is missing") from None
    return cells


def _solved(source: str) -> str:
    """The function alone, without the first try behind it."""
    head, _, _ = source.rstrip().rpartition("\n\n\n")
    return head or source
