"""Intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats


def interval95(values: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    """95 % confidence interval of the mean (Student's t); (None, None) for fewer than two values.

    With a handful of seeds a bootstrap is too narrow; t with n - 1 degrees of freedom is honest about it.
    """
    if len(values) < 2:
        return None, None
    half = stats.t.ppf(0.975, len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    mean = float(np.mean(values))
    return mean - half, mean + half


def paired_difference(a: Sequence[float], b: Sequence[float]) -> tuple[float, list[float | None]]:
    """Mean of a - b, value by value, and its 95 % interval."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return float(np.mean(differences)), list(interval95(differences))
