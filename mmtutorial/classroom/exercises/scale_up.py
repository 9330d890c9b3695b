"""Exercises of notebook 08: scale up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import Case, Exercise, Misconception, compare_numbers, compare_tensors, mistaken
from mmtutorial.datasets.classes import VOID

Colour = tuple[int, int, int]


# ---------------------------------------------------------------- 08.hours
def _hours(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    speed = rate  # the first GPU counts in full
    for _ in range(gpus - 1):
        speed += gain * rate
    return steps * images / speed / 3600


_HOURS_MISTAKES = (
    Misconception("A step has several images; the rate counts images.", lambda s, i, r, g, e: _hours(s, 1, r, g, e)),
    Misconception(
        "More GPUs are never as fast as their number: what does each further one add?",
        lambda s, i, r, g, e: _hours(s, i, r, g, 1.0),
    ),
    Misconception(
        "The first GPU waits for nobody: only the further ones lose something.",
        lambda s, i, r, g, e: s * i / (r * g * e) / 3600,
    ),
    Misconception(
        "Each further GPU adds the same share; the losses do not multiply.",
        lambda s, i, r, g, e: s * i / (r * g * e ** (g - 1)) / 3600,
    ),
    Misconception(
        "The images of a step are divided among the GPUs; they do not each take all of them.",
        lambda s, i, r, g, e: _hours(s, i, r, 1, e),
    ),
    Misconception("These are seconds.", lambda s, i, r, g, e: 3600 * _hours(s, i, r, g, e)),
    Misconception("These are minutes.", lambda s, i, r, g, e: 60 * _hours(s, i, r, g, e)),
)


def _examine_hours(ask: Ask) -> None:
    given = [
        (42_000, 16, 50.0, 4, 0.85),
        (8_000, 40, 12.5, 2, 0.7),
        (300, 4, 90.0, 3, 0.5),
        (100_000, 8, 200.0, 8, 0.9),
        (42_000, 16, 50.0, 1, 0.85),
        (1_000, 6, 3.0, 2, 0.0),
        (1_000, 6, 3.0, 4, 1.0),
    ]
    for generator in ask.drawn(10):
        steps, images, rate, gpus, gain = torch.randint(2, 90, (5,), generator=generator).tolist()
        given.append((100 * steps, images, rate / 4, 2 + gpus % 7, gain / 100))
    cases: list[Case] = [
        (
            f"{steps} steps of {images} images, {rate:g} a second, {gpus} GPUs, gain {gain}",
            (steps, images, rate, gpus, gain),
        )
        for steps, images, rate, gpus, gain in given
    ]
    compare_numbers(ask, cases, _hours, _HOURS_MISTAKES, tolerance=1e-6)


# ---------------------------------------------------------------- 08.memory
def _memory(weights: int, moments: int, activations: int, images: int, mistake: str = "") -> tuple[float, float]:
    copies = 1 + (mistake != "gradient") + (moments if mistake != "moments" else 0)
    size = {"numbers": 1, "bits": 32}.get(mistake, 4)
    shown = 1 if mistake == "one image" else images
    return float(size * copies * weights), float(size * activations * shown)


_MEMORY_HINTS = {
    "moments": "The optimiser keeps numbers of its own for every weight: one with momentum, two with Adam.",
    "gradient": "Every weight has a gradient, and it is as large as the weight.",
    "numbers": "These are numbers; each takes four bytes in single precision.",
    "bits": "These are bits; eight of them are a byte.",
    "one image": "Each image of the batch has activations of its own, kept until the backward pass.",
}


def _examine_memory(ask: Ask) -> None:
    given = [
        (160_000, 2, 900_000, 4),
        (62_000_000, 1, 9_000_000, 16),
        (138_000_000, 1, 160_000_000, 6),
        (15_000_000, 2, 40_000_000, 8),
        (1_000, 0, 500, 3),
        (1_000, 2, 500, 0),
    ]
    for generator in ask.drawn(10):
        weights, moments, activations, images = torch.randint(2, 900, (4,), generator=generator).tolist()
        given.append((1_000 * weights, 1 + moments % 3, 1_000 * activations, 2 + images % 30))
    cases: list[Case] = [
        (
            f"{weights:,} weights, {moments} moments, {activations:,} activations, {images} images",
            (weights, moments, activations, images),
        )
        for weights, moments, activations, images in given
    ]
    mistakes = mistaken(_memory, _MEMORY_HINTS)
    compare_tensors(ask, cases, lambda *a: torch.tensor(_memory(*a), dtype=torch.double), mistakes, tolerance=1e-6)


# ---------------------------------------------------------------- 08.palette_mask
def _masked(choose: Callable[[Colour, Sequence[Colour]], int]) -> Callable[[Tensor, Sequence[Colour]], Tensor]:
    """A function of an image that chooses an id for each pixel by itself."""

    def mask(image: Tensor, colours: Sequence[Colour]) -> Tensor:
        rows = [[choose((row[0], row[1], row[2]), colours) for row in line] for line in image.tolist()]
        return torch.tensor(rows, dtype=torch.long).reshape(image.shape[:2])

    return mask


def _first(match: Callable[[Colour, Colour], bool], other: int = VOID) -> Callable[[Colour, Sequence[Colour]], int]:
    """Chooses the first class that matches a pixel, or else ``other``."""
    return lambda pixel, colours: next((i for i, colour in enumerate(colours) if match(pixel, colour)), other)


def _same(pixel: Colour, colour: Colour) -> bool:
    return pixel == tuple(colour)


def _nearest(pixel: Colour, colours: Sequence[Colour]) -> int:
    return min(range(len(colours)), key=lambda i: sum((p - c) ** 2 for p, c in zip(pixel, colours[i], strict=True)))


_palette_mask = _masked(_first(_same))

_PALETTE_MISTAKES = (
    Misconception("A colour that is in no class has no class: it is void, 255, not the nearest.", _masked(_nearest)),
    Misconception("Unknown colours are void, 255; 0 is a class like the others.", _masked(_first(_same, other=0))),
    Misconception(
        "Two colours may share their red: all three channels decide.", _masked(_first(lambda p, c: p[0] == c[0]))
    ),
    Misconception(
        "Only blue decides here. Eight-bit numbers wrap at 256: convert before you multiply, or compare channels.",
        _masked(_first(lambda p, c: p[2] == c[2])),
    ),
    Misconception(
        "All three channels must agree, not any one of them.",
        _masked(_first(lambda p, c: any(x == y for x, y in zip(p, c, strict=True)))),
    ),
    Misconception("Different colours may have the same sum.", _masked(_first(lambda p, c: sum(p) == sum(c)))),
    Misconception(
        "Classes are counted from 0, in the order of the list.",
        lambda image, colours: torch.where((ids := _palette_mask(image, colours)) == VOID, VOID, ids + 1),
    ),
    Misconception("The answer is one id a pixel, without channels.", lambda image, colours: image),
)


def _examine_palette(ask: Ask) -> None:
    # The first four have pairs with the same red, the same blue and the same sum.
    table: list[Colour] = [(0, 0, 0), (200, 30, 40), (200, 40, 30), (90, 140, 40), (0, 255, 0), (12, 7, 250)]
    strays: list[Colour] = [(100, 15, 20), (200, 99, 40), (40, 30, 200), (255, 255, 255)]
    cases: list[Case] = []
    for seed in range(8):
        generator = ask.seeded(seed)
        colours = table[: 3 + seed % 4]
        pool = torch.tensor(colours + strays, dtype=torch.uint8)
        image = pool[torch.randint(len(pool), (4, 5 + seed), generator=generator)]
        cases.append((f"{len(colours)} classes and some other colours, seed {seed}", (image, colours)))
    black = torch.zeros((2, 3, 3), dtype=torch.uint8)
    cases += [
        ("one colour only, that of class 0", (black, table)),
        ("no colour of the list", (black + 77, table)),
        ("a single pixel", (torch.tensor([[[12, 7, 250]]], dtype=torch.uint8), table)),
    ]
    compare_tensors(ask, cases, _palette_mask, _PALETTE_MISTAKES)


EXERCISES = (
    Exercise(
        "08.hours",
        ("steps", "images", "rate", "gpus", "gain"),
        _examine_hours,
    ),
    Exercise(
        "08.memory",
        ("weights", "moments", "activations", "images"),
        _examine_memory,
    ),
    Exercise("08.palette_mask", ("image", "colours"), _examine_palette),
)
