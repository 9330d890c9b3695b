"""Reads what a run or a reproduction left: numbers, logs, and the arrays behind its pictures; writes its records."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from mmtutorial.errors import InputError
from mmtutorial.files import json_bytes, parse_json, stored_arrays, write_bytes
from mmtutorial.ownership import is_own, seal
from mmtutorial.plots.curves import Curve
from mmtutorial.results.folder import ReproductionFolder, RunFolder, StageName
from mmtutorial.results.records import SCHEMA, Made, Results
from mmtutorial.results.reproduction import Reproduction

Arrays = dict[str, NDArray[Any]]
Runs = dict[str, dict[str, list[Curve]]]
Kind = TypeVar("Kind", bound=Made)


def read_results(out: Path) -> Results:
    """Read ``results.json`` of a run's folder.

    Raises:
        InputError: the file is missing, is not JSON, was changed since it was written, has another schema, lacks an
            entry or contradicts itself.
    """
    return _read(RunFolder(Path(out)).results, Results, "mmtutorial run")


def read_reproduction(out: Path) -> Reproduction:
    """Read ``reproduction.json`` of a reproduction's folder.

    Raises:
        InputError: the file is missing, is not JSON, was changed since it was written, has another schema, lacks an
            entry or contradicts itself.
    """
    return _read(ReproductionFolder(Path(out)).results, Reproduction, "mmtutorial reproduce")


def write_record(path: Path, record: Made) -> None:
    """Write results with the program's seal, whole or not at all.

    Raises:
        InputError: the place cannot be written.
    """
    write_bytes(path, seal(json_bytes(msgspec.to_builtins(record)), ".json"))


def _read(path: Path, kind: type[Kind], command: str) -> Kind:
    again = f"run `{command}` again with --resume"
    try:
        raw = parse_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot read {path} ({reason}); give a folder in which `{command}` finished") from None
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}); {again}") from None
    if isinstance(raw, dict) and "seal" in raw and not is_own(path):
        raise InputError(f"{path} was changed since it was written; {again}, which makes it again")
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema not in range(1, SCHEMA + 1) or isinstance(schema, bool):
        known = " or ".join(map(str, range(1, SCHEMA + 1)))
        raise InputError(f"{path} has schema {schema!r}, expected {known}; use the version that wrote it")
    try:
        return msgspec.convert(_without_nulls(raw), kind)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InputError):  # It has its own remedy.
            raise InputError(f"{path}: {error.__cause__}") from None
        lacks = re.search(r"missing required field `(\w+)`", str(error))
        if lacks:
            raise InputError(f"{path} lacks the entry '{lacks[1]}'; {again}") from None
        raise InputError(f"{path} has an entry that cannot be used ({error}); {again}") from None


def _without_nulls(raw: dict[str, Any]) -> dict[str, Any]:
    """What a file and its lists of records hold, without entries that are null: these count as not there."""

    def known(entry: Any) -> Any:
        return {key: value for key, value in entry.items() if value is not None} if isinstance(entry, dict) else entry

    lists = {key: [known(entry) for entry in value] for key, value in raw.items() if isinstance(value, list)}
    return known(raw | lists)  # type: ignore[no-any-return]


def read_arrays(path: Path) -> Arrays | None:
    """Read an ``.npz`` file, or return None where there is none.

    Raises:
        InputError: the file is there and cannot be read.
    """
    if not path.is_file():
        return None
    with stored_arrays(path, "pictures", "delete it or run the experiment again") as arrays:
        return arrays


def stored_purity(arrays: Arrays) -> tuple[float, float] | None:
    """Purity before and after tuning, stored with a map; None where there was but one held-out image."""
    before, after = float(arrays["before_purity"]), float(arrays["after_purity"])
    return None if math.isnan(before + after) else (before, after)


def read_curves(out: Path, stage: StageName, names: Mapping[str, str], seeds: set[int]) -> Runs:
    """Read the logs of one stage.

    Args:
        out: the run's folder.
        stage: ``proxy``, ``tuning`` or ``segmentation``.
        names: the folder of each run to read, and the name to show for it. Other folders are passed over.
        seeds: the seeds to read.

    Returns:
        For each name, in the order given, and each logged quantity, one curve per seed. A run without logs is
        left out.
    """
    runs: Runs = {}
    for folder, name in names.items():
        for seed in sorted(seeds):
            path = RunFolder(out).stage(seed, stage, folder).log
            for key, curve in _curves(path).items() if path.is_file() else ():
                runs.setdefault(name, {}).setdefault(key, []).append(curve)
    return runs


def _curves(path: Path) -> dict[str, Curve]:
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            # A run that was killed leaves half a line, and writes that epoch again when it is resumed.
            continue
        if isinstance(line, dict) and "step" in line:
            lines.append(line)
    by_step = {line["step"]: line for line in lines}
    steps = sorted(by_step)
    keys = set.intersection(*(set(by_step[s]) for s in steps)) - {"step", "epoch"} if steps else set()
    found = {}
    for key in keys:
        values = [by_step[s][key] for s in steps]
        if all(isinstance(v, int | float) for v in values):
            found[key] = Curve(np.array(steps, dtype=float), np.array(values, dtype=float))
    return found
