from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mmtutorial.datasets import VOID, ClassTable
from mmtutorial.plots.outlines import outlined
from mmtutorial.plots.style import class_styles, rgb_of

CLASSES = ClassTable(("background", "cat", "dog"), ((0, 0, 0), (9, 9, 9), (7, 7, 7)))
STYLES = class_styles(CLASSES)


def slowly(image: NDArray[np.uint8], mask: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Pixel by pixel: coloured where another region is at most ``width`` steps away, white one step outside."""
    height, wide = mask.shape

    def near(y: int, x: int, steps: int) -> list[tuple[int, int]]:
        around = [(b, a) for b in range(height) for a in range(wide)]
        return [(b, a) for b, a in around if 0 < abs(b - y) + abs(a - x) <= steps]

    edge = {
        (y, x)
        for y in range(height)
        for x in range(wide)
        if mask[y, x] != 0 and any(mask[b, a] != mask[y, x] for b, a in near(y, x, width))
    }
    drawn = image.copy()
    for y in range(height):
        for x in range(wide):
            if (y, x) in edge:
                drawn[y, x] = rgb_of(STYLES[mask[y, x]].color) if mask[y, x] != VOID else (0xD6, 0xD6, 0xD6)
            elif mask[y, x] == 0 and any(place in edge for place in near(y, x, 1)):
                drawn[y, x] = 255
    return drawn


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("width", [1, 2])
def test_it_is_what_a_slow_reading_draws(seed: int, width: int) -> None:
    draws = np.random.default_rng(seed)
    image = draws.integers(0, 256, (11, 13, 3), dtype=np.uint8)
    mask = np.zeros((11, 13), dtype=np.uint8)
    for label in (1, 2, VOID, 1):
        y, x, height, wide = draws.integers(0, 9, 4)
        mask[y : y + height, x : x + wide] = label
    before = image.copy()
    assert np.array_equal(outlined(image, mask, STYLES, width=width), slowly(image, mask, width))
    assert np.array_equal(image, before)


def test_without_an_object_it_is_the_photo() -> None:
    image = np.full((4, 5, 3), 9, dtype=np.uint8)
    assert np.array_equal(outlined(image, np.zeros((4, 5), dtype=np.uint8), STYLES), image)
    assert np.array_equal(outlined(image, np.ones((4, 5), dtype=np.uint8), STYLES), image), "it goes on beyond the edge"
