"""A data set's folder appears whole or not at all, and carries a note of what it was made of."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmtutorial.downloads.registry import Entry
from mmtutorial.errors import InputError
from mmtutorial.files import write_json

NOTE = ".mmtutorial.json"
"""In each folder that ``data get`` made: the entry, the checksums of its archives, the number of files."""


@contextmanager
def made_beside(target: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``target`` at the end, and is removed if anything goes wrong before."""
    staging = target.with_name(f".{target.name}.unpacking")
    new_parent = not target.parent.exists()
    try:
        shutil.rmtree(staging, ignore_errors=True)  # What a kill may have left.
        staging.mkdir(parents=True)
        yield staging
        staging.rename(target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        if new_parent:
            with contextlib.suppress(OSError):
                target.parent.rmdir()
        raise


def write_note(folder: Path, entry: Entry, archives: dict[str, str]) -> None:
    """Note in a folder what it was made of: checksums by the name of the archive."""
    about = {"entry": entry.name, "archives": archives, "files": _count(folder)}
    write_json(folder / NOTE, about)


def is_ready(target: Path, entry: Entry, command: str) -> bool:
    """Say whether ``target`` was made of this entry and is still whole; False if it is not there.

    Raises:
        InputError: something else is there, files have gone, or the catalogue now has other archives.
    """
    if not target.exists():
        return False
    try:
        note = json.loads((target / NOTE).read_text(encoding="utf-8"))
        made_of, archives, files = note["entry"], dict(note["archives"]), int(note["files"])
    except (OSError, ValueError, KeyError, TypeError):
        made_of, archives, files = None, {}, 0
    if made_of != entry.name:
        raise InputError(
            f"{target} is there already and was not made by this command; use it as it is, "
            f"or move it away and run: {command}"
        )
    stated = {file.name: file.checksum for file in entry.files if file.checksum}
    if any(archives.get(name, checksum) != checksum for name, checksum in stated.items()):
        raise InputError(f"{target} was made of another edition of {entry.title}; move it away and run: {command}")
    if (left := _count(target)) < files:
        raise InputError(f"{target} has {left} of its {files} files left; move it away and run: {command}")
    return True


def _count(folder: Path) -> int:
    """Count the files of a folder, but for those that ``data get`` adds of its own."""
    return sum(path.is_file() and path.name != NOTE for path in folder.rglob("*"))
