"""A run's folder belongs to one run: what was asked for is written down there, and nothing else may mix with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmtutorial.errors import InputError
from mmtutorial.provenance import read_record, write_record

_PLAIN = (".txt", ".log", ".out", ".err", ".md")
"""Files that may lie in a folder before a run: notes, and what a shell or a cluster writes of the run itself."""


def earlier_command(
    out: Path, settings: dict[str, Any], *, resume: bool, force: bool = False, runs: Iterable[Path] = ()
) -> str | None:
    """The command line that began the run in a folder; None where there is no run.

    Args:
        out: folder of the run.
        settings: all that decides the numbers, as plain JSON values.
        resume: whether the folder may hold an earlier attempt.
        force: whether it may hold files of others, of which those in the way are overwritten.
        runs: further folders of the same undertaking, below ``out``.

    Raises:
        InputError: the folder holds another run, or any run without ``resume``, or files that are not of a run.
    """
    record = out / "run.json"
    # Without its record a run is still one: the settings of its stages are compared one by one.
    begun = any(any(folder.glob("seed*/*/*/*.safetensors")) for folder in (out, *runs))
    if not (record.exists() or begun):
        if not force:
            _refuse_others(out)
        return None
    if not resume:
        raise InputError(f"{out} already holds a run; add --resume to go on with it, or choose another --out")
    if not record.exists():
        return None
    found = read_record(record)
    if not isinstance(found.get("settings"), dict):
        raise InputError(
            f"{record} is not the record of a run; if mmtutorial wrote it, delete it and run again with --resume: "
            "what is finished is compared with the settings and kept"
        )
    changed = _differences(settings, found["settings"])
    if changed:
        raise InputError(
            f"{out} holds a run with other settings ({', '.join(changed)}); "
            "repeat its options to resume it, or choose another --out"
        )
    return str(found.get("command"))


def claim(out: Path, settings: dict[str, Any], command: str) -> None:
    """Take possession of a folder, if nobody has."""
    if not (out / "run.json").exists():
        write_record(out / "run.json", {"command": command, "settings": settings})


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
