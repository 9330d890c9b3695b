"""Exercises of notebook 01: proxy tasks and the task gap."""

from __future__ import annotations

import colorsys
import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import Case, Exercise, compare_numbers, compare_tensors, mistaken
from mmtutorial.randomness import seeded


# ---------------------------------------------------------------- 01.permutations
def _chosen(candidates: Tensor, count: int, mistake: str = "") -> Tensor:
    """Greedy choice: next is the candidate that differs most from those kept; optionally with one mistake."""
    rows: list[list[int]] = candidates.tolist()
    kept = [rows[0]]
    while len(kept) < count:
        best, best_distance = rows[0], -1.0
        for row in rows:
            if row in kept and mistake != "twice":
                continue
            distance = _distance(row, kept, mistake)
            if distance > best_distance:
                best, best_distance = row, distance
        kept.append(best)
    return torch.tensor(kept)


def _distance(row: Sequence[int], kept: Sequence[Sequence[int]], mistake: str) -> float:
    if mistake == "last only":
        kept = kept[-1:]
    if mistake == "first only":
        kept = kept[:1]
    if mistake == "size of the step":
        each = [sum(abs(a - b) for a, b in zip(row, other, strict=True)) for other in kept]
    else:
        each = [sum(a != b for a, b in zip(row, other, strict=True)) for other in kept]
    if mistake == "worst case":
        return min(each)
    # All kept count alike, so the largest sum is the largest mean, and whole numbers leave ties exact.
    return -sum(each) + 10.0**6 if mistake == "nearest" else sum(each)


_PERMUTATION_HINTS = {
    "last only": "The distance counts to all permutations kept so far; yours looks at the latest only.",
    "first only": "The distance counts to all permutations kept so far; yours looks at the first only.",
    "size of the step": "Count the places that differ, not by how much: the numbers of tiles are names only.",
    "worst case": "Asked for is the largest mean distance from those kept; yours is the largest smallest distance.",
    "nearest": "These are the nearest ones: hard to tell apart. Take the farthest.",
    "twice": "A permutation that is kept already cannot be taken again.",
}


def _permutations(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(10):
        generator = ask.seeded(seed)
        tiles = (4, 5, 9)[seed % 3]
        drawn = [torch.randperm(tiles, generator=generator) for _ in range(40)]
        candidates = torch.stack(drawn).unique(dim=0)
        candidates = candidates[torch.randperm(len(candidates), generator=generator)]
        cases.append((f"{len(candidates)} permutations of {tiles} tiles, keep 8, seed {seed}", (candidates, 8)))
    every = torch.tensor(list(itertools.permutations(range(3))))
    cases += [
        ("all of 3 tiles, keep 6", (every, 6)),
        ("keep 1", (every, 1)),
        ("two tiles", (torch.tensor([[1, 0], [0, 1]]), 2)),
    ]
    known = mistaken(_chosen, _PERMUTATION_HINTS)
    compare_tensors(ask, cases, _chosen, known)


# ---------------------------------------------------------------- 01.colour_bins
def _bins(image: Tensor, bins: int, mistake: str = "") -> Tensor:
    """(2, H, W) bins of hue and chroma, pixel by pixel with Python's own colour conversion."""
    _, height, width = image.shape
    answer = torch.zeros((2, height, width), dtype=torch.long)
    for y in range(height):
        for x in range(width):
            red, green, blue = image[:, y, x].double().tolist()
            hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
            chroma = (
                value
                if mistake == "value"
                else saturation
                if mistake == "saturation"
                else max(red, green, blue) - min(red, green, blue)
            )
            for row, amount in enumerate((hue, chroma)):
                cell = round(amount * bins) if mistake == "rounded" else math.floor(amount * bins)
                answer[row, y, x] = cell if mistake == "past the end" else min(cell, bins - 1)
    return answer.flip(0) if mistake == "exchanged" else answer


_BIN_HINTS = {
    "past the end": "A value of exactly 1 belongs to the last bin: there is no bin after it.",
    "rounded": "Bins are 0 up to 1/bins, and so on: cut the decimals off instead of rounding.",
    "value": "Chroma is the largest minus the smallest of the three; yours is the largest alone, brightness.",
    "saturation": "Chroma is not divided by the brightness; divided, it is the saturation.",
    "exchanged": "Hue comes first, then chroma.",
}


def _colour_bins(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(10):
        image = torch.rand((3, 4, 5), generator=ask.seeded(seed))
        cases.append((f"a random image of 4 x 5 pixels, 0 to 1, seed {seed}", (image, (32, 8, 10)[seed % 3])))
    pure = torch.tensor([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]]).permute(2, 0, 1).contiguous()
    grey = torch.tensor([0.0, 0.3, 0.5, 1.0]).expand(3, 1, 4).contiguous()
    cases += [
        ("red, green, blue, yellow", (pure, 32)),
        ("four greys (hue of grey: 0)", (grey, 32)),
        ("one bin", (pure, 1)),
    ]
    known = mistaken(_bins, _BIN_HINTS)
    compare_tensors(ask, cases, _bins, known)


# ---------------------------------------------------------------- 01.knn_purity
def _purity(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int, mistake: str = "") -> float:
    """Share of the nearest others, by angle and from other images, that have the same class; classes alike."""
    rows, classes, images = embeddings.double(), labels.tolist(), groups.tolist()
    shares: dict[int, list[float]] = {}
    for i, row in enumerate(rows):
        others = [j for j in range(len(rows)) if images[j] != images[i]]
        if mistake == "same image":
            others = [j for j in range(len(rows)) if j != i]
        if mistake == "itself":
            others = list(range(len(rows)))
        if mistake == "not normalised":
            ranked = sorted(others, key=lambda j: float((row - rows[j]).square().sum()))
        else:
            ranked = sorted(others, key=lambda j: -float(row @ rows[j] / (row.norm() * rows[j].norm())))
        if mistake == "farthest":
            ranked.reverse()
        nearest = ranked[:neighbours]
        if nearest:
            shares.setdefault(classes[i], []).append(sum(classes[j] == classes[i] for j in nearest) / len(nearest))
    if mistake == "all nodes alike":
        every = [share for values in shares.values() for share in values]
        return sum(every) / len(every)
    return sum(sum(values) / len(values) for values in shares.values()) / len(shares)


_PURITY_HINTS = {
    "itself": "A node is its own nearest neighbour; it does not count.",
    "same image": "Neighbours out of the same image do not count: patches of one image look alike anyhow.",
    "not normalised": "Nearness is the angle between embeddings: bring each to length 1 first.",
    "farthest": "These are the farthest ones. With cosine, near is large; with distance, near is small.",
    "all nodes alike": "Average within each class first, then over the classes; else a frequent class decides.",
}


def _knn_purity(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(12):
        generator = ask.seeded(seed)
        groups = torch.arange(24) // 4
        labels = torch.where(
            torch.rand(24, generator=generator) < 0.6, 0, torch.randint(1, 4, (24,), generator=generator)
        )
        centre = torch.randn((4, 6), generator=generator)[labels] + torch.randn((6, 6), generator=generator)[groups]
        embeddings = (centre + torch.randn((24, 6), generator=generator)) * torch.rand(
            (24, 1), generator=generator
        ).add(0.1)
        cases.append(
            (f"24 embeddings from 6 images, 4 classes, 5 neighbours, seed {seed}", (embeddings, labels, groups, 5))
        )
    apart = torch.eye(4)[[0, 0, 1, 1]] + torch.rand((4, 4), generator=seeded(3)) * 0.01
    cases += [
        ("two classes, clean apart, one neighbour", (apart, torch.tensor([0, 0, 5, 5]), torch.arange(4), 1)),
        ("one class only", (apart, torch.tensor([2, 2, 2, 2]), torch.arange(4), 2)),
        (
            "more neighbours asked for than there are",
            (apart, torch.tensor([0, 1, 0, 1]), torch.tensor([0, 0, 1, 1]), 10),
        ),
    ]
    known = mistaken(_purity, _PURITY_HINTS)
    compare_numbers(ask, cases, _purity, known)


EXERCISES = (
    Exercise("01.colour_bins", ("image", "bins"), _colour_bins),
    Exercise("01.permutations", ("candidates", "count"), _permutations),
    Exercise(
        "01.knn_purity",
        ("embeddings", "labels", "groups", "neighbours"),
        _knn_purity,
    ),
)
