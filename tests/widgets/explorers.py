"""Every explorer with small data, for the tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec
import numpy as np
import torch

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.graph import connected_graph, random_triplets
from mmtutorial.randomness import seeded
from mmtutorial.results import Reproduction, Results
from mmtutorial.widgets import (
    CostCalculator,
    EmbeddingFrames,
    Explorer,
    FeatureMap,
    GraphExplorer,
    LossSwitch,
    PatchExplorer,
    PipelineMap,
    ProxyExample,
    ProxyExplorer,
    PullExplorer,
    ResultBrowser,
    TableExplorer,
    TripletExplorer,
    TsneExplorer,
)

TABLE = ClassTable(("background", "cat", "dog"), ((0, 0, 0), (200, 30, 30), (30, 30, 200)))


def embedding_arrays(moments: int = 4, patches: int = 30) -> EmbeddingFrames:
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (2, moments, patches, 2)).astype(np.float32)
    return EmbeddingFrames(
        steps=np.arange(moments) * 25,
        perplexities=np.array([5.0, 10.0]),
        tsne=places,
        pca=places[0],
        labels=np.arange(patches) % 3,
        groups=np.arange(patches) // 4,
        colour_bins=np.arange(patches) % 9,
        patches=rng.integers(0, 256, (patches, 3, 12, 12)).astype(np.uint8),
        purity=np.linspace(0.2, 0.9, moments),
        classes=TABLE,
    )


def proxy_tasks() -> list[ProxyExample]:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (3, 4, 3, 20, 30)).astype(np.uint8)
    features = FeatureMap(
        rng.normal(size=(40, 2)), np.arange(40) % 3, np.arange(40) % 9, np.arange(40) % 9, (0.5, 0.4, 0.3), TABLE
    )
    long = "Edges of tiles would give it away, so there are gaps between them and each tile is normalised. " * 3
    return [
        ProxyExample(
            "colour", rows[0], rows[1], rows[2], ("grey", "its colours", "a guess"), "Grey is cheap.", features
        ),
        ProxyExample("jigsaw", rows[0, :2], rows[1, :2], rows[2, :2], ("nine tiles, shuffled", "order", "guess"), long),
    ]


def run_of(arms: int = 4, classes: int = 3) -> tuple[dict[str, np.ndarray], Results]:
    """Returns predictions and results of a made-up run; the last class occurs nowhere."""
    rng = np.random.default_rng(1)
    names = [f"colorization+arm{i}" for i in range(arms)]
    table = [f"a class called {i}" for i in range(classes)]
    predictions: dict[str, np.ndarray] = {
        "arms": np.array(names),
        "kinds": np.array(["best", "best", "median", "worst"]),
        "ids": np.array([f"image-{i}" for i in range(4)]),
    }
    for k in range(4):
        predictions[f"image_{k}"] = rng.integers(0, 256, (3, 20, 30 - 3 * k)).astype(np.uint8)
        truth = rng.integers(0, classes - 1, (20, 30 - 3 * k)).astype(np.uint8)
        truth[0] = 255
        predictions[f"truth_{k}"] = truth
        predictions[f"prediction_{k}"] = rng.integers(0, classes - 1, (arms, *truth.shape)).astype(np.uint8)
        predictions[f"miou_{k}"] = rng.uniform(0, 1, arms)
    rows = []
    for name in names:
        iou = rng.uniform(0, 100, (2, classes)).round(1)
        counts = rng.integers(0, 1000, (classes, classes))
        counts[-1] = 0
        rows.append(
            {
                "name": name,
                "pretraining": "colorization",
                "tuning": "graph",
                "seeds": [0, 1],
                "miou": iou[:, :-1].mean(axis=1).tolist(),
                "miou_mean": float(iou[:, :-1].mean()),
                "per_class_iou": [[*row[:-1], None] for row in iou.tolist()],
                "confusion": counts.tolist(),
            }
        )
    return predictions, msgspec.convert({"classes": table, "background_ids": [0], "arms": rows}, Results)


def reproduction() -> Reproduction:
    arms = ("random", "random+graph", "colorization", "colorization+graph", "classification", "random+more")
    rows = []
    for place, (benchmark, network) in enumerate((("scenes", "tiny"), ("streets", "tiny-vgg"))):
        for k, arm in enumerate(arms):
            mean = 20.0 + 3 * k + place
            rows.append(
                {
                    "benchmark": benchmark,
                    "network": network,
                    "arm": arm,
                    "pretraining": arm.split("+")[0],
                    "tuning": arm.partition("+")[2] or "none",
                    "miou": [mean] if arm == "random" else [mean] * 3,
                    "miou_mean": mean,
                    "miou_ci95": [None, None] if arm == "random" else [mean - 1.5, mean + 1.5],
                    "seeds": [0] if arm == "random" else [0, 1, 2],
                }
            )
    benchmarks = [("scenes", "VOC2012"), ("streets", "CityScapes")]
    made = {
        "benchmarks": [{"name": name, "stands_for": theirs, "classes": ["a", "b"]} for name, theirs in benchmarks],
        "networks": {"tiny": {"stands_for": "AlexNet"}, "tiny-vgg": {"stands_for": "VGG-16"}},
        "rows": rows,
    }
    return msgspec.convert(made, Reproduction)


def pull_explorer() -> PullExplorer:
    labels = torch.arange(30) % 3
    random, graph = random_triplets(labels, generator=seeded(0)), connected_graph(labels, generator=seeded(0))
    return PullExplorer({"random triplets": random, "connected graph": graph}, TABLE)


MAKERS: dict[str, Callable[[], Explorer]] = {
    "graph": GraphExplorer,
    "t-SNE": lambda: TsneExplorer(embedding_arrays()),
    "triplet": TripletExplorer,
    "patch": PatchExplorer,
    "proxy": lambda: ProxyExplorer(proxy_tasks()),
    "results": lambda: ResultBrowser(*run_of()),
    "many results": lambda: ResultBrowser(*run_of(arms=9, classes=21)),
    "table": lambda: TableExplorer(reproduction()),
    "cost": CostCalculator,
    "loss": LossSwitch,
    "pipeline": PipelineMap,
    "pull": pull_explorer,
}


@cache
def explorer_of(name: str) -> Explorer:
    return MAKERS[name]()
