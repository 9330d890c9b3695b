"""Room on the disk, asked for before it is used."""

from __future__ import annotations

import shutil
from pathlib import Path

from mmtutorial.errors import InputError

RESERVE = 100 * 10**6
"""Bytes that are left free on the disk, for whatever else is going on."""


def readable(size: int) -> str:
    """Return a number of bytes in words: ``2.0 GB``, ``241 MB``, ``17 bytes``."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}" if unit == 10**9 else f"{size / unit:.0f} {name}"
    return f"{size} bytes"


def need_room(folder: Path, size: int, what: str) -> None:
    """See to it that ``size`` bytes fit on the disk of ``folder``, which need not exist yet.

    Raises:
        InputError: they do not.
    """
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < size + RESERVE:
        raise InputError(
            f"{what} needs {readable(size)} below {place}, where {readable(free)} are free; "
            "free some space or choose another --root, then run the same command again"
        )
