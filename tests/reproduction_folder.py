"""Writes a small reproduction with made-up numbers, laid out as `mmtutorial reproduce` lays it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mmtutorial.reproduction import paper
from tests.plots.run_folder import bounds, picture, write_embedding

NAMES = {
    "scenes": ("background", "disk", "square", "triangle", "ring", "cross", "star", "stripe", "heart"),
    "streets": ("road", "kerb", "sky", "house", "tree", "car", "person"),
}
STANDS_FOR = {"scenes": paper.VOC, "streets": paper.CITYSCAPES}
NETWORKS = {
    "tiny": {"stands_for": paper.ALEXNET, "about": "five convolutions, no batch norm, FCN head"},
    "tiny-vgg": {"stands_for": paper.VGG, "about": "ten convolutions with batch norm, hypercolumn head"},
}
BLOCKS = (("scenes", "tiny"), ("scenes", "tiny-vgg"), ("streets", "tiny-vgg"))


VARIANTS = {"random+supcon": 45.0, "random+shuffled": 21.0, "random+triplets": 42.0}
NOT_ON_THE_SLIDES = {"random": 20.0, "random+graph": 40.0}


def arms_of(benchmark: str, network: str) -> dict[str, float]:
    """Every arm of the slides with the lowest of its figures, the fair control of each that is tuned, variants."""
    place = STANDS_FOR[benchmark], NETWORKS[network]["stands_for"]
    found: dict[str, float] = {}
    for table in paper.rank_tables():
        if (table.benchmark, table.backbone) == place:
            for row in table.rows:
                found[row.arm] = min(row.miou, found.get(row.arm, 100.0))
    for arm in list(found):
        start, plus, _ = arm.partition("+")
        if plus and "&" not in arm:
            found[f"{start}+more"] = found[start] + 3
    if place == (paper.VOC, paper.ALEXNET):
        found |= VARIANTS
    return found or dict(NOT_ON_THE_SLIDES)


def make_reproduction(*, seeds: int = 5, blocks: tuple[tuple[str, str], ...] = BLOCKS) -> dict[str, Any]:
    """What stands in reproduction.json. Ours are a third of theirs, plus ten, with a little noise per seed."""
    rng = np.random.default_rng(0)
    rows = [
        make_row(benchmark, network, arm, 10 + miou / 3, seeds, rng)
        for benchmark, network in blocks
        for arm, miou in arms_of(benchmark, network).items()
    ]
    return {
        "schema": 1,
        "command": "mmtutorial reproduce --preset class --seeds 0,1,2,3,4 --out 'a & b'",
        "preset": "class",
        "dataset": ",".join(dict.fromkeys(benchmark for benchmark, _ in blocks)),
        "seeds": list(range(seeds)),
        "versions": {"python": "3.11.9", "torch": "2.6.0"},
        "machine": {"cpu": "two-core laptop", "cores": 2, "gpu": None},
        "seconds": 12345.6,
        "benchmarks": [make_benchmark(name) for name in dict.fromkeys(benchmark for benchmark, _ in blocks)],
        "networks": {name: NETWORKS[name] for name in dict.fromkeys(network for _, network in blocks)},
        "rows": rows,
        "proxies": [make_proxy(*blocks[0], name, seeds, rng) for name in ("colorization", "jigsaw", "kmeans")],
        "comparisons": list(make_comparisons(rows)),
        "ablations": [make_ablation(*blocks[0], seeds, rng)],
    }


def write_reproduction(out: Path, *, pictured: int = 3, **how: Any) -> dict[str, Any]:
    """Writes the whole folder and returns what stands in reproduction.json; the first few blocks have pictures."""
    made = make_reproduction(**how)
    save(out, made)
    rng = np.random.default_rng(1)
    for benchmark, network in how.get("blocks", BLOCKS)[:pictured]:
        folder, classes = out / f"{benchmark}-{network}" / "pictures", len(NAMES[benchmark])
        folder.mkdir(parents=True, exist_ok=True)
        for arm in ("random+graph", "colorization+graph"):
            write_embedding(folder / f"embedding-{arm}.npz", rng, classes, 200)
        write_predictions(folder / "predictions.npz", rng, classes)
    for name in ("colorization", "jigsaw"):
        benchmark, network = how.get("blocks", BLOCKS)[0]
        write_proxy(out / f"{benchmark}-{network}" / "pictures" / f"proxy-{name}.npz", rng)
    return made


def save(out: Path, made: dict[str, Any]) -> None:
    (out / "reproduction.json").write_text(json.dumps(made), encoding="utf-8")


def make_benchmark(name: str) -> dict[str, Any]:
    names = NAMES[name]
    return {
        "name": name,
        "stands_for": STANDS_FOR[name],
        "classes": list(names),
        "palette": [[20 * i, 255 - 20 * i, 90] for i in range(len(names))],
        "background_ids": [0],
        "labeled": 100,
        "images_evaluated": 500,
        "evaluated_on": "test",
    }


def make_row(
    benchmark: str, network: str, arm: str, mean: float, seeds: int, rng: np.random.Generator
) -> dict[str, Any]:
    miou = mean + rng.normal(0, 0.6, seeds)
    pretraining, _, suffix = arm.partition("+")
    k = len(NAMES[benchmark])
    tuned = suffix in ("graph", "triplets")
    per_class = np.clip(mean + rng.normal(0, 12, (seeds, k)), 0, 100).tolist()
    per_class[0][-1] = None
    tuning = {"graph": "graph", "triplets": "random-triplets"}.get(suffix, "none")
    return {
        "benchmark": benchmark,
        "network": network,
        "arm": arm,
        "pretraining": pretraining,
        "tuning": "ensemble" if "&" in arm else tuning,
        "seeds": list(range(seeds)),
        "miou": miou.tolist(),
        "miou_mean": float(miou.mean()),
        "miou_ci95": bounds(miou),
        "per_class_iou": per_class,
        "confusion": (rng.integers(0, 200, (k, k)) + 900 * np.eye(k, dtype=int)).tolist(),
        "steps": {"proxy": 0 if pretraining == "random" else 500, "tuning": 300 if tuned else 0, "segmentation": 1000},
        "seconds": [31.0] * seeds,
        "knn_purity": {"before": [0.3] * seeds, "after": [0.6] * seeds} if tuned else None,
    }


def make_comparisons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each tuned row less every other row of its pre-training."""
    made = []
    for a in rows:
        for b in rows:
            same = all(a[key] == b[key] for key in ("benchmark", "network", "pretraining"))
            if same and a["tuning"] == "graph" and b is not a:
                difference = np.array(a["miou"]) - np.array(b["miou"])
                place = {"benchmark": a["benchmark"], "network": a["network"], "a": a["arm"], "b": b["arm"]}
                value = float(difference.mean())
                made.append(place | {"difference": value, "ci95": bounds(difference), "per_seed": difference.tolist()})
    return made


def make_proxy(benchmark: str, network: str, name: str, seeds: int, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "benchmark": benchmark,
        "network": network,
        "name": name,
        "seeds": list(range(seeds)),
        "measure": "permutations named right, %" if name == "jigsaw" else "cross-entropy, nats",
        "value": (2 + rng.normal(0, 0.1, seeds)).tolist(),
        "trivial": [3.0] * seeds,
        "higher_is_better": name == "jigsaw",
        "knn_purity": [0.4] * seeds,
        "random_purity": None if name == "kmeans" else [0.3] * seeds,
    }


def make_ablation(benchmark: str, network: str, seeds: int, rng: np.random.Generator) -> dict[str, Any]:
    points = []
    for arm, start in (("random", 5.0), ("random+more", 8.0), ("random+graph", 10.0)):
        for labeled in (25, 50, 100, 400):
            miou = start + 4 * np.log2(labeled / 25) + rng.normal(0, 1, seeds)
            points.append(
                {
                    "value": labeled,
                    "arm": arm,
                    "seeds": list(range(seeds)),
                    "miou": miou.tolist(),
                    "miou_mean": float(miou.mean()),
                    "miou_ci95": bounds(miou),
                }
            )
    place = {"benchmark": benchmark, "network": network}
    return {"name": "labeled", "title": "labelled images", **place, "setting": "labeled", "points": points}


def write_predictions(path: Path, rng: np.random.Generator, classes: int) -> None:
    kinds = ["best", "best", "median", "median", "worst", "worst"]
    arms = ["random", "random+more", "colorization", "classification", "random+graph", "colorization+graph"]
    arrays: dict[str, Any] = {}
    for i in range(len(kinds)):
        image, truth = picture(rng, classes, 96, 96)
        predicted = np.stack([np.roll(np.where(truth == 255, 0, truth), 3 * k, axis=1) for k in range(len(arms))])
        arrays |= {f"image_{i}": image, f"truth_{i}": truth, f"prediction_{i}": predicted.astype(np.uint8)}
        arrays[f"miou_{i}"] = np.linspace(0.9, 0.1, len(arms)) / (i + 1)
    ids = [f"test-{i}" for i in range(len(kinds))]
    np.savez_compressed(path, kinds=np.array(kinds), ids=np.array(ids), arms=np.array(arms), **arrays)


def write_proxy(path: Path, rng: np.random.Generator) -> None:
    rows = {name: np.stack([picture(rng, 5, 48, 48)[0] for _ in range(6)]) for name in ("sees", "target", "prediction")}
    captions = np.array(["the grey image", "its colours", "the colours predicted"])
    np.savez_compressed(path, **rows, captions=captions, shortcut=np.array("Edges of tiles would give it away: gaps."))
