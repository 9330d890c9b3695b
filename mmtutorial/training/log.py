"""``log.jsonl``: how a stage's training went, one line an epoch."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.files import parse_json, write_bytes


class TrainingLog:
    """One JSON object an epoch, appended to a file.

    Attributes:
        path: of the file.
        lines: what has been logged so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []

    def keep_until(self, step: int) -> None:
        """Forget what an earlier attempt logged after the checkpoint that is resumed."""
        for line in self._earlier():
            # A line cut short by a kill is later than any checkpoint.
            if not 0 < _step(line) <= step:
                break
            self.lines.append(line)
        write_bytes(self.path, "".join(line + "\n" for line in self.lines).encode())

    @property
    def step(self) -> int:
        """The step of the last line; 0 where there is none."""
        return _step(self.lines[-1]) if self.lines else 0

    def _earlier(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}; move it elsewhere") from None

    def add(self, **numbers: float) -> None:
        """Append the numbers of an epoch. Raises InputError where the file cannot be written."""
        self.lines.append(json.dumps(numbers))
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(self.lines[-1] + "\n")
                file.flush()
                # On the disk before the checkpoint that speaks of it.
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror or error}; free space, then run again with --resume"
            ) from error


def _step(line: str) -> int:
    """The step of a line; 0 for what is no line of a log."""
    try:
        step = parse_json(line)["step"]
    except (ValueError, KeyError, TypeError):
        return 0
    return step if type(step) is int else 0
