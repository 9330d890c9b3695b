"""Painted pixels as the lengths of runs, along rows or down columns, as numbers or as COCO's text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray


def unroll(counts: Iterable[float], shape: tuple[int, int], order: Literal["C", "F"]) -> NDArray[np.bool_]:
    """Return painted pixels from the lengths of runs, the first of which is not painted.

    Args:
        counts: lengths of the runs.
        shape: height and width.
        order: ``C`` counts along rows, as CVAT does; ``F`` down columns, as COCO does.

    Raises:
        ValueError: lengths are no whole numbers from 0 on, or do not add up to the pixels of the shape.

    Example:
        >>> unroll([1, 2, 3], (2, 3), "C").astype(int).tolist()
        [[0, 1, 1], [0, 0, 0]]
    """
    runs = np.asarray(list(counts))
    if runs.dtype.kind not in "iu" or (runs < 0).any():
        raise ValueError("its run lengths are not whole numbers from 0 on")
    if runs.sum() != shape[0] * shape[1]:
        raise ValueError(f"its run lengths add up to {runs.sum()} pixels, not {shape[1]} x {shape[0]}")
    flat: NDArray[np.bool_] = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(shape, order=order)


def coco_counts(text: str) -> list[int]:
    """Return the lengths of runs in COCO's compressed text.

    Each character holds five bits, lowest first, and whether more follow; from the fourth number on it is the
    difference from the length two before. Source: ``rleFrString`` in https://github.com/cocodataset/cocoapi,
    ``common/maskApi.c``.

    Raises:
        ValueError: the text ends too early or holds a sign that does not occur there.
    """
    counts: list[int] = []
    value = shift = 0
    for sign in text:
        bits = ord(sign) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"its run lengths hold the sign {sign!a}")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("its run lengths end too early")
    return counts
