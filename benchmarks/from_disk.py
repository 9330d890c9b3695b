"""Training on photos that do not fit into memory: how fast, and in how much memory?

    python benchmarks/from_disk.py                         # 2,000 photos of 500 x 375, tiny network
    python benchmarks/from_disk.py --network alexnet --steps 20

Writes the photos into a temporary folder, then fine-tunes on them in a fresh process for each way: all in memory;
from disk, 256 MiB of it in memory; from disk with one and with two processes that read ahead. Prints seconds a step
(median) and the most memory that the process and its children held (proportional set size, so that shared pages count
once). The ways take turns, round by round, so that a busy machine slows them all alike. Needs psutil.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image

from mmtutorial.datasets import open_dataset, store
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.segmentation import SegmentationStage
from mmtutorial.settings.budgets import Schedule, SegmentationBudget
from mmtutorial.settings.machine import Machine
from mmtutorial.training.drawing_ahead import batches
from mmtutorial.training.engine import train

WAYS = {
    "in memory": (4096, 0),
    "from disk": (256, 0),
    "from disk, 1 loader": (256, 1),
    "from disk, 2 loaders": (256, 2),
}
"""MiB of images that may stay in memory, and processes that read ahead."""
WARM_UP = 3


def write_photos(root: Path, count: int) -> None:
    """Photos as large as those of PASCAL VOC, from drawn scenes; noise, so that a JPEG is as long as a real one."""
    scenes, random = open_dataset("scenes", split="unlabeled"), np.random.default_rng(0)
    names = tuple(f"class {i}" for i in range(9))
    for part in ("images", "masks"):
        (root / part).mkdir(parents=True)
    (root / "classes.toml").write_text(f"names = {json.dumps(names)}\n")
    for i in range(count):
        image, _ = scenes.arrays(i % len(scenes))
        photo = np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((500, 375)), dtype=np.int16)
        noisy = (photo + random.integers(-12, 13, photo.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(root / "images" / f"{i:05d}.jpg", quality=90)
        blocks = random.integers(0, len(names), (5, 5), dtype=np.uint8)
        Image.fromarray(blocks).resize((500, 375), Image.Resampling.NEAREST).save(root / "masks" / f"{i:05d}.png")
    (root / "train.txt").write_text("".join(f"{i:05d}\n" for i in range(count)))


class Meter(threading.Thread):
    """The most memory that this process and its children hold, looked at a few times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.done = 0, threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        process = psutil.Process()
        while not self.done.wait(0.3):
            held = 0
            for one in [process, *process.children(recursive=True)]:
                try:
                    held += one.memory_full_info().pss
                except psutil.Error:
                    continue  # it ended in between
            self.most = max(self.most, held)


class Timed(SegmentationStage):
    """Fine-tuning that notes when each step begins."""

    def loss(self, *arguments: Any) -> Any:
        """As ever, with a note of the time."""
        self.begun = [*getattr(self, "begun", []), time.perf_counter()]
        return super().loss(*arguments)


def measure(root: Path, network: str, steps: int, way: str) -> dict[str, float]:
    """Fine-tune in this process; seconds a step and MiB."""
    mebibytes, loaders = WAYS[way]
    store.MEMORY_BUDGET = mebibytes * 2**20
    meter = Meter()
    meter.start()
    images = open_dataset("folder", root, "train")
    spec = NetworkSpec(encoder=network)
    budget = SegmentationBudget(Schedule(steps + WARM_UP, images=16, lr=1e-3), crop=256)
    stage = Timed(make_network(make_encoder(spec), spec, len(images.classes)), images, budget, seed=0)
    with TemporaryDirectory() as folder:
        train(stage, seed=0, folder=Path(folder), machine=Machine("cpu", loaders=loaders))
    meter.done.set()
    meter.join()
    apart = np.diff(stage.begun)[WARM_UP:]
    return {"seconds": float(np.median(apart)), "mebibytes": meter.most / 2**20, "decoding": decoding(images)}


def decoding(images: Any) -> float:
    """Seconds that it takes one process to read and crop a batch."""
    stage = SegmentationStage  # the same transform as in training
    draw = stage(
        make_network(make_encoder(NetworkSpec()), NetworkSpec(), len(images.classes)),
        images,
        SegmentationBudget(Schedule(1, images=16, lr=1e-3), crop=256),
        seed=1,
    ).draw
    begun = time.perf_counter()
    for _ in batches(draw, range(5), seed=1, name="decoding"):
        pass
    return (time.perf_counter() - begun) / 5


def main() -> None:
    """Measure each way in turn, or one way in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--network", default="tiny")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("ROOT", "WAY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        root, way = options.measure
        print(json.dumps(measure(Path(root), options.network, options.steps, way)))
        return
    with TemporaryDirectory() as folder:
        write_photos(Path(folder) / "photos", options.photos)
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way in WAYS:
                command = [sys.executable, __file__, "--network", options.network, "--steps", str(options.steps)]
                command += ["--measure", str(Path(folder) / "photos"), way]
                answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                found[way].append(json.loads(answer.splitlines()[-1]))
    print(f"{options.photos} photos, {options.network}, {torch.get_num_threads()} threads, {options.rounds} rounds")
    base = statistics.median(one["seconds"] for one in found["in memory"])
    for way, each in found.items():
        seconds = statistics.median(one["seconds"] for one in each)
        most, batch = (max(one[key] for one in each) for key in ("mebibytes", "decoding"))
        print(
            f"{way:22s}{seconds:7.3f} s a step ({seconds / base - 1:+.0%}), at most {most:5.0f} MiB; "
            f"reading and cropping a batch takes one process {batch:.3f} s"
        )


if __name__ == "__main__":
    main()
