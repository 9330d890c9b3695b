"""How time and memory grow with the size of the work.

Time is processor time, the least of a few calls. Memory is what a process grows by at its peak while the work runs; it
is measured in a fork, and only on Linux.
"""

from __future__ import annotations

import ctypes
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from benchmarks.cases import CLASSES, photos
from benchmarks.growth_page import Grown
from mmtutorial.embedding import tsne
from mmtutorial.graph import connected_graph
from mmtutorial.metrics import confusion_matrix
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.patches import sample_patches
from mmtutorial.randomness import global_seed, seeded
from mmtutorial.segmentation import predict
from mmtutorial.triplet import triplet_loss

Work = Callable[[], object]
LONG_ENOUGH = 0.2
"""Seconds after which work is not called again."""
_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


@dataclass(frozen=True)
class Growth:
    """One kind of work at several sizes.

    Attributes:
        name: what is done.
        unit: of what there is more.
        sizes: how many of them.
        work: makes the work of a size ready, and returns it.
    """

    name: str
    unit: str
    sizes: tuple[float, ...]
    work: Callable[[float], Work]


def _patches(count: float) -> Work:
    images, masks = photos(int(count) // 10, 512)
    return lambda: sample_patches(images, masks, generator=seeded(0))


def _graph(nodes: float) -> Work:
    labels = torch.randint(CLASSES, (int(nodes),), generator=seeded(0))
    return lambda: connected_graph(labels, generator=seeded(1))


def _loss(nodes: int, width: int) -> Work:
    labels = torch.randint(CLASSES, (nodes,), generator=seeded(0))
    triplets = connected_graph(labels, generator=seeded(1)).triplets
    embeddings = torch.rand((nodes, width), generator=seeded(2), requires_grad=True)
    return lambda: torch.autograd.grad(triplet_loss(embeddings, triplets), embeddings)


def _evaluation(megapixels: float) -> Work:
    shape = (round(1e6 * megapixels / 160**2), 160, 160)
    truths, found = (torch.randint(CLASSES, shape, generator=seeded(i), dtype=torch.uint8) for i in (0, 1))
    return lambda: confusion_matrix(truths, found, CLASSES)


def _prediction(megapixels: float) -> Work:
    with global_seed(0, "benchmark"):
        spec = NetworkSpec()
        network = make_network(make_encoder(spec), spec, CLASSES)
    height = 8 * round(math.sqrt(1e6 * megapixels * 3 / 4) / 8)
    photo = torch.randint(256, (3, height, height * 4 // 3), generator=seeded(0), dtype=torch.uint8)
    return lambda: predict(network, [photo])


def _layout(points: float) -> Work:
    centres = torch.rand((CLASSES, 64), generator=seeded(0))
    of = torch.randint(CLASSES, (int(points),), generator=seeded(1))
    features = F.normalize(centres[of] + 0.1 * torch.rand((int(points), 64), generator=seeded(2)))
    return lambda: tsne(features)


GROWTHS = (
    Growth("patches", "patches", (100, 200, 400, 800, 1600), _patches),
    Growth("graph", "nodes", (10_000, 100_000, 1_000_000, 4_000_000), _graph),
    Growth("loss, by D", "features (400 patches)", (512, 2048, 8192, 32768), lambda size: _loss(400, int(size))),
    Growth("loss, by N", "patches (D = 2,048)", (100, 400, 1600, 6400), lambda size: _loss(int(size), 2048)),
    Growth("evaluation", "megapixels", (1, 4, 16, 64), _evaluation),
    Growth("prediction", "megapixels", (0.75, 3, 12), _prediction),
    Growth("t-SNE", "points", (200, 400, 800, 1600), _layout),
)


def measure(growth: Growth) -> Grown:
    """Time and memory at each size."""
    seconds, mebibytes = [], []
    growth.work(growth.sizes[0])()  # what is loaded once
    for size in growth.sizes:
        work = growth.work(size)
        mebibytes.append(memory(work))
        seconds.append(least_seconds(work))
    known = tuple(value for value in mebibytes if value is not None)
    return Grown(growth.name, growth.unit, growth.sizes, tuple(seconds), known if len(known) == len(seconds) else ())


def least_seconds(work: Work, clock: Callable[[], float] = time.process_time, most: int = 5) -> float:
    """Least time of a few calls, the first not counted; long work is called but once more."""
    work()
    found: list[float] = []
    while len(found) < most and sum(found) < LONG_ENOUGH:
        begun = clock()
        work()
        found.append(clock() - begun)
    return min(found)


def memory(work: Work) -> float | None:
    """Mebibytes by which a process grows at its peak while it works; None where the system does not tell."""
    if not (_CLEAR.exists() and hasattr(os, "fork")):
        return None
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            # What earlier work has freed goes back to the system, or this work could take it without growing.
            ctypes.CDLL(None).malloc_trim(0)
            _CLEAR.write_text("5")  # the peak begins anew
            before = _kibibytes("VmRSS")
            work()
            os.write(writer, str((_kibibytes("VmHWM") - before) / 1024).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return float(told) if told else None


def _kibibytes(name: str) -> int:
    [line] = [line for line in _STATUS.read_text().splitlines() if line.startswith(name + ":")]
    return int(line.split()[1])
