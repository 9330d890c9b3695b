"""``log.jsonl``: how a stage's training went, one line an epoch."""

from __future__ import annotations

import json
from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes


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
        if self.path.exists():
            for line in self.path.read_text(errors="replace").splitlines():
                try:
                    if json.loads(line)["step"] > step:
                        break
                except (ValueError, KeyError, TypeError):
                    break  # A line cut short by a kill is later than any checkpoint.
                self.lines.append(line)
        write_bytes(self.path, "".join(line + "\n" for line in self.lines).encode())

    def add(self, **numbers: float) -> None:
        """Append the numbers of an epoch. Raises InputError where the file cannot be written."""
        self.lines.append(json.dumps(numbers))
        try:
            with self.path.open("a") as file:
                file.write(self.lines[-1] + "\n")
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror or error}; free space, then run again with --resume"
            ) from error
