"""Scores of challenges, and the board on which they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmtutorial.classroom.challenges.known import CHALLENGES, find_challenge
from mmtutorial.classroom.setting import preset_name
from mmtutorial.errors import InputError
from mmtutorial.files import parse_json, write_json
from mmtutorial.plots.html_table import Table, table

FILE = "challenges.json"
"""Name of the file, in the folder in which the notebook runs. It holds scores and notes, and no name."""
_KEPT = 10
"""Scores of a challenge that are kept: the best ones."""


@dataclass(frozen=True, repr=False)
class Score:
    """What an answer reached.

    Attributes:
        challenge: its name.
        value: the score; the higher, the better.
        unit: of the score.
        place: among those on the board, from 1; None where it is not among the best.
        kept: how many are on the board.
    """

    challenge: str
    value: float
    unit: str
    place: int | None
    kept: int

    def __repr__(self) -> str:
        where = f"place {self.place} of {self.kept}" if self.place else f"not among the best {self.kept}"
        return f"{self.challenge}: {self.value:.2f} {self.unit}; {where} in {FILE}"


def challenge(name: str, answer: Any = None, *, note: str = "", folder: Path | str = ".") -> Score:
    """Score an answer to an open challenge, and keep the score.

    Args:
        name: of the challenge, such as ``"03.steady_step"``.
        answer: what the challenge asks for; None for the package's own, a place to start from.
        note: a few words on what you did.
        folder: where the file of all scores lies or will lie.

    Returns:
        The score and its place on the board.

    Raises:
        InputError: there is no such challenge, the answer is not what it asks for, or the file is damaged.
    """
    asked, earlier = find_challenge(name), _read(Path(folder))
    own = answer is None
    value = round(asked.score(asked.baseline if own else answer), 4)
    said = (note or ("the package's own answer" if own else "yours")) + (" (smoke)" if preset_name() == "smoke" else "")
    entry = {"score": value, "note": said[:80]}
    board = sorted([*earlier.get(name, []), entry], key=lambda one: -one["score"])[:_KEPT]
    write_json(Path(folder) / FILE, {**earlier, name: board})
    place = next((place for place, one in enumerate(board, start=1) if one is entry), None)
    return Score(name, value, asked.unit, place, len(board))


def leaderboard(folder: Path | str = ".") -> Table:
    """All scores of a folder, the best of each challenge first.

    Raises:
        InputError: the file is damaged.
    """
    found = _read(Path(folder))
    rows = [
        (name, str(place), f"{one['score']:.2f} {CHALLENGES[name].unit}", one["note"])
        for name in CHALLENGES
        for place, one in enumerate(found.get(name, []), start=1)
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    heads = ("challenge", "place", "score", "note")
    return table(dict(zip(heads, columns, strict=True)), "Your scores" if rows else "No challenge has been tried yet")


def _read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        found = parse_json(path.read_bytes())
        return {
            str(name): [{"score": float(one["score"]), "note": str(one["note"])} for one in board]
            for name, board in found.items()
        }
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        raise InputError(f"{path} does not hold scores; move it away and try again") from None
