"""Exercises of notebook 00: start here."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import torch
from torch import Tensor

from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import Case, Exercise, compare_numbers, compare_tensors, mistaken

Rows = Sequence[dict[str, object]]


# ---------------------------------------------------------------- 00.extra_steps
def _extra_steps(tuning_steps: int, tuning_pixels: int, pixels: int, mistake: str = "") -> float:
    """Steps of fine-tuning that cost as much as tuning; optionally with one mistake."""
    ratio = pixels / tuning_pixels if mistake == "upside down" else tuning_pixels / pixels
    if mistake == "steps alone":
        ratio = 1.0
    if "below one" not in mistake:
        ratio = max(1.0, ratio)
    if mistake == "whole ratio":
        ratio = math.ceil(ratio)
    cost = tuning_steps * ratio
    if mistake.endswith("rounded down"):
        return math.floor(cost)
    return cost if mistake.endswith("not whole") else math.ceil(cost)


_NO_FEWER = "A tuning step that sees fewer pixels is a step all the same: the control gets no fewer."
_STEP_HINTS = {
    "steps alone": "A tuning step may see more pixels than a step of fine-tuning; then the control gets more steps.",
    "upside down": "The ratio is the wrong way round: more pixels in a tuning step are more steps for the control.",
    "rounded down": "Round up, neither down nor to the nearest: in doubt the control gets the larger budget.",
    "whole ratio": "Round once, at the end: rounding the ratio gives away many steps.",
    "not whole": "There are no parts of steps: round up to a whole number.",
    "below one": _NO_FEWER,
    "below one, not whole": f"{_NO_FEWER} And there are no parts of steps.",
    "below one, rounded down": _NO_FEWER,
}


def _check_extra_steps(ask: Ask) -> None:
    given = [
        (150, 4 * 5 * 32**2, 4 * 96**2),
        (400, 8 * 5 * 32**2, 4 * 96**2),
        (500, 8 * 5 * 32**2, 4 * 96**2),
        (700, 16 * 9 * 32**2, 4 * 96**2),
        (77, 1000, 3000),
        (200, 2000, 2000),
        (1, 1001, 1000),
        (0, 4096, 1024),
    ]
    for generator in ask.drawn(12):
        steps, patches, crops = torch.randint(10, 900, (3,), generator=generator).tolist()
        given.append((steps, 977 * patches, 131 * crops))
    cases: list[Case] = [
        (f"{steps} tuning steps of {tuning:,} pixels, fine-tuning steps of {pixels:,}", (steps, tuning, pixels))
        for steps, tuning, pixels in given
    ]
    mistakes = mistaken(_extra_steps, _STEP_HINTS)
    compare_numbers(ask, cases, _extra_steps, mistakes, tolerance=1e-9)


# ---------------------------------------------------------------- 00.gains
def _gains(rows: Rows, a: str, b: str, mistake: str = "") -> Tensor:
    """Differences in ascending order of the seed; optionally with one mistake."""
    first, second = ({row["seed"]: float(str(row["miou"])) for row in rows if row["arm"] == arm} for arm in (a, b))
    if mistake == "as listed":
        return torch.tensor([x - y for x, y in zip(first.values(), second.values(), strict=False)])
    if mistake == "means":
        return torch.tensor(sum(first.values()) / len(first) - sum(second.values()) / len(second))
    if mistake == "all pairs":
        return torch.tensor([x - y for x in first.values() for y in second.values()])
    shared: list[object] = [seed for seed in first if seed in second]
    if mistake == "missing is 0":
        shared = list({**first, **second})
    if mistake != "unordered":
        shared.sort(key=lambda seed: int(str(seed)))
    differences = [first.get(seed, 0.0) - second.get(seed, 0.0) for seed in shared]
    if mistake == "mean":
        return torch.tensor(sum(differences) / len(differences))
    return torch.tensor([-value for value in differences] if mistake == "wrong way" else differences)


_GAIN_HINTS = {
    "as listed": "Two rows that stand at the same place of the list need not have the same seed. Look the seed up.",
    "means": "This is the difference of two means; asked for is one difference for each seed.",
    "mean": "These are the right differences, averaged; asked for is one for each seed.",
    "all pairs": "Only two runs with the same seed are a pair.",
    "missing is 0": "A seed that one of the arms has not run gives no difference; leave it out.",
    "unordered": "The differences are right; put them in ascending order of their seeds.",
    "wrong way": "The sign is the wrong way round: positive shall mean that a is ahead of b.",
}


def _table(seed: int) -> list[dict[str, object]]:
    """Results of three arms in random order; each arm has run most of seven seeds."""
    dice = random.Random(seed)
    rows: list[dict[str, object]] = [
        {"arm": arm, "seed": number, "miou": round(dice.uniform(5, 50), 1)}
        for arm in ("random", "random+more", "random+graph")
        for number in sorted(dice.sample(range(7), 5))
    ]
    dice.shuffle(rows)
    return rows


def _check_gains(ask: Ask) -> None:
    cases: list[Case] = [
        (f"a table with {len(_table(seed))} rows, seed {seed}", (_table(seed), "random+graph", "random"))
        for seed in map(ask.seed, range(12))
    ]
    one = [{"arm": "random", "seed": 3, "miou": 10.0}, {"arm": "jigsaw", "seed": 3, "miou": 12.5}]
    cases += [
        ("one seed", (one, "jigsaw", "random")),
        ("an arm and itself", (_table(0), "random", "random")),
        ("no seed in common", ([one[0], {**one[1], "seed": 4}], "jigsaw", "random")),
    ]
    mistakes = mistaken(_gains, _GAIN_HINTS)
    compare_tensors(ask, cases, _gains, mistakes)


EXERCISES = (
    Exercise(
        "00.extra_steps",
        ("tuning_steps", "tuning_pixels", "pixels"),
        _check_extra_steps,
    ),
    Exercise("00.gains", ("rows", "a", "b"), _check_gains),
)
