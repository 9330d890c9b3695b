"""Typical wrong answers to the exercises of notebook 02, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.classroom.answers import centre_patches, label_noise

Patches = tuple[Tensor, Tensor]
Side = tuple[int, int]


def _round(mask: Tensor, pool: Tensor, count: int, side: Side, generator: torch.Generator | None) -> Patches:
    y, x = pool[torch.randint(len(pool), (count,), generator=generator)].T
    sides = torch.randint(side[0], side[1] + 1, (count,), generator=generator)
    x0, y0 = x - sides // 2, y - sides // 2
    return torch.stack((x0, y0, x0 + sides, y0 + sides), dim=1), mask[y, x]


def centres_on_void(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    return _round(mask, torch.nonzero(mask != 0), count, side, generator)


def centres_on_background(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    return _round(mask, torch.nonzero(mask != 255), count, side, generator)


def x_and_y_exchanged(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    boxes, labels = centre_patches(mask, count, side, generator)
    return boxes[:, [1, 0, 3, 2]], labels


def largest_side_never(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    return centre_patches(mask, count, (side[0], max(side[0], side[1] - 1)), generator)


def own_random_numbers(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    return _round(mask, torch.nonzero((mask != 0) & (mask != 255)), count, side, None)


def each_class_alike(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    present = [c for c in mask.unique().tolist() if c not in (0, 255)]
    parts = []
    for k in range(count):
        pool = torch.nonzero(mask == present[k % len(present)])
        parts.append(_round(mask, pool, 1, side, generator))
    return torch.cat([box for box, _ in parts]), torch.cat([label for _, label in parts])


def label_of_most_pixels(mask: Tensor, count: int, side: Side, generator: torch.Generator) -> Patches:
    boxes, _ = centre_patches(mask, count, side, generator)
    labels = []
    for x0, y0, x1, y1 in boxes.clamp(min=0).tolist():
        inside = mask[y0:y1, x0:x1]
        labels.append(inside[inside != 255].mode().values)
    return boxes, torch.stack(labels)


def void_counts(mask: Tensor, boxes: Tensor) -> float:
    return float(label_noise(torch.where(mask == 255, 77, mask), boxes))


def mean_over_pixels(mask: Tensor, boxes: Tensor) -> float:
    noise = torch.stack([label_noise(mask, box[None]) for box in boxes])
    pixels = []
    for x0, y0, x1, y1 in boxes.clamp(min=0).tolist():
        pixels.append((mask[y0:y1, x0:x1] != 255).sum())
    weights = torch.stack(pixels)
    return float((noise * weights).sum() / weights.sum())


def purity(mask: Tensor, boxes: Tensor) -> float:
    return 1 - float(label_noise(mask, boxes))


def negative_places_wrap(mask: Tensor, boxes: Tensor) -> float:
    """What Python makes of mask[-2:4]: an empty slice, and the mean of nothing."""
    shares = []
    for x0, y0, x1, y1 in boxes.tolist():
        inside = mask[y0:y1, x0:x1]
        centre = mask[(y0 + y1) // 2, (x0 + x1) // 2]
        shares.append((inside[inside != 255] != centre).float().mean())
    return float(torch.stack(shares).mean())


def chances_add_up(shares: Tensor, patches: int) -> float:
    return float((shares * patches).clamp(max=1).sum())


def all_patches(shares: Tensor, patches: int) -> float:
    return float((shares**patches).sum())


def every_class(shares: Tensor, patches: int) -> int:
    return int((shares > 0).sum())


def missing_classes(shares: Tensor, patches: int) -> float:
    return float(((1 - shares) ** patches).sum())


MUTANTS = {
    "02.centre_patches": [
        (centres_on_void, "lies on void"),
        (centres_on_background, "stands on background"),
        (x_and_y_exchanged, "x and y are exchanged"),
        (largest_side_never, "upper bound of torch.randint"),
        (own_random_numbers, "generator that is handed over"),
        (each_class_alike, "by its area"),
        (label_of_most_pixels, "class of the centre pixel"),
    ],
    "02.label_noise": [
        (void_counts, "Void pixels"),
        (mean_over_pixels, "Each patch counts alike"),
        (purity, "asked for is the share that has not"),
        (negative_places_wrap, ""),
    ],
    "02.expected_classes": [
        (chances_add_up, "do not add up"),
        (all_patches, "one patch is enough"),
        (every_class, "missed now and then"),
        (missing_classes, "missing classes"),
    ],
}
