"""A run's folder belongs to one run: what was asked for is written down there, and nothing else may mix with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmtutorial.errors import InputError
from mmtutorial.files import read_json, write_json


def earlier_command(out: Path, settings: dict[str, Any], *, resume: bool) -> str | None:
    """The command line that began the run in a folder; None where there is no run.

    Args:
        out: folder of the run.
        settings: all that decides the numbers, as plain JSON values.
        resume: whether the folder may hold an earlier attempt.

    Raises:
        InputError: the folder holds another run, or any run without ``resume``.
    """
    record = out / "run.json"
    if not record.exists():
        return None
    if not resume:
        raise InputError(f"{out} already holds a run; add --resume to go on with it, or choose another --out")
    found = read_json(record)
    changed = _differences(settings, found["settings"])
    if changed:
        raise InputError(
            f"{out} holds a run with other settings ({', '.join(changed)}); "
            "repeat its options to resume it, or choose another --out"
        )
    return str(found["command"])


def claim(out: Path, settings: dict[str, Any], command: str) -> None:
    """Take possession of a folder, if nobody has."""
    if not (out / "run.json").exists():
        write_json(out / "run.json", {"command": command, "settings": settings})


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
