"""Random pixels, and the border from which none is drawn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmtutorial.networks.hypercolumns import random_points
from mmtutorial.randomness import seeded


def drawn(height: int, width: int, border: float, count: int = 4000) -> tuple[Tensor, Tensor]:
    """Rows and columns of the pixels that were drawn."""
    pixels = torch.arange(height * width).view(1, 1, height, width)
    _, values = random_points(pixels, count, seeded(0), border)
    return values.flatten() // width, values.flatten() % width


def test_the_paper_s_rows_and_columns() -> None:
    for places in drawn(512, 512, 96 / 512):
        assert (int(places.min()), int(places.max())) == (96, 415)
        assert len(places.unique()) == 320


def test_each_side_has_its_own_border() -> None:
    rows, columns = drawn(20, 40, 0.25)
    assert (rows.unique().tolist(), columns.unique().tolist()) == (list(range(5, 15)), list(range(10, 30)))


def test_without_a_border_the_draws_are_those_of_earlier_versions() -> None:
    generator = seeded(3)
    x, y = (torch.randint(size, (2, 50), generator=generator) for size in (7, 5))
    pixels = torch.arange(35).view(1, 1, 5, 7).expand(2, -1, -1, -1)
    assert torch.equal(random_points(pixels, 50, seeded(3))[1][:, 0, 0], y * 7 + x)


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_a_tiny_image_keeps_a_pixel(side: int) -> None:
    for places in drawn(side, side, 0.49, 20):
        assert len(places.unique()) >= 1
        assert 0 <= int(places.min()) <= int(places.max()) < side


def test_places_are_those_of_the_pixels() -> None:
    places, values = random_points(torch.arange(200).view(1, 1, 10, 20), 30, seeded(1), 0.2)
    x, y = ((places[0] + 1) * torch.tensor([20, 10]) - 1).div(2).round().long().unbind(1)
    assert (y * 20 + x).tolist() == values.flatten().tolist()
