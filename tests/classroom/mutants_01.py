"""Typical wrong answers to the exercises of notebook 01, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.proxies.colorization import hue_and_chroma
from mmtutorial.triplet import unit_features


def random_choice(candidates: Tensor, count: int) -> Tensor:
    return candidates[:count]


def farthest_from_the_latest(candidates: Tensor, count: int) -> Tensor:
    kept = [0]
    while len(kept) < count:
        distance = (candidates != candidates[kept[-1]]).sum(1)
        distance[kept] = -1
        kept.append(int(distance.argmax()))
    return candidates[kept]


def largest_smallest_distance(candidates: Tensor, count: int) -> Tensor:
    kept = [0]
    while len(kept) < count:
        distance = torch.stack([(candidates != candidates[k]).sum(1) for k in kept]).amin(0)
        distance[kept] = -1
        kept.append(int(distance.argmax()))
    return candidates[kept]


def by_size_of_the_numbers(candidates: Tensor, count: int) -> Tensor:
    kept = [0]
    while len(kept) < count:
        distance = sum((candidates - candidates[k]).abs().sum(1) for k in kept)
        distance[kept] = -1
        kept.append(int(distance.argmax()))
    return candidates[kept]


def bins_past_the_end(image: Tensor, bins: int) -> Tensor:
    hue, chroma = hue_and_chroma(image.double()[None])
    return (torch.cat((hue, chroma)) * bins).long()


def rounded_bins(image: Tensor, bins: int) -> Tensor:
    hue, chroma = hue_and_chroma(image.double()[None])
    return (torch.cat((hue, chroma)) * bins).round().long().clamp(max=bins - 1)


def brightness_for_chroma(image: Tensor, bins: int) -> Tensor:
    hue, _ = hue_and_chroma(image.double()[None])
    return (torch.cat((hue, image.double().amax(0)[None])) * bins).long().clamp(max=bins - 1)


def saturation_for_chroma(image: Tensor, bins: int) -> Tensor:
    hue, chroma = hue_and_chroma(image.double()[None])
    chroma = chroma / image.double().amax(0).clamp(min=1e-9)
    return (torch.cat((hue, chroma)) * bins).long().clamp(max=bins - 1)


def _purity(cosine: Tensor, labels: Tensor, neighbours: int) -> Tensor:
    best, nearest = cosine.topk(min(neighbours, len(labels)), dim=1)
    counted = best > -torch.inf
    return ((labels[nearest] == labels[:, None]) & counted).sum(1) / counted.sum(1)


def _by_class(shares: Tensor, labels: Tensor) -> Tensor:
    return torch.stack([shares[labels == c].mean() for c in labels.unique()]).mean()


def neighbours_of_the_same_image(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int) -> Tensor:
    unit = unit_features(embeddings)
    cosine = (unit @ unit.T).fill_diagonal_(-torch.inf)
    return _by_class(_purity(cosine, labels, neighbours), labels)


def itself_as_neighbour(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int) -> Tensor:
    unit = unit_features(embeddings)
    return _by_class(_purity(unit @ unit.T, labels, neighbours), labels)


def not_normalised(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int) -> Tensor:
    near = -torch.cdist(embeddings, embeddings).masked_fill(groups[:, None] == groups, torch.inf)
    return _by_class(_purity(near, labels, neighbours), labels)


def mean_over_all_nodes(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int) -> Tensor:
    unit = unit_features(embeddings)
    cosine = (unit @ unit.T).masked_fill(groups[:, None] == groups, -torch.inf)
    return _purity(cosine, labels, neighbours).mean()


MUTANTS = {
    "01.permutations": [
        (farthest_from_the_latest, "looks at the latest only"),
        (largest_smallest_distance, "largest smallest distance"),
        (by_size_of_the_numbers, "not by how much"),
        (random_choice, ""),
    ],
    "01.colour_bins": [
        (bins_past_the_end, "belongs to the last bin"),
        (rounded_bins, "cut the decimals off"),
        (brightness_for_chroma, "largest minus the smallest"),
        (saturation_for_chroma, "it is the saturation"),
    ],
    "01.knn_purity": [
        (neighbours_of_the_same_image, "out of the same image do not count"),
        (itself_as_neighbour, "its own nearest neighbour"),
        (not_normalised, "bring each to length 1"),
        (mean_over_all_nodes, "Average within each class first"),
    ],
}
