"""What is known of a submission once it is marked, and where a marking keeps it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mmtutorial.classroom.marking.examining import Mark
from mmtutorial.classroom.marking.points import Points
from mmtutorial.classroom.marking.submissions import Submission
from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes


@dataclass(frozen=True)
class Marked:
    """A submission and its marks.

    Attributes:
        student: whose it is.
        notebook: its two digits, or nothing.
        file: where it was found.
        digest: SHA-256 of its bytes.
        handed_in: when, as ISO 8601.
        status: how the notebook ran as a whole, or why it cannot be marked.
        at: where it stopped, or nothing.
        seconds: the run took.
        marks: one for each exercise.
        notes: what else is to be known.
    """

    student: str
    notebook: str
    file: str
    digest: str
    handed_in: str
    status: str
    at: str = ""
    seconds: float = 0.0
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()

    def points(self, points: Points) -> float:
        """Return the points for all exercises, with what being late costs taken off."""
        whole = sum(points.earned(mark.exercise, mark.share) for mark in self.marks)
        return round(whole * self.kept(points), 2)

    def kept(self, points: Points) -> float:
        """Return the part of the points that is left after what being late costs."""
        from datetime import datetime

        return points.kept(datetime.fromisoformat(self.handed_in))


@dataclass(frozen=True)
class MarkingFolder:
    """The folder of a marking."""

    path: Path

    @property
    def request(self) -> Path:
        """What was asked for, and the secret by which inputs are drawn."""
        return self.path / "marking.json"

    @property
    def csv(self) -> Path:
        """A row for each student, for a learning platform."""
        return self.path / "marks.csv"

    @property
    def files_csv(self) -> Path:
        """A row for each file that was handed in."""
        return self.path / "files.csv"

    @property
    def page(self) -> Path:
        """The page of the class."""
        return self.path / "class.html"

    def student(self, name: str) -> Path:
        """The page of a student."""
        return self.path / "students" / f"{slug(name)}.html"

    def by_hand(self, submission: Marked) -> Path:
        """The page with a submission's texts and pictures."""
        return self.path / "by_hand" / submission.notebook / f"{slug(submission.student)}-{submission.digest[:6]}.html"

    def code(self, submission: Marked) -> Path:
        """The code of a submission alone, for a tool that looks for similar ones."""
        return self.path / "code" / submission.notebook / f"{slug(submission.student)}-{submission.digest[:6]}.py"

    def done(self, submission: Submission) -> Path:
        """The marks of one file."""
        key = hashlib.sha256(f"{submission.file}\n{submission.digest}".encode()).hexdigest()[:16]
        return self.path / "done" / f"{key}.json"


def slug(name: str) -> str:
    """A file's name for a student's, whatever that holds; different names stay different.

    Example:
        >>> slug("surname_12345")
        'surname_12345'
        >>> slug("../../x")
        'x-9aae5e'
    """
    plain = re.sub(r"[^\w.-]+", "_", name).strip("_.-")[:60]
    if plain == name:
        return plain
    return f"{plain or 'unnamed'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def write_marked(path: Path, marked: Marked) -> None:
    """Write the marks of one file, whole or not at all."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(marked), indent=1))


def read_marked(path: Path, submission: Submission) -> Marked | None:
    """Read the marks of one file, if it was marked as it is now."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Marked)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"cannot read {path}: {error}; move it away and give the same command again") from None
    return found if found.digest == submission.digest else None


def counting(marked: Sequence[Marked], points: Points) -> list[Marked]:
    """Return, of several files of a student for one notebook, that with the most points; in the order of students."""
    best: dict[tuple[str, str], Marked] = {}
    for found in marked:
        key = found.student, found.notebook
        if key not in best or found.points(points) > best[key].points(points):
            best[key] = found
    return [best[key] for key in sorted(best)]
