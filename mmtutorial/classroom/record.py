"""What a reader has tried: the state of each exercise, kept in small files beside the notebooks.

A file holds no name, no answer and no time. Each notebook has a file of its own, so that two notebooks that run at the
same time do not write over each other.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from mmtutorial.classroom.result import Result
from mmtutorial.errors import InputError
from mmtutorial.files import parse_json, write_json

RECORD = "progress"
"""Name of the folder, in the folder in which the notebooks run."""


@dataclass(frozen=True)
class Tried:
    """What has come of one exercise.

    Attributes:
        passed: whether it was passed at any time; a later mistake does not take that away.
        tries: how often an answer was checked. A blank is no try.
    """

    passed: bool
    tries: int


def remember(result: Result, folder: Path | str = ".") -> None:
    """Keep what came of a check.

    Nothing is said where it cannot be kept: no disk that is full and no folder that is read-only may spoil a check.

    Args:
        result: of the check. A blank that is not filled in is not kept.
        folder: where the notebooks run.
    """
    if result.state == "not yet":
        return
    number, _, name = result.exercise.partition(".")
    with contextlib.suppress(OSError, InputError):
        before = _read(Path(folder) / RECORD / f"{number}.json")
        old = before.get(name, Tried(False, 0))
        after = {**before, name: Tried(old.passed or result.passed, old.tries + 1)}
        (Path(folder) / RECORD).mkdir(exist_ok=True)
        kept = {key: {"passed": tried.passed, "tries": tried.tries} for key, tried in after.items()}
        write_json(Path(folder) / RECORD / f"{number}.json", kept)


def remembered(folder: Path | str = ".") -> dict[str, Tried]:
    """What has come of each exercise that was tried, by its name.

    Raises:
        InputError: a file is damaged.
    """
    return {
        f"{path.stem}.{name}": tried
        for path in sorted((Path(folder) / RECORD).glob("[0-9][0-9].json"))
        for name, tried in _read(path).items()
    }


def in_notebook() -> bool:
    """Whether this runs in a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _read(path: Path) -> dict[str, Tried]:
    if not path.exists():
        return {}
    try:
        return {
            str(name): Tried(passed=bool(row["passed"]), tries=int(row["tries"]))
            for name, row in parse_json(path.read_bytes()).items()
        }
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        raise InputError(f"{path} is damaged; move it away, and check your exercises again") from None
