"""What was handed in: notebooks in a folder and in archives, whose they are, and what stands in them.

Nothing of it is run here, nor written anywhere: it is text from outside, and read as such.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.outside import storable
from mmtutorial.errors import InputError

_MOST_BYTES = 2**26
_MOST_MEMBERS = 5000
_STEMS = "start|proxies|mix|match|triplet_loss|tuning|segmentation|reproduction|scale_up|beyond"
_NOTEBOOK = re.compile(rf"(\d\d)_(?:{_STEMS})", re.IGNORECASE)
_NAMED = re.compile(r"\b(\d\d\.[a-z_]+)\b")
# What learning platforms append to the name of a student's folder.
_PLATFORM = re.compile(r"_assign(?:ment)?submission_file_?$|_onlinetext_?$")
_PASSED_OVER = (".ipynb_checkpoints", "__MACOSX")


@dataclass(frozen=True)
class Cell:
    """One cell: ``code``, ``markdown`` or ``raw``, and its text."""

    kind: str
    source: str


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in.

    Attributes:
        student: by the file's name or its folder's.
        notebook: its two digits; empty where it is none of this package's.
        file: where it was found, below the folder; ``archive.zip/member`` in an archive.
        digest: SHA-256 of its bytes.
        handed_in: when, by the clock of the file or of the archive's entry.
        cells: what stands in it.
        problem: why it cannot be marked; empty where it can.
    """

    student: str
    notebook: str
    file: str
    digest: str
    handed_in: datetime
    cells: tuple[Cell, ...] = ()
    problem: str = ""

    @property
    def exercises(self) -> list[str]:
        """Names of the exercises that its notebook has."""
        return [name for name in EXERCISES if name.startswith(f"{self.notebook}.")] if self.notebook else []

    def sources(self) -> list[str]:
        """Return the cells to run: code, and whatever holds an exercise though it was made text of."""
        functions = {name.partition(".")[2] for name in self.exercises}
        answer = re.compile(rf"^\s*def ({'|'.join(sorted(functions)) or '$^'})\(", re.MULTILINE)
        found = []
        for cell in self.cells:
            if cell.kind == "code":
                found.append(cell.source)
            elif answer.search(cell.source):
                found.append(_without_fences(cell.source))
        return found

    def retyped(self) -> bool:
        """Return whether an exercise stands in a cell that is no code."""
        return len(self.sources()) > sum(cell.kind == "code" for cell in self.cells)


def _without_fences(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("```"))


def read_submissions(folder: Path) -> list[Submission]:
    """Read all notebooks in a folder and below, and in its archives, in the order of their names.

    Args:
        folder: with ``surname_03_match.ipynb``, ``student/03_match.ipynb``, ``surname.zip`` and the like.

    Raises:
        InputError: it is no folder, or there is no notebook in it.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {folder}; give the one with the notebooks that were handed in")
    found = []
    for path in sorted(folder.rglob("*")):
        name = PurePosixPath(path.relative_to(folder).as_posix())
        if _passed_over(name) or path.is_symlink() or not path.is_file():
            continue
        when = datetime.fromtimestamp(path.stat().st_mtime)
        if path.suffix.lower() == ".ipynb":
            found.append(_read(_bytes_of(path), name, when))
        elif path.suffix.lower() == ".zip":
            found += _unpacked(path, name, when)
    if not found:
        raise InputError(f"no notebook (*.ipynb, or a .zip with some) in {folder}; give the folder of submissions")
    return found


def _passed_over(name: PurePosixPath) -> bool:
    return any(part in _PASSED_OVER or part.startswith(".") for part in name.parts)


def _bytes_of(path: Path) -> bytes | str:
    """A file's bytes, or why there are none."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return f"larger than {_MOST_BYTES // 2**20} MB"
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _unpacked(path: Path, name: PurePosixPath, when: datetime) -> Iterator[Submission]:
    """The notebooks of an archive, read in memory: whatever its entries are called, nothing is written."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".ipynb")]
            if not entries:
                yield _unusable(name, when, "no notebook in this archive")
            of_class = _of_a_class([PurePosixPath(entry.filename) for entry in entries])
            for entry in entries[:_MOST_MEMBERS]:
                member = PurePosixPath(entry.filename)
                if _passed_over(PurePosixPath(*[part for part in member.parts if part != ".."])):
                    continue
                yield _member(archive, entry, name, member, of_class=of_class)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield _unusable(name, when, f"not an archive that can be read ({error})")


def _of_a_class(members: list[PurePosixPath]) -> bool:
    """Whether an archive is a class's, with a folder for each student, and not one student's with folders of theirs."""
    folders = {member.parts[0] for member in members if len(member.parts) > 1}
    return len(folders) > 1 and all(len(member.parts) > 1 for member in members)


def _member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: PurePosixPath, member: PurePosixPath, *, of_class: bool
) -> Submission:
    when = _when(entry)
    if ".." in member.parts or member.is_absolute() or "\\" in entry.filename or ":" in entry.filename:
        # Such a name was made to write elsewhere. Nothing is written here, but who sends one should hear of it.
        return _unusable(name, when, f"an entry of the archive leads out of it: {entry.filename[:100]}")
    data: bytes | str
    try:
        with archive.open(entry) as opened:
            data = opened.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            data = f"larger than {_MOST_BYTES // 2**20} MB"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        data = f"cannot be unpacked: {error}"
    return _read(
        data, name / member, when, archive=None if of_class else name, below=len(name.parts) if of_class else 0
    )


def _when(entry: zipfile.ZipInfo) -> datetime:
    """When an entry was written; archives may hold days that never were."""
    try:
        return datetime(*entry.date_time)
    except ValueError:
        return datetime(1980, 1, 1)


def _unusable(name: PurePosixPath, when: datetime, problem: str) -> Submission:
    digest = hashlib.sha256(f"{name} {problem}".encode()).hexdigest()
    return Submission(_student(name), "", str(name), digest, when, problem=problem)


def _read(
    data: bytes | str, name: PurePosixPath, when: datetime, archive: PurePosixPath | None = None, below: int = 0
) -> Submission:
    student = _student(name, archive, below)
    if isinstance(data, str):
        return Submission(student, "", str(name), hashlib.sha256(data.encode()).hexdigest(), when, problem=data)
    digest = hashlib.sha256(data).hexdigest()
    if not data.strip():
        return Submission(student, "", str(name), digest, when, problem="an empty file")
    try:
        cells = tuple(_cells(json.loads(data.decode("utf-8-sig"))))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Submission(student, "", str(name), digest, when, problem="not a notebook: no JSON of cells")
    notebook = _number(cells, name)
    problem = "" if notebook else "none of this package's notebooks: it names no exercise, nor does its file"
    return Submission(student, notebook, str(name), digest, when, cells, problem)


def _cells(notebook: dict[str, Any]) -> Iterator[Cell]:
    """Cells of a notebook of any format version: in version 3 they stand in worksheets, and code is ``input``."""
    listed = notebook["cells"] if "cells" in notebook else [c for s in notebook["worksheets"] for c in s["cells"]]
    for cell in listed:
        text = cell.get("source", cell.get("input", ""))
        source = text if isinstance(text, str) else "".join(map(str, text))
        kind = str(cell.get("cell_type", "code"))
        source = storable(source)
        yield Cell(kind if kind in ("code", "markdown", "raw") else "markdown", source)


def _number(cells: tuple[Cell, ...], name: PurePosixPath) -> str:
    """Which notebook this is: by the exercises that it names, else by its file's name."""
    named = Counter(found[:2] for cell in cells for found in _NAMED.findall(cell.source) if found in EXERCISES)
    if named:
        return str(named.most_common(1)[0][0])
    by_name = _NOTEBOOK.search(name.stem)
    return str(by_name.group(1)) if by_name else ""


def _student(name: PurePosixPath, archive: PurePosixPath | None = None, below: int = 0) -> str:
    """Whose file this is: what stands before the notebook's name; else the student's archive, or the first folder.

    Args:
        name: of the file.
        archive: in which it lies, where that is one student's.
        below: parts of the name that lead to a class's archive.
    """
    stem = name.stem
    at = _NOTEBOOK.search(stem)
    before = stem[: at.start()].strip(" _-.") if at else ""
    if before:
        return before
    if archive is not None:
        return _student(archive)
    folders = name.parts[below:-1]
    return (_PLATFORM.sub("", folders[0]) or folders[0]) if folders else stem
