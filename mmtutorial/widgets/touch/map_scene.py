"""The t-SNE explorer as plain data for the front end: two maps, and whom each patch lies next to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.plots.style import ClassStyle

NEIGHBOURS = 5


def nearest(
    places: NDArray[Any], count: int = NEIGHBOURS, *, groups: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the nearest others ``(P, count)`` of each of P places ``(P, D)``, the nearest first.

    Args:
        places: In a map or in an embedding.
        count: How many; fewer where there are fewer.
        groups: ``(P,)``; where given, neighbours are of another group.

    Example:
        >>> nearest(np.array([[0.0], [1.0], [3.0]]), 1).tolist()
        [[1], [0], [1]]
    """
    places = np.asarray(places, dtype=np.float64)
    square = (places**2).sum(axis=1)[:, None] + (places**2).sum(axis=1)[None] - 2 * places @ places.T
    np.fill_diagonal(square, np.inf)
    if groups is not None:
        square[groups[:, None] == groups[None]] = np.inf
    found: NDArray[np.int64] = np.argsort(square, axis=1, kind="stable")[:, : min(count, len(places) - 1)]
    return found


def same_class(labels: NDArray[np.int64], neighbours: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of its neighbours have the class of each patch, ``(P,)``."""
    counted: NDArray[np.int64] = (labels[neighbours] == labels[:, None]).sum(axis=1)
    return counted


def plain_looks(looks: Sequence[ClassStyle]) -> list[dict[str, str]]:
    """Return name, colour and marker of each look."""
    return [{"name": look.name, "color": look.color, "marker": look.marker} for look in looks]


def rounded(places: NDArray[Any]) -> list[list[float]]:
    """Return places ``(P, 2)`` with as many digits as a screen has pixels."""
    return [[round(float(x), 4), round(float(y), 4)] for x, y in places]
