"""Writes a small run's folder with made-up numbers, laid out as the experiment lays it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mmtutorial.datasets.classes import ClassTable

NAMES = ("background", "disk", "square", "triangle", "ring", "cross", "star", "stripe", "heart")
COLOURS = tuple((20 * i, 255 - 20 * i, 90) for i in range(len(NAMES)))
CLASSES = ClassTable(NAMES, COLOURS, (0,))
MEANS = {"random": 37.5, "random+more": 38.5, "random+triplets": 40.1, "random+graph": 42.8}
MEANS |= {"colorization": 44.0, "colorization+graph": 43.9}
PAIRS = [("random+graph", other) for other in ("random", "random+more", "random+triplets")]
PAIRS += [("colorization+graph", "colorization"), ("random+graph", "colorization")]


def write_run(out: Path, *, seeds: int = 5, names: tuple[str, ...] = NAMES, large: bool = False) -> dict[str, Any]:
    """Writes the whole folder and returns what stands in its results.json."""
    rng = np.random.default_rng(0)
    results = make_results(seeds, names, rng)
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results))
    for seed in range(seeds):
        write_log(out / f"seed{seed}/proxy/colorization", rng)
        write_log(out / f"seed{seed}/tuning/random+graph", rng, tuning=True)
        write_log(out / f"seed{seed}/tuning/random+triplets", rng, tuning=True)
        write_log(out / f"seed{seed}/tuning/colorization+graph", rng, tuning=True)
        for name in MEANS:
            write_log(out / f"seed{seed}/segmentation/{name}", rng)
    write_patches(out / "pictures/patches.npz", rng, len(names), 240 if large else 56)
    write_embedding(out / "pictures/embedding-random+graph.npz", rng, len(names), 600 if large else 90)
    write_predictions(out / "pictures/predictions.npz", rng, len(names))
    return results


def make_results(seeds: int, names: tuple[str, ...], rng: np.random.Generator) -> dict[str, Any]:
    arms = [make_arm(name, mean, seeds, len(names), rng) for name, mean in MEANS.items()]
    scores = {arm["name"]: np.array(arm["miou"]) for arm in arms}
    comparisons = []
    for a, b in PAIRS:
        difference = scores[a] - scores[b]
        comparisons.append(
            {"a": a, "b": b, "difference": difference.mean(), "ci95": bounds(difference), "paired_by": "seed"}
        )
    return {
        "schema": 1,
        "dataset": "scenes",
        "preset": "class",
        "classes": list(names),
        "palette": [[20 * i, 255 - 20 * i, 90] for i in range(len(names))],
        "background_ids": [0],
        "labeled": 100,
        "evaluated_on": "test",
        "images_evaluated": 500,
        "versions": {"python": "3.11.9", "torch": "2.6.0", "mmtutorial": "0.1.0"},
        "machine": {"cpu": "two-core laptop", "cores": 2},
        "command": "mmtutorial run --preset class --seeds 0,1,2,3,4 --out 'a & b'",
        "settings": {
            "tuning": {"lr": 0.05, "margin": 2.1, "steps": 300},
            "segmentation": {"lr": 0.1},
            "size": 96,
        },
        "arms": arms,
        "comparisons": comparisons,
    }


def make_arm(name: str, mean: float, seeds: int, classes: int, rng: np.random.Generator) -> dict[str, Any]:
    miou = (mean + rng.normal(0, 1, seeds)).tolist()
    pretraining, _, tuning = name.partition("+")
    tuned = tuning in ("graph", "triplets")
    per_class = np.clip(mean + rng.normal(0, 15, (seeds, classes)), 0, 100).tolist()
    per_class[0][-1] = None
    confusion = rng.integers(0, 200, (classes, classes)) + 900 * np.eye(classes, dtype=int)
    confusion[-1] = 0
    return {
        "name": name,
        "pretraining": pretraining,
        "tuning": tuning if tuned else "none",
        "head": "fcn",
        "seeds": list(range(seeds)),
        "miou": miou,
        "miou_mean": float(np.mean(miou)),
        "miou_ci95": bounds(np.array(miou)),
        "per_class_iou": per_class,
        "confusion": confusion.tolist(),
        "steps": {
            "proxy": 500 if pretraining == "colorization" else 0,
            "tuning": 300 if tuned else 0,
            "segmentation": 1300 if tuning == "more" else 1000,
        },
        "seconds": [31.0 + seed for seed in range(seeds)],
        "knn_purity": {"before": [0.3] * seeds, "after": [0.62] * seeds} if tuned else None,
    }


def bounds(values: np.ndarray) -> list[float | None]:
    if len(values) < 2:
        return [None, None]
    half = 2.776 * values.std(ddof=1) / np.sqrt(len(values))
    return [float(values.mean() - half), float(values.mean() + half)]


def write_log(folder: Path, rng: np.random.Generator, *, tuning: bool = False, epochs: int = 12) -> None:
    folder.mkdir(parents=True)
    lines = []
    for epoch in range(epochs):
        fall = np.exp(-epoch / 5)
        line = {"epoch": epoch, "step": 7 * (epoch + 1), "loss": fall + rng.normal(0, 0.03), "lr": 0.05}
        if tuning:
            line |= {"positive_distance": 0.5 * line["loss"], "negative_distance": 1 - 0.5 * line["loss"]}
            line["active_share"] = rng.uniform(0.5, 0.9)
        lines.append(json.dumps(line))
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")


def triplets_of(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A connected graph (a chain in each class) and disjoint random triplets; slow and plain."""
    graph = []
    for anchor in range(len(labels)):
        same = [i for i in np.flatnonzero(labels == labels[anchor]) if i != anchor]
        other = np.flatnonzero(labels != labels[anchor])
        if same:
            earlier = [i for i in same if i < anchor] or same
            graph.append((anchor, int(rng.choice(earlier)), int(rng.choice(other))))
    free, random = list(rng.permutation(len(labels))), []
    while free:
        anchor = free.pop()
        same = [i for i in free if labels[i] == labels[anchor]]
        other = [i for i in free if labels[i] != labels[anchor]]
        if same and other:
            random.append((anchor, same[0], other[0]))
            free = [i for i in free if i not in (same[0], other[0])]
    return np.array(graph), np.array(random)


def picture(rng: np.random.Generator, classes: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """An image and a mask with a few coloured rectangles, and a rim of void round one of them."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(4):
        y, x = int(rng.integers(0, height - 30)), int(rng.integers(0, width - 30))
        mask[y : y + 32, x : x + 32] = 255
        mask[y + 2 : y + 28, x + 2 : x + 28] = rng.integers(1, classes)
    image = rng.integers(90, 140, (3, height, width)) + (mask[None] % 9) * np.array([12, -8, 5])[:, None, None]
    return np.clip(image, 0, 255).astype(np.uint8), mask


def write_patches(path: Path, rng: np.random.Generator, classes: int, count: int) -> None:
    image, mask = picture(rng, classes, 96, 128)
    corner = rng.integers(-10, 80, (10, 2))
    boxes = np.concatenate([corner, corner + rng.integers(20, 40, (10, 1))], axis=1)
    labels = rng.integers(0, classes, count)
    graph, random = triplets_of(labels, rng)
    base = rng.integers(0, 256, (classes, 3, 1, 1))
    patches = np.clip(base[labels] + rng.integers(-30, 30, (count, 3, 32, 32)), 0, 255).astype(np.uint8)
    np.savez(
        path,
        image=image,
        mask=mask,
        boxes=boxes,
        box_labels=rng.integers(0, classes, 10),
        patches=patches,
        labels=labels,
        image_index=np.arange(count) // 10,
        graph_triplets=graph,
        random_triplets=random,
    )


def write_embedding(path: Path, rng: np.random.Generator, classes: int, count: int) -> None:
    labels = rng.integers(0, classes, count)
    centres = rng.normal(0, 30, (classes, 2))
    spread = {"before": 30.0, "after": 7.0}
    maps = {
        f"{when}_{method}": centres[labels] + rng.normal(0, noise, (count, 2))
        for when, noise in spread.items()
        for method in ("tsne", "pca")
    }
    patches = rng.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
    groups = np.arange(count) // 5
    np.savez(path, labels=labels, groups=groups, patches=patches, before_purity=0.31, after_purity=0.62, **maps)


def write_predictions(path: Path, rng: np.random.Generator, classes: int) -> None:
    kinds, arms = ["best", "median", "worst"], list(MEANS)
    arrays: dict[str, Any] = {}
    for i, (height, width) in enumerate([(96, 96), (90, 120), (120, 90)]):
        image, truth = picture(rng, classes, height, width)
        predicted = np.stack([np.roll(np.where(truth == 255, 0, truth), 4 * k, axis=1) for k in range(len(arms))])
        arrays |= {f"image_{i}": image, f"truth_{i}": truth, f"prediction_{i}": predicted.astype(np.uint8)}
        arrays[f"miou_{i}"] = np.linspace(0.9, 0.1, len(arms)) / (i + 1)
    np.savez(
        path,
        kinds=np.array(kinds),
        ids=np.array(["test-7", "test-12", "test-3"]),
        arms=np.array(arms),
        **arrays,
    )
