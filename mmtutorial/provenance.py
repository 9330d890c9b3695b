"""Small JSON files of what was computed, each with what it was computed from, so that none is taken for another's.

A record carries the program's seal (see ``ownership.py``), by which damage is noticed, and an entry ``made_by``: the
settings, the data, the arm, the seed and the weights behind its numbers. Records of earlier versions have neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mmtutorial.errors import InputError
from mmtutorial.files import json_bytes, read_json, write_bytes
from mmtutorial.ownership import is_own, seal

T = TypeVar("T")

MadeBy = Mapping[str, str | int]
"""What a record was computed from, by name: plain values and checksums."""


def write_record(path: Path, values: Mapping[str, Any], made_by: MadeBy | None = None) -> None:
    """Write a record, whole or not at all."""
    write_bytes(path, seal(json_bytes({"made_by": dict(made_by or {}), **values}), ".json"))


def read_record(path: Path) -> dict[str, Any]:
    """Read a record.

    Raises:
        InputError: it is not there, is no JSON object, or was changed since it was written.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise _damaged(path, "it is no JSON object")
    if "seal" in found and not is_own(path):
        raise _damaged(path, "it was changed since it was written")
    return found


def once(
    path: Path,
    made_by: MadeBy,
    compute: Callable[[], Mapping[str, Any]],
    decode: Callable[[dict[str, Any]], T],
    weights: Callable[[], str | None] = lambda: None,
) -> T:
    """What a record says, or else what ``compute`` returns, which the record will then say.

    Args:
        path: of the record.
        made_by: what its values are computed from. A record that differs is refused.
        compute: gives the values, as plain JSON.
        decode: makes of the values what is wanted; whatever it raises means that the record is damaged.
        weights: the checksum of the weights behind the values, None where it is not known; asked for after
            ``compute`` too, which may make them. A record of other weights is computed anew: weights are only made
            again where they were lost.

    Raises:
        InputError: the record is damaged, or was made by something else.
    """
    if not path.exists() or _is_outdated(path, made_by, weights()):
        values, behind = compute(), weights()
        write_record(path, values, made_by if behind is None else {**made_by, "weights": behind})
    try:
        return decode(read_record(path))
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError, OverflowError) as error:
        raise _damaged(path, f"it has an entry that cannot be used: {error}") from None


def refuse_other(path: Path, made_by: MadeBy) -> dict[str, Any]:
    """Refuse a record that was made by something else; return what it was made by.

    Raises:
        InputError: it says another thing of what made it, or is damaged.
    """
    found = read_record(path).get("made_by", {})
    if not isinstance(found, dict):
        raise _damaged(path, "its entry made_by is no JSON object")
    changed = [name for name in made_by if name in found and found[name] != made_by[name]]
    if changed:
        raise InputError(
            f"{path} was made with other settings ({', '.join(changed)}); repeat the options that made it, "
            "or choose another --out"
        )
    return found


def _is_outdated(path: Path, made_by: MadeBy, weights: str | None) -> bool:
    found = refuse_other(path, made_by)
    return weights is not None and found.get("weights", weights) != weights


def _damaged(path: Path, why: str) -> InputError:
    return InputError(f"{path} is damaged ({why}); delete it and run again with --resume: it alone is made again")
