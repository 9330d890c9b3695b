"""Files that are either whole or not there."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
import json
import math
import os
import re
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mmtutorial.errors import InputError


def write_bytes(path: Path, data: bytes) -> None:
    """Write to a temporary name, flush to the disk, then rename: a kill at any moment leaves old or new.

    Raises:
        InputError: the disk is full or the place cannot be written. What stood at ``path`` is untouched.
    """
    # A name of its own, so that two writers never share one; it keeps room for the longest names that disks take.
    part = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        # Where the place cannot even be cleaned, the first error says why.
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise InputError(
            f"cannot write {path}: {error.strerror or error}; free space or choose another --out, "
            "then run again (where the command has --resume, with it: what was complete is kept)"
        ) from error


_PART = re.compile(r"\..+\.(safetensors|jsonl?|npz|html|png)(\.[0-9a-f]{8})?\.part")


def sweep(folder: Path) -> None:
    """Remove what kills in the midst of writing left in a folder and below; for whoever holds it alone."""
    for part in folder.rglob(".*.part"):
        if _PART.fullmatch(part.name):
            part.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file, and what kills in the midst of writing it may have left."""
    path.unlink(missing_ok=True)
    for part in path.parent.glob(f".{glob.escape(path.name)}*.part"):
        part.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all; see :func:`write_bytes`."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """A value as indented JSON. Raises ValueError where it holds a number that JSON does not have."""
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


def parse_json(data: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON, not UTF-8, nested too deeply, or holds NaN or an infinite number.
    """
    try:
        return json.loads(data if isinstance(data, str) else data.decode(), parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"holds the number {text}")
    return value


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        InputError: the file is not there or damaged.
    """
    try:
        return parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}; delete it and run again with --resume") from None


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays as a compressed ``.npz`` without pickles, whole or not at all; see :func:`write_bytes`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


@contextlib.contextmanager
def stored_arrays(path: Path, what: str, remedy: str = "make them again") -> Iterator[dict[str, Any]]:
    """What :func:`write_arrays` wrote, by name.

    Raises:
        InputError: the file is not there or damaged, or the block made nothing of what it holds.
    """
    try:
        # Given a path, numpy would leave the file of a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        yield arrays
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {what} from {path}: {error}; {remedy}") from None


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], about: dict[str, Any]) -> None:
    """Write tensors with a description as safetensors, whole or not at all; see :func:`write_bytes`.

    A SHA-256 of all of it goes with it, so that a single bit that changes later is noticed.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # In one entry of the header: safetensors writes several in any order.
    described = _described(about, tensors_sha256(plain))
    write_bytes(path, save(plain, metadata={"about": json.dumps(described, sort_keys=True)}))


def tensors_sha256(tensors: Mapping[str, torch.Tensor]) -> str:
    """The SHA-256 of tensors with their names, types and shapes, in hexadecimal."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _described(about: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """A description with its format, and the checksum of both and of the tensors."""
    plain = {**about, "format": _FORMAT}
    text = json.dumps(plain, sort_keys=True) + sha256
    return {**plain, "sha256": hashlib.sha256(text.encode()).hexdigest()}


_FORMAT = 2
"""Files that do not say it are older and have no checksum."""


_AGAIN = "in a run's folder, delete it and run again with --resume: only its own stage is repeated"


def read_tensors(path: Path, remedy: str = _AGAIN) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what :func:`write_tensors` wrote: tensors by name, and their description.

    Args:
        path: the file.
        remedy: what to do about a damaged one; never to delete what a user gave.

    Raises:
        InputError: the file is not there, cut short, changed since it was written, or not one of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {})["about"]
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, _about(text, tensors)
    except FileNotFoundError:
        raise InputError(f"no weights at {path}; check the path") from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} is damaged or not written by mmtutorial ({error}); {remedy}") from None


def _about(text: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """The description in a header. Raises ValueError where it or the tensors are not as they were written."""
    found = parse_json(text)
    if not isinstance(found, dict):
        raise ValueError("its description is no JSON object")
    about = {name: value for name, value in found.items() if name not in ("format", "sha256")}
    if about != found and text != json.dumps(_described(about, tensors_sha256(tensors)), sort_keys=True):
        raise ValueError("its checksum is another")
    return about
