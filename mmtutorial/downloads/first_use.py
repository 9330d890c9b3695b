"""Trust on first use: the checksum of a file for which nobody states one, written down when it first proved good.

The first download is taken on trust, once it has the right type and unpacks. From then on the file has to stay the
same; a different one is an error, and a person decides.
"""

from __future__ import annotations

import json
from pathlib import Path

from mmtutorial.errors import InputError

FILE = "checksums.json"
"""Lies beside the archives and holds ``{"archive.zip": "sha256:..."}``."""


def recorded(folder: Path, name: str) -> str | None:
    """Returns the checksum written down for a file in ``folder``, None if there is none.

    Raises:
        InputError: The list of checksums is damaged.
    """
    return _read(folder).get(name)


def record(folder: Path, name: str, checksum: str) -> None:
    """Writes down the checksum of a file in ``folder``, whole or not at all."""
    part = folder / f".{FILE}.part"
    folder.mkdir(parents=True, exist_ok=True)
    part.write_text(json.dumps(_read(folder) | {name: checksum}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(folder / FILE)


def _read(folder: Path) -> dict[str, str]:
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); delete it and run the same command again") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise InputError(f"{path} is not a list of checksums by name; delete it and run the same command again")
    return found
