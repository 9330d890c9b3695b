"""Files that are either whole or not there."""

from __future__ import annotations

import contextlib
import io
import json
import os
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
    part = _part(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        # Where the place cannot even be cleaned, the first error says why.
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise InputError(
            f"cannot write {path}: {error.strerror or error}; free space or choose another --out, "
            "then run again (where the command has --resume, with it: what was complete is kept)"
        ) from error


def remove(path: Path) -> None:
    """Remove a file, and what a kill in the midst of writing it may have left."""
    path.unlink(missing_ok=True)
    _part(path).unlink(missing_ok=True)


def _part(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(f".{path.name}.part")


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all; see :func:`write_bytes`."""
    write_bytes(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        InputError: the file is not there or damaged.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}; delete it and run again with --resume") from None


@contextlib.contextmanager
def stored_entries(path: Path, schema: int, command: str) -> Iterator[dict[str, Any]]:
    """The entries of a JSON file whose entry ``schema`` says how the others are to be read.

    Args:
        path: the file.
        schema: the number that the reader knows.
        command: what writes such files, for the message.

    Raises:
        InputError: the file is not there, not JSON or of another schema, or the block made nothing of its entries.
    """
    again = f"run `{command}` again with --resume"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot read {path} ({reason}); give a folder in which `{command}` finished") from None
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}); {again}") from None
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != schema:
        raise InputError(f"{path} has schema {found!r}, expected {schema}; use the version that wrote it")
    try:
        yield raw
    except KeyError as error:
        raise InputError(f"{path} lacks the entry {error}; {again}") from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"{path} has an entry that cannot be used ({error}); {again}") from error


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


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], about: dict[str, Any]) -> None:
    """Write tensors with a description as safetensors, whole or not at all; see :func:`write_bytes`."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(plain, metadata={"about": json.dumps(about, sort_keys=True)}))


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what :func:`write_tensors` wrote: tensors by name, and their description.

    Raises:
        InputError: the file is not there, cut short or not one of ours; the message says what to delete.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except FileNotFoundError:
        raise InputError(f"no weights at {path}; check the path") from None
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(
            f"{path} is damaged or not written by mmtutorial ({error}); "
            "delete it and run again with --resume: only its own stage is repeated"
        ) from None
