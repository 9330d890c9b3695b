"""A photo with the outlines of its mask: the object keeps its colour, and its class is seen at its edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.plots import style


def outlined(
    image: NDArray[Any], mask: NDArray[Any], styles: Sequence[style.ClassStyle], *, width: int = 2
) -> NDArray[np.uint8]:
    """Draw the edge of every region that is not background in the colour of its class, with a white line around it.

    Args:
        image: ``(H, W, 3)`` uint8.
        mask: ``(H, W)`` class ids; 255, void, is edged in grey.
        styles: the looks of the classes.
        width: pixels of the coloured line, which lies inside the region.

    Returns:
        ``(H, W, 3)`` uint8, a new array. Away from edges it is the photo.
    """
    drawn = np.array(image, dtype=np.uint8)
    inner = np.zeros(mask.shape, dtype=bool)
    ground = np.isin(mask, [label for label, look in enumerate(styles) if look.background])
    for label in np.unique(mask[~ground]):
        region = mask == label
        inner |= region & ~_shrunk(region, width)
    halo = _grown(inner, 1) & ~inner & ground
    drawn[halo] = 255
    drawn[inner] = style.paint(mask, styles)[inner]
    return drawn


def _shrunk(region: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """A region without a rim of so many pixels. The edge of the picture is no rim: the object goes on there."""
    return ~_grown(~region, steps)


def _grown(region: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """A region with its neighbours up to so many steps to the left, right, above and below."""
    for _ in range(steps):
        wider = region.copy()
        wider[1:] |= region[:-1]
        wider[:-1] |= region[1:]
        wider[:, 1:] |= region[:, :-1]
        wider[:, :-1] |= region[:, 1:]
        region = wider
    return region
