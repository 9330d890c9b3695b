"""The run lengths in which Label Studio stores what was painted with its brush.

Source of the format: https://github.com/thi-ng/umbrella, package ``rle-pack``, which Label Studio uses: a string of
bits with the number of values, their width, four widths for lengths of runs, and then the runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class _Bits:
    """A string of bits, read from its beginning."""

    def __init__(self, data: Sequence[int]) -> None:
        try:
            self._bits = np.unpackbits(np.asarray(data, dtype=np.uint8))
        except (OverflowError, TypeError):
            raise ValueError("the painted region does not consist of bytes, 0 to 255") from None
        self._place = 0

    def number(self, bits: int) -> int:
        """Return the next whole number of so many bits, highest bit first."""
        found = self._bits[self._place : self._place + bits]
        if len(found) < bits:
            raise ValueError("the painted region ends too early")
        self._place += bits
        return int("".join(map(str, found.tolist())), 2)


def decode_brush(data: Sequence[int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels that were painted with Label Studio's brush.

    Args:
        data: bytes 0..255, as in ``rle``. They hold four channels a pixel; the last says whether it is painted.
        shape: height and width of the photo.

    Returns:
        ``(H, W)``.

    Raises:
        ValueError: the data end too early or do not fit the shape.
    """
    bits = _Bits(data)
    count = bits.number(32)
    height, wide = shape
    if count != 4 * height * wide:
        raise ValueError(f"{count} values cannot be reshaped to four for each of {wide} x {height} pixels")
    width = bits.number(5) + 1
    lengths = [bits.number(4) + 1 for _ in range(4)]
    values = np.zeros(count, dtype=np.uint32)
    place = 0
    while place < count:
        repeated = bits.number(1)
        end = place + 1 + bits.number(lengths[bits.number(2)])
        if end > count:
            raise ValueError("the painted region has more values than it says")
        if repeated:
            values[place:end] = bits.number(width)
        else:
            values[place:end] = [bits.number(width) for _ in range(end - place)]
        place = end
    painted: NDArray[np.bool_] = values.reshape(height, wide, 4)[:, :, 3] > 0
    return painted
