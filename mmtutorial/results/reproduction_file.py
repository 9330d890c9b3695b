"""Reads ``reproduction.json``. A run that has not finished, or was asked for less, leaves parts out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable, voc_palette
from mmtutorial.files import stored_entries
from mmtutorial.results.reproduction import (
    Ablation,
    Benchmark,
    Bounds,
    Comparison,
    Difference,
    Network,
    Point,
    Proxy,
    Reproduction,
    Row,
)

SCHEMA = 1
FILE = "reproduction.json"
_Raw = Mapping[str, Any]


def read_reproduction(out: Path) -> Reproduction:
    """Read ``reproduction.json`` of a run's folder.

    Args:
        out: The folder that ``mmtutorial reproduce`` wrote to.

    Raises:
        InputError: the file is missing, is not JSON, has another schema, lacks an entry or contradicts itself.
    """
    with stored_entries(Path(out) / FILE, SCHEMA, "mmtutorial reproduce") as raw:
        return _reproduction(raw)


def _reproduction(raw: _Raw) -> Reproduction:
    benchmarks = tuple(_benchmark(entry) for entry in raw["benchmarks"])
    networks = tuple(
        Network(str(name), str(entry["stands_for"]), str(entry.get("about") or ""))
        for name, entry in raw["networks"].items()
    )
    classes = {b.name: len(b.classes) for b in benchmarks}
    rows = tuple(_row(entry, classes) for entry in raw["rows"])
    ablations = tuple(_ablation(entry) for entry in raw.get("ablations") or ())
    if not rows and not ablations:
        raise ValueError("there are neither rows nor ablations")
    for row in rows:
        if row.network not in {n.name for n in networks}:
            raise ValueError(f"row {row.arm} has the network {row.network!r}, which is not listed")
    return Reproduction(
        benchmarks=benchmarks,
        networks=networks,
        rows=rows,
        proxies=tuple(_proxy(entry) for entry in raw.get("proxies") or ()),
        comparisons=tuple(_comparison(entry) for entry in raw.get("comparisons") or ()),
        ablations=ablations,
        about=raw,
    )


def _benchmark(raw: _Raw) -> Benchmark:
    names = tuple(str(name) for name in raw["classes"])
    colours = raw.get("palette") or voc_palette(len(names))
    palette = tuple((int(r), int(g), int(b)) for r, g, b in colours)
    return Benchmark(
        name=str(raw["name"]),
        stands_for=str(raw["stands_for"]),
        classes=ClassTable(names, palette, tuple(int(i) for i in raw.get("background_ids") or ())),
        labeled=raw.get("labeled"),
        images_evaluated=raw.get("images_evaluated"),
        evaluated_on=raw.get("evaluated_on"),
    )


def _row(raw: _Raw, classes: Mapping[str, int]) -> Row:
    name = str(raw["benchmark"])
    if name not in classes:
        raise ValueError(f"row {raw['arm']} has the benchmark {name!r}, which is not listed")
    seeds, miou = _scores(raw, f"row {raw['arm']}")
    confusion = raw.get("confusion")
    k = classes[name]
    return Row(
        benchmark=name,
        network=str(raw["network"]),
        arm=str(raw["arm"]),
        pretraining=str(raw["pretraining"]),
        tuning=str(raw["tuning"]),
        seeds=seeds,
        miou=miou,
        mean=float(raw["miou_mean"]),
        interval=_interval(raw.get("miou_ci95")),
        class_iou=_class_iou(raw.get("per_class_iou"), k),
        confusion=None if confusion is None else np.array(confusion, dtype=np.int64).reshape(k, k),
        steps={str(stage): int(n) for stage, n in (raw.get("steps") or {}).items()},
        seconds=_floats(raw.get("seconds")),
        purity=_purity(raw.get("knn_purity")),
    )


def _class_iou(raw: Any, classes: int) -> NDArray[np.float64]:
    """A seed without a record is None in place of its row; it is left out."""
    rows = [[math.nan if v is None else float(v) for v in row] for row in raw or () if row is not None]
    return np.array(rows, dtype=np.float64).reshape(len(rows), classes)


def _proxy(raw: _Raw) -> Proxy:
    return Proxy(
        benchmark=str(raw["benchmark"]),
        network=str(raw["network"]),
        name=str(raw["name"]),
        seeds=tuple(int(seed) for seed in raw["seeds"]),
        measure=str(raw["measure"]),
        value=_by_seed(raw["value"]),
        trivial=_by_seed(raw["trivial"]),
        higher_is_better=bool(raw["higher_is_better"]),
        purity=_by_seed(raw.get("knn_purity")),
        random_purity=_by_seed(raw.get("random_purity")),
    )


def _comparison(raw: _Raw) -> Comparison:
    per_seed, bounds = _floats(raw.get("per_seed")), _interval(raw.get("ci95"))
    difference = Difference(str(raw["a"]), str(raw["b"]), float(raw["difference"]), bounds, per_seed)
    return Comparison(str(raw["benchmark"]), str(raw["network"]), difference)


def _ablation(raw: _Raw) -> Ablation:
    return Ablation(
        name=str(raw["name"]),
        title=str(raw.get("title") or raw["name"]),
        benchmark=str(raw["benchmark"]),
        network=str(raw["network"]),
        setting=str(raw["setting"]),
        points=tuple(_point(entry) for entry in raw["points"]),
    )


def _point(raw: _Raw) -> Point:
    value = raw["value"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    seeds, miou = _scores(raw, f"the point {value!r} of {raw['arm']}")
    return Point(
        value=float(value) if number else str(value),
        arm=str(raw["arm"]),
        seeds=seeds,
        miou=miou,
        mean=float(raw["miou_mean"]),
        interval=_interval(raw.get("miou_ci95")),
    )


def _scores(raw: _Raw, what: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    seeds = tuple(int(seed) for seed in raw["seeds"])
    miou = tuple(float(value) for value in raw["miou"])
    if not seeds or len(seeds) != len(miou):
        raise ValueError(f"{what} has {len(seeds)} seeds and {len(miou)} values of miou")
    return seeds, miou


def _by_seed(raw: Any) -> tuple[float, ...]:
    """NaN for a seed without a number, so that the others keep their places."""
    return tuple(math.nan if value is None else float(value) for value in raw or ())


def _floats(raw: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in raw or () if value is not None)


def _interval(raw: Any) -> Bounds:
    """One seed gives ``[null, null]``."""
    return None if not raw or None in raw else (float(raw[0]), float(raw[1]))


def _purity(raw: Any) -> tuple[float, float] | None:
    before, after = (_floats(raw.get(when)) for when in ("before", "after")) if raw else ((), ())
    return (float(np.mean(before)), float(np.mean(after))) if before and after else None
