"""Exercises of notebook 02: patches."""

from __future__ import annotations

from collections import Counter

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import (
    Case,
    Exercise,
    Misconception,
    compare_numbers,
    evenly,
    mistaken,
    require_repeatable,
)
from mmtutorial.datasets.classes import VOID

_BACKGROUND = 0


def _mask(generator: torch.Generator, height: int = 24, width: int = 36) -> Tensor:
    """A mask of background, a large and a small object and a void border, wider than high."""
    mask = torch.zeros((height, width), dtype=torch.long)
    for label, size in ((1, 12), (2, 5), (4, 3)):
        y = int(torch.randint(height - size, (1,), generator=generator))
        x = int(torch.randint(width - size, (1,), generator=generator))
        mask[y : y + size, x : x + size] = label
    mask[:3] = mask[:, -2:] = VOID
    return mask


# ---------------------------------------------------------------- 02.centre_patches
def _centre_patches(ask: Ask) -> None:
    only = torch.full((10, 14), VOID)
    only[2, 9], only[4:6, 1:3] = 3, _BACKGROUND
    batches = [(f"mask 24 x 36, seed {seed}", _mask(ask.seeded(seed)), (4, 9)) for seed in range(10)]
    batches += [("a single object pixel at y = 2, x = 9", only, (2, 5)), ("one size", _mask(ask.seeded(3)), (6, 6))]
    sides: Counter[int] = Counter()
    for tried, mask, side in batches:
        with ask.case():
            boxes, labels = _patches(ask, tried, mask, 20, side, 7)
            exchanged = _fit_exchanged(mask, boxes, labels)
            for box, label in zip(boxes.tolist(), labels.tolist(), strict=True):
                _one_patch(ask, mask, box, label, side, exchanged)
                sides[box[2] - box[0]] += side == (4, 9)
    with ask.case():
        ask.require(
            all(sides[length] for length in range(4, 10)),
            f"sides that occurred: {sorted(length for length in sides if sides[length])}",
            "every whole number from 4 to 9",
            "Both ends of the range occur. Is the upper bound of torch.randint included?",
        )
    with ask.case(weight=3):
        _uniform_over_pixels(ask)
    again = _mask(ask.seeded(1))
    require_repeatable(ask, lambda: _patches(ask, "seed 5, twice", again, 9, (4, 9), 5)[0])


def _patches(ask: Ask, tried: str, mask: Tensor, count: int, side: tuple[int, int], seed: int) -> tuple[Tensor, Tensor]:
    answer = ask(tried, mask, count, side, ask.seeded(seed))
    try:
        boxes, labels = (ask.as_whole(part) for part in answer)
    except (TypeError, ValueError):
        raise ask.wrong(
            answer, "boxes and labels", "Return two tensors: boxes (count, 4) and labels (count,)."
        ) from None
    shapes = f"shapes {tuple(boxes.shape)} and {tuple(labels.shape)}"
    ask.require(boxes.shape == (count, 4) and labels.shape == (count,), shapes, f"shapes {(count, 4)} and {(count,)}")
    return boxes, labels


def _fit_exchanged(mask: Tensor, boxes: Tensor, labels: Tensor) -> bool:
    """Whether all labels would be right with x and y exchanged."""
    y, x = ((boxes[:, :2] + boxes[:, 2:]) // 2).T
    inside = bool(((x >= 0) & (x < mask.shape[1]) & (y >= 0) & (y < mask.shape[0])).all())
    return inside and torch.equal(mask[y, x], labels)


def _one_patch(ask: Ask, mask: Tensor, box: list[int], label: int, side: tuple[int, int], exchanged: bool) -> None:
    x0, y0, x1, y1 = box
    length = x1 - x0
    ask.require(
        length == y1 - y0 and side[0] <= length <= side[1],
        f"box {box}: {length} wide, {y1 - y0} high",
        f"a square with a side of {side[0]} to {side[1]} pixels",
        "One side is drawn for each patch. Patches that reach over the edge are not cut.",
    )
    x, y = x0 + length // 2, y0 + length // 2
    inside = 0 <= x < mask.shape[1] and 0 <= y < mask.shape[0]
    at_centre = int(mask[y, x]) if inside else None
    where = f"box {box}, centre x = {x}, y = {y}, label {label}; the mask has {at_centre} there"
    hint = ""
    if exchanged and at_centre != label:
        hint = "x and y are exchanged: a box is x0, y0, x1, y1, a mask is indexed [y, x]."
    elif at_centre == VOID:
        hint = "The centre lies on void (255): nobody knows the class there, so it cannot be a label."
    elif at_centre == _BACKGROUND:
        hint = "These patches are to stand on objects; this one stands on background."
    elif at_centre != label:
        hint = (
            "The label is the class of the centre pixel, at x0 + side // 2 and y0 + side // 2; not that of most pixels."
        )
    right = inside and at_centre == label and label not in (VOID, _BACKGROUND)
    ask.require(right, where, "a centre on an object pixel, and its class as label", hint)


def _uniform_over_pixels(ask: Ask) -> None:
    """Within the mask a class comes up by its area."""
    mask = torch.zeros((20, 30), dtype=torch.long)
    mask[2:18, 3:13], mask[5:9, 20:25] = 1, 2
    _, labels = _patches(ask, "a mask with 160 pixels of class 1 and 20 of class 2", mask, 1800, (4, 9), 0)
    counts = [int((labels == label).sum()) for label in (1, 2)]
    ask.require(
        evenly(counts, [1600, 200]),
        f"{counts[0]} and {counts[1]} patches of class 1 and 2",
        "about 1600 and 200",
        "Every object pixel has the same chance to be a centre; so a class comes up by its area, not each alike.",
    )


# ---------------------------------------------------------------- 02.label_noise
def _noise(mask: Tensor, boxes: Tensor, mistake: str = "") -> float:
    """Mean share of a patch's labelled pixels that have another class than its centre, pixel by pixel."""
    height, width = mask.shape
    shares, strange, counted = [], 0, 0
    for x0, y0, x1, y1 in boxes.tolist():
        corner = mistake == "corner"
        y, x = (max(y0, 0), max(x0, 0)) if corner else (y0 + (y1 - y0) // 2, x0 + (x1 - x0) // 2)
        centre = int(mask[y, x])
        pixels = [(y, x) for y in range(y0, y1) for x in range(x0, x1)]
        inside = [int(mask[y, x]) for y, x in pixels if 0 <= y < height and 0 <= x < width]
        seen = inside if mistake == "void" else [label for label in inside if label != VOID]
        others = sum(label != centre for label in seen)
        if mistake == "outside":
            others, n = others + len(pixels) - len(inside), len(seen) + len(pixels) - len(inside)
        else:
            n = len(seen)
        shares.append(others / n)
        strange, counted = strange + others, counted + n
    if mistake == "pooled":
        return strange / counted
    mean = sum(shares) / len(shares)
    return 1 - mean if mistake == "purity" else mean


_NOISE_HINTS = {
    "void": "Void pixels (255) are not labelled: they count neither as right nor as wrong.",
    "outside": "Only pixels inside the image count; this box reaches over its edge.",
    "pooled": "Each patch counts alike: first the share of each patch, then the mean over the patches.",
    "purity": "This is the share that has the label of the centre; asked for is the share that has not.",
    "corner": "The label is that of the centre pixel, not of the corner of the box.",
}


def _label_noise(ask: Ask) -> None:
    cases: list[Case] = []
    for seed in range(12):
        mask, generator = _mask(ask.seeded(seed)), ask.seeded(seed)
        labelled = torch.nonzero(mask != VOID)
        centres = labelled[torch.randint(len(labelled), (6,), generator=generator)]
        sides = torch.randint(4, 13, (6,), generator=generator)
        x0, y0 = centres[:, 1] - sides // 2, centres[:, 0] - sides // 2
        boxes = torch.stack((x0, y0, x0 + sides, y0 + sides), dim=1)
        cases.append((f"mask 24 x 36, 6 boxes, seed {seed}", (mask, boxes)))
    plain = torch.ones((8, 8), dtype=torch.long)
    cases += [
        ("a mask of one class", (plain, torch.tensor([[1, 1, 5, 5], [-2, -2, 4, 4]]))),
        ("a patch of one pixel", (_mask(ask.seeded(0)), torch.tensor([[5, 10, 6, 11]]))),
    ]
    mistakes = mistaken(_noise, _NOISE_HINTS)
    compare_numbers(ask, cases, _noise, mistakes)


# ---------------------------------------------------------------- 02.expected_classes
def _classes(shares: Tensor, patches: int) -> float:
    """Expected number of classes, as the sum of each class's chance not to be missed by every patch."""
    expected = 0.0
    for share in shares.tolist():
        missed = 1.0
        for _ in range(patches):
            missed *= 1 - share
        expected += 1 - missed
    return expected


_CLASSES_MISTAKES = (
    Misconception(
        "This is the chance that all patches have the class; one patch is enough.",
        lambda s, n: float((s.double() ** n).sum()),
    ),
    Misconception(
        "Chances of several patches do not add up: two patches of one class are one class.",
        lambda s, n: float((s.double() * n).clamp(max=1).sum()),
    ),
    Misconception("This is the number of patches.", lambda s, n: float(n)),
    Misconception(
        "This is the number of classes there are; a rare one is missed now and then.", lambda s, n: float((s > 0).sum())
    ),
    Misconception("This is the expected number of missing classes.", lambda s, n: float(((1 - s.double()) ** n).sum())),
)


def _expected_classes(ask: Ask) -> None:
    # In this first case every mistake has an answer of its own.
    telling = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
    cases: list[Case] = [("shares 0.5, 0.3, 0.15, 0.05, 3 patches", (telling, 3))]
    for seed in range(12):
        shares = torch.rand(2 + seed % 7, generator=ask.seeded(seed), dtype=torch.float64)
        shares /= shares.sum()
        for patches in (3, 10, 80):
            cases.append((f"shares {[round(s, 3) for s in shares.tolist()]}, {patches} patches", (shares, patches)))
    cases += [
        ("one class", (torch.tensor([1.0]), 5)),
        ("a class that never occurs", (torch.tensor([0.5, 0.5, 0.0]), 4)),
        ("one patch", (torch.tensor([0.2, 0.3, 0.5]), 1)),
        ("no patch", (torch.tensor([0.2, 0.8]), 0)),
    ]
    compare_numbers(ask, cases, _classes, _CLASSES_MISTAKES)


EXERCISES = (
    Exercise(
        "02.centre_patches",
        ("mask", "count", "side", "generator"),
        _centre_patches,
    ),
    Exercise(
        "02.label_noise",
        ("mask", "boxes"),
        _label_noise,
    ),
    Exercise(
        "02.expected_classes",
        ("shares", "patches"),
        _expected_classes,
    ),
)
