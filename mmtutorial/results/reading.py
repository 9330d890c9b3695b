"""Reads the folder of a finished run: results, logs and the arrays behind its pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable, voc_palette
from mmtutorial.files import stored_arrays, stored_entries
from mmtutorial.plots.curves import Curve

SCHEMA = 1
Arrays = dict[str, NDArray[Any]]
Runs = dict[str, dict[str, list[Curve]]]


@dataclass(frozen=True)
class Arm:
    """One arm of a run, all its seeds together.

    Attributes:
        name: Its name, for example ``random+graph``.
        pretraining: What the encoder started from.
        tuning: Which tuning it had.
        head: Segmentation head.
        seeds: ``S`` seeds.
        miou: ``S`` values of mIoU in percent.
        mean: Their mean.
        interval: 95 % interval of the mean, or None.
        class_iou: ``(S, K)`` IoU in percent, NaN where a class does not occur; without rows if not recorded.
        confusion: ``(K, K)`` pixel counts, a row per true class, or None.
        steps: Gradient steps of each stage.
        seconds: Mean seconds for one seed, or None.
        purity: Mean kNN purity before and after tuning, or None.
    """

    name: str
    pretraining: str
    tuning: str
    head: str
    seeds: tuple[int, ...]
    miou: tuple[float, ...]
    mean: float
    interval: tuple[float, float] | None
    class_iou: NDArray[np.float64]
    confusion: NDArray[np.int64] | None
    steps: Mapping[str, int]
    seconds: float | None
    purity: tuple[float, float] | None

    @property
    def tuned_folders(self) -> tuple[str, ...]:
        """The names under which a run's folder may keep the tuning that this arm had."""
        return tuple(dict.fromkeys((self.name, f"{self.pretraining}+{self.tuning}")))

    def class_means(self) -> list[float | None]:
        """Returns the IoU of each class, the mean of the seeds with a value; None where no seed has one."""
        known = np.isfinite(self.class_iou)
        sums, counts = np.where(known, self.class_iou, 0).sum(axis=0), known.sum(axis=0)
        return [float(s / c) if c else None for s, c in zip(sums, counts, strict=True)]


@dataclass(frozen=True)
class Comparison:
    """A paired difference of two arms, in points of mIoU: ``a`` less ``b``."""

    a: str
    b: str
    difference: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Results:
    """What ``results.json`` holds. ``about`` keeps the entries that are only shown, as they were written."""

    classes: ClassTable
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    def arm(self, name: str) -> Arm | None:
        """Returns the arm of a name, or None."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def paired(self, comparison: Comparison) -> tuple[float, ...]:
        """Returns the difference of each seed that both arms have."""
        a, b = self.arm(comparison.a), self.arm(comparison.b)
        if a is None or b is None:
            return ()
        other = dict(zip(b.seeds, b.miou, strict=True))
        return tuple(m - other[s] for s, m in zip(a.seeds, a.miou, strict=True) if s in other)


def read_results(out: Path) -> Results:
    """Reads ``results.json`` of a run's folder.

    Raises:
        InputError: The file is missing, is not JSON, has another schema, or lacks an entry.
    """
    with stored_entries(out / "results.json", SCHEMA, "mmtutorial run") as raw:
        return _results(raw)


def read_arrays(path: Path) -> Arrays | None:
    """Reads an ``.npz`` file, or returns None where there is none.

    Raises:
        InputError: The file is there and cannot be read.
    """
    if not path.is_file():
        return None
    with stored_arrays(path, "pictures", "delete it or run the experiment again") as arrays:
        return arrays


def stored_purity(arrays: Arrays) -> tuple[float, float] | None:
    """Purity before and after tuning, stored with a map; None where there was but one held-out image."""
    before, after = float(arrays["before_purity"]), float(arrays["after_purity"])
    return None if math.isnan(before + after) else (before, after)


def read_curves(out: Path, stage: str, names: Mapping[str, str], seeds: set[int]) -> Runs:
    """Reads the logs of one stage.

    Args:
        out: The run's folder.
        stage: ``proxy``, ``tuning`` or ``segmentation``.
        names: The folder of each run to read, and the name to show for it. Other folders, perhaps of an
            earlier command, are passed over.
        seeds: The seeds to read.

    Returns:
        For each name, in the order given, and each logged quantity, one curve per seed. A run without logs is
        left out.
    """
    runs: Runs = {}
    for folder, name in names.items():
        for seed in sorted(seeds):
            path = out / f"seed{seed}" / stage / folder / "log.jsonl"
            for key, curve in _curves(path).items() if path.is_file() else ():
                runs.setdefault(name, {}).setdefault(key, []).append(curve)
    return runs


def _curves(path: Path) -> dict[str, Curve]:
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
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


def _results(raw: Mapping[str, Any]) -> Results:
    names = tuple(str(name) for name in raw["classes"])
    colours = raw.get("palette") or voc_palette(len(names))
    palette = tuple((int(r), int(g), int(b)) for r, g, b in colours)
    classes = ClassTable(names, palette, tuple(raw.get("background_ids", ())))
    arms = tuple(_arm(arm, len(names)) for arm in raw["arms"])
    if not arms:
        raise ValueError("the list of arms is empty")
    comparisons = tuple(
        Comparison(c["a"], c["b"], float(c["difference"]), _interval(c.get("ci95"))) for c in raw.get("comparisons", ())
    )
    return Results(classes, arms, comparisons, about=raw)


def _arm(raw: Mapping[str, Any], classes: int) -> Arm:
    seeds = tuple(int(seed) for seed in raw["seeds"])
    miou = tuple(float(value) for value in raw["miou"])
    if len(seeds) != len(miou) or not seeds:
        raise ValueError(f"arm {raw['name']} has {len(seeds)} seeds and {len(miou)} values of miou")
    rows = [[math.nan if v is None else float(v) for v in row] for row in raw.get("per_class_iou") or ()]
    confusion = raw.get("confusion")
    return Arm(
        name=str(raw["name"]),
        pretraining=str(raw["pretraining"]),
        tuning=str(raw["tuning"]),
        head=str(raw.get("head", "")),
        seeds=seeds,
        miou=miou,
        mean=float(raw["miou_mean"]),
        interval=_interval(raw.get("miou_ci95")),
        class_iou=np.array(rows, dtype=np.float64).reshape(len(rows), classes),
        confusion=np.array(confusion, dtype=np.int64).reshape(classes, classes) if confusion else None,
        steps={str(k): int(v) for k, v in (raw.get("steps") or {}).items()},
        seconds=_mean(raw.get("seconds")),
        purity=_purity(raw.get("knn_purity")),
    )


def _interval(raw: Any) -> tuple[float, float] | None:
    """One seed gives ``[null, null]``."""
    return None if not raw or None in raw else (float(raw[0]), float(raw[1]))


def _mean(values: Any) -> float | None:
    known = [float(v) for v in values or () if v is not None]
    return sum(known) / len(known) if known else None


def _purity(raw: Any) -> tuple[float, float] | None:
    before, after = (_mean(raw.get("before")), _mean(raw.get("after"))) if raw else (None, None)
    return None if before is None or after is None else (before, after)
