"""Intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

Bounds = tuple[float, float] | None
"""An interval, or None where there is none."""


def interval95(values: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    """95 % confidence interval of the mean (Student's t); (None, None) for fewer than two values.

    With a handful of seeds a bootstrap is too narrow; t with n - 1 degrees of freedom is honest about it.
    """
    if len(values) < 2:
        return None, None
    half = float(stats.t.ppf(0.975, len(values) - 1)) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    mean = float(np.mean(values))
    return mean - half, mean + half


def paired_difference(a: Sequence[float], b: Sequence[float]) -> tuple[float, list[float | None]]:
    """Mean of a - b, value by value, and its 95 % interval."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return float(np.mean(differences)), list(interval95(differences))


def bounds(ends: Sequence[float | None]) -> Bounds:
    """An interval from its two ends; None where there is none, as for one seed.

    Raises:
        ValueError: one end lacks, or the ends are the wrong way round.
    """
    low, high = ends
    if low is None or high is None:
        if low is not high:
            raise ValueError(f"an interval has one end, {low if high is None else high}")
        return None
    if low > high:
        raise ValueError(f"an interval goes from {low} down to {high}")
    return low, high
