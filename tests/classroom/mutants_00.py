"""Typical wrong answers to the exercises of notebook 00, and a piece of the hint each must get."""

from __future__ import annotations

import math
from typing import Any

Rows = list[dict[str, Any]]


def steps_alone(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return tuning_steps


def less_than_the_steps(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return math.ceil(tuning_steps * tuning_pixels / pixels)


def ratio_upside_down(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return math.ceil(tuning_steps * max(1.0, pixels / tuning_pixels))


def rounded_down(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return int(tuning_steps * max(1.0, tuning_pixels / pixels))


def whole_ratio(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return tuning_steps * max(1, -(-tuning_pixels // pixels))


def of(rows: Rows, arm: str) -> dict[int, float]:
    return {row["seed"]: row["miou"] for row in rows if row["arm"] == arm}


def as_listed(rows: Rows, a: str, b: str) -> list[float]:
    return [x - y for x, y in zip(of(rows, a).values(), of(rows, b).values(), strict=False)]


def difference_of_means(rows: Rows, a: str, b: str) -> float:
    first, second = of(rows, a), of(rows, b)
    return sum(first.values()) / len(first) - sum(second.values()) / len(second)


def mean_difference(rows: Rows, a: str, b: str) -> float:
    found = right(rows, a, b)
    return sum(found) / len(found)


def missing_as_nothing(rows: Rows, a: str, b: str) -> list[float]:
    first, second = of(rows, a), of(rows, b)
    return [first.get(seed, 0.0) - second.get(seed, 0.0) for seed in sorted({*first, *second})]


def in_any_order(rows: Rows, a: str, b: str) -> list[float]:
    first, second = of(rows, a), of(rows, b)
    return [first[seed] - second[seed] for seed in first if seed in second]


def wrong_way_round(rows: Rows, a: str, b: str) -> list[float]:
    return right(rows, b, a)


def right(rows: Rows, a: str, b: str) -> list[float]:
    first, second = of(rows, a), of(rows, b)
    return [first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())]


def nearest(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return round(tuning_steps * max(1, tuning_pixels / pixels))


def plain_ratio(tuning_steps: int, tuning_pixels: int, pixels: int) -> float:
    return tuning_steps * tuning_pixels / pixels


def nearest_of_plain_ratio(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    return round(tuning_steps * tuning_pixels / pixels)


def a_dictionary(rows: list[dict[str, Any]], a: str, b: str) -> dict[int, float]:
    found = {(row["arm"], row["seed"]): row["miou"] for row in rows}
    return {s: found[a, s] - found[b, s] for s in range(7) if (a, s) in found and (b, s) in found}


MUTANTS = {
    "00.extra_steps": [
        (nearest, "nor to the nearest"),
        (plain_ratio, "there are no parts of steps"),
        (nearest_of_plain_ratio, "gets no fewer"),
        (steps_alone, "may see more pixels"),
        (less_than_the_steps, "is a step all the same"),
        (ratio_upside_down, "wrong way round"),
        (rounded_down, "Round up"),
        (whole_ratio, "Round once"),
    ],
    "00.gains": [
        (a_dictionary, "This is a dictionary"),
        (as_listed, "Look the seed up"),
        (difference_of_means, "difference of two means"),
        (mean_difference, "averaged"),
        (missing_as_nothing, "leave it out"),
        (in_any_order, "ascending order"),
        (wrong_way_round, "positive shall mean"),
    ],
}
