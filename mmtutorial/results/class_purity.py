"""The kNN purity of each class before and after tuning, out of what the stages of a run left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmtutorial.errors import InputError
from mmtutorial.provenance import read_record
from mmtutorial.results.folder import RunFolder
from mmtutorial.results.records import ArmScores, mean

When = tuple[float | None, float | None]
"""Before and after tuning, 0 to 1, the mean over seeds; None where no seed has a value."""


def class_purities(folder: RunFolder, arm: ArmScores) -> dict[str, When]:
    """Return the purity of each class that the held-out patches show, by name.

    Args:
        folder: of the run.
        arm: of its results; one without tuning has no purity.

    Returns:
        Empty where the run was made before purities were kept by class, or its stages were deleted.

    Raises:
        InputError: a record is damaged.
    """
    records = [found for seed in arm.seeds if (found := _record(folder, arm, seed)) is not None]
    names = dict.fromkeys(name for record in records for name in record["before"])
    return {
        name: (
            mean(record["before"].get(name) for record in records),
            mean(record["after"].get(name) for record in records),
        )
        for name in names
    }


def _record(folder: RunFolder, arm: ArmScores, seed: int) -> Mapping[str, Mapping[str, float | None]] | None:
    for name in arm.tuned_folders:
        path = folder.stage(seed, "tuning", name).purity
        if path.exists():
            found = read_record(path).get("classes")
            return None if found is None else _checked(found, path)
    return None


def _checked(found: Any, path: Path) -> Mapping[str, Mapping[str, float | None]]:
    halves = [found.get(when) for when in ("before", "after")] if isinstance(found, dict) else [None]
    if not all(
        isinstance(half, dict) and all(v is None or isinstance(v, int | float) for v in half.values())
        for half in halves
    ):
        raise InputError(f"{path} is damaged (its entry classes cannot be used); delete it and run again with --resume")
    checked: Mapping[str, Mapping[str, float | None]] = found
    return checked
