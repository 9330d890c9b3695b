"""A page into the folder that it tells of, and over nothing but an earlier one."""

from __future__ import annotations

from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.files import read_json
from mmtutorial.ownership import write_own


def write_page(path: Path, page: str, *, force: bool = False) -> Path:
    """Write a page with the program's seal.

    Args:
        path: where; ``run.json``, if there is one, lies beside it.
        page: the whole of it.
        force: overwrite whatever is there.

    Raises:
        InputError: a file is there that the program did not write, or that was changed since; or the place cannot be
            written.
    """
    force = force or _is_of_earlier_version(path.with_name("run.json"))
    write_own(path, page.encode("utf-8"), force=force, remedy="move it elsewhere, or overwrite it with --force")
    return path


def _is_of_earlier_version(record: Path) -> bool:
    """Whether a run's record is of a version that sealed nothing."""
    try:
        found = read_json(record)
    except InputError:
        return False
    return isinstance(found, dict) and {"command", "settings"} <= found.keys() and "seal" not in found
