"""``exercises.toml``: minutes, difficulty and a warm-up for each exercise, put under its heading."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notebooks.generator.catalogue import FOLDER
from notebooks.generator.masters import Cell

_HEADING = re.compile(r"(?m)^### Exercise \d+: .+\n")
HARDEST = 3


@dataclass(frozen=True)
class Rung:
    """One exercise on the ladder.

    Attributes:
        name: of the exercise: ``"03.components"``.
        minutes: that most readers need.
        difficulty: from 1 to 3.
        warm_up: a question of two minutes that leads to the exercise.
        answer: to the warm-up.
        proof: what the answer claims, in Python; empty where it is an argument.
    """

    name: str
    minutes: int
    difficulty: int
    warm_up: str
    answer: str
    proof: str = ""

    def shown(self) -> str:
        """The lines under the heading."""
        dots = "●" * self.difficulty + "○" * (HARDEST - self.difficulty)
        return (
            f"*About {self.minutes} minutes. Difficulty {dots}*\n\n"
            f"**Warm-up, two minutes.** {self.warm_up}\n\n"
            f"<details><summary>Answer to the warm-up</summary>\n{self.answer}\n</details>\n"
        )


def read_ladder(folder: Path = FOLDER) -> dict[str, Rung]:
    """Reads ``exercises.toml``.

    Raises:
        ValueError: a field is missing, unknown or out of its range, or an exercise is listed twice.
    """
    rows = tomllib.loads((folder / "exercises.toml").read_text(encoding="utf-8"))["exercise"]
    try:
        rungs = [Rung(**row) for row in rows]
    except TypeError as error:
        raise ValueError(f"exercises.toml: an exercise has too few or too many fields ({error})") from None
    for rung in rungs:
        if not 1 <= rung.difficulty <= HARDEST or rung.minutes < 1:
            raise ValueError(f"exercises.toml: {rung.name} needs minutes, and a difficulty from 1 to {HARDEST}")
    found = {rung.name: rung for rung in rungs}
    if len(found) < len(rungs):
        raise ValueError("exercises.toml lists an exercise twice")
    return found


def with_rungs(cells: Sequence[Cell], ladder: Mapping[str, Rung]) -> list[Cell]:
    """Cells of a notebook, each exercise with its minutes, difficulty and warm-up under its heading.

    Raises:
        ValueError: an exercise has no heading before it, or stands on no rung.
    """
    made = list(cells)
    for place, cell in enumerate(cells):
        if cell.exercise is None:
            continue
        if cell.exercise not in ladder:
            raise ValueError(f"exercises.toml has no {cell.exercise}: say how long it takes, and give a warm-up")
        home = next((p for p in range(place - 1, -1, -1) if _HEADING.search(made[p].source)), None)
        if home is None:
            raise ValueError(f"no heading '### Exercise N: ...' stands before {cell.exercise}")
        text = made[home].source
        *_, heading = _HEADING.finditer(text)
        shown = f"{text[: heading.end()]}\n{ladder[cell.exercise].shown()}{text[heading.end() :]}"
        made[home] = Cell("markdown", shown, made[home].tags)
    return made
