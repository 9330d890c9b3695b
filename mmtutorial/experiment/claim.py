"""A run's folder belongs to one run: what was asked for is written down there, and nothing else may mix with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from mmtutorial.errors import InputError
from mmtutorial.provenance import read_record, write_record
from mmtutorial.results.folder import ReproductionFolder, RunFolder
from mmtutorial.results.records import Command

_PLAIN = (".txt", ".log", ".out", ".err", ".md")
"""Files that may lie in a folder before a run: notes, and what a shell or a cluster writes of the run itself."""


class Claim(msgspec.Struct, frozen=True):
    """What ``run.json`` holds.

    Attributes:
        command: the last command that worked in the folder, as typed.
        settings: all that decides the numbers, as plain JSON values.
        commands: every command, the last one last.
    """

    settings: dict[str, Any]
    command: str = ""
    commands: tuple[Command, ...] = ()


def read_claim(folder: RunFolder | ReproductionFolder) -> Claim | None:
    """What was asked for in a folder; None where nothing was.

    Raises:
        InputError: the record is damaged, or of something else.
    """
    if not folder.request.exists():
        return None
    try:
        return msgspec.convert(read_record(folder.request), Claim)
    except msgspec.ValidationError:
        raise InputError(
            f"{folder.request} is not the record of a run; if mmtutorial wrote it, delete it and run again with "
            "--resume: what is finished is compared with the settings and kept"
        ) from None


def refuse_other_run(
    folder: RunFolder | ReproductionFolder,
    settings: dict[str, Any],
    *,
    resume: bool,
    force: bool = False,
    runs: Iterable[RunFolder] = (),
) -> None:
    """Refuse to work in a folder that holds something else.

    Args:
        folder: where.
        settings: all that decides the numbers, as plain JSON values.
        resume: whether the folder may hold an earlier attempt.
        force: whether it may hold files of others, of which those in the way are overwritten.
        runs: further folders of the same undertaking, below the folder.

    Raises:
        InputError: the folder holds another run, or any run without ``resume``, or files that are not of a run.
    """
    out, found = folder.path, read_claim(folder) if resume else None
    # Without its record a run is still one: the settings of its stages are compared one by one.
    if not folder.request.exists() and not any(run.begun for run in (RunFolder(out), *runs)):
        if not force:
            _refuse_others(out)
        return
    if not resume:
        raise InputError(f"{out} already holds a run; add --resume to go on with it, or choose another --out")
    changed = _differences(settings, found.settings) if found else []
    if changed:
        raise InputError(
            f"{out} holds a run with other settings ({', '.join(changed)}); "
            "repeat its options to resume it, or choose another --out"
        )


def claim(
    folder: RunFolder | ReproductionFolder,
    settings: dict[str, Any],
    command: str,
    covers: dict[str, list[Any]] | None = None,
) -> tuple[Command, ...]:
    """Take possession of a folder, or go on in it; a command that only repeats the last one is not written down again.

    Args:
        folder: where.
        settings: all that decides the numbers.
        command: as typed.
        covers: what it asks for, where that is needed later.

    Returns:
        Every command that worked there, this one last.
    """
    found = read_claim(folder)
    earlier = found.commands or (Command(found.command, ""),) if found else ()
    now = Command(command, datetime.now(UTC).isoformat(timespec="seconds"), covers or {})
    if earlier and (earlier[-1].command, earlier[-1].covers) == (now.command, now.covers):
        return earlier
    commands = (*earlier, now)
    write_record(folder.request, msgspec.to_builtins(Claim(settings, command, commands)))
    return commands


def _refuse_others(out: Path) -> None:
    """Refuse a folder with files of others: photos, say, or another program's results."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; choose a folder for --out")
    names = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    others = [name for name in names if not name.startswith(".") and Path(name).suffix.lower() not in _PLAIN]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise InputError(
            f"{out} holds files that are not of a run ({others[0]}{more}); choose a new or empty folder for --out, "
            "or add --force to write beside them, and over what has the same name"
        )


def _differences(wanted: dict[str, Any], found: dict[str, Any], prefix: str = "") -> list[str]:
    """Names of the settings that differ, nested ones with dots."""
    names = []
    for key, value in wanted.items():
        other = found.get(key)
        if isinstance(value, dict) and isinstance(other, dict):
            names += _differences(value, other, f"{prefix}{key}.")
        elif value != other:
            names.append(prefix + key)
    return names
