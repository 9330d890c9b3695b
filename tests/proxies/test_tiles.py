from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.proxies.tiles import (
    TILES,
    board,
    cut_tiles,
    grey_some,
    normalise,
    put_back,
    shift_channels,
    shuffle,
    tile_corners,
    tile_side,
)
from mmtutorial.randomness import seeded

CROPS = st.integers(18, 130)
SEEDS = st.integers(0, 2**31)


def distance_to_cells(corners: Tensor, crop: int) -> Tensor:
    """(..., 9, [channels,] 2, 2): pixels that the tile leaves free before and behind it in its cell."""
    cell, side = crop // 3, tile_side(crop)
    origin = torch.tensor([[cell * (i // 3), cell * (i % 3)] for i in range(TILES)])
    if corners.ndim == 4:
        origin = origin[:, None]
    before = corners - origin
    return torch.stack((before, cell - side - before), dim=-1)


@given(crop=CROPS, seed=SEEDS)
def test_tiles_of_neighbouring_cells_never_touch(crop: int, seed: int) -> None:
    corners = tile_corners(5, crop, seeded(seed))
    free = distance_to_cells(corners, crop)
    assert corners.shape == (5, TILES, 2)
    assert bool((free >= 1).all())
    # So between the last pixel of one and the first of the next lie two at least.
    side = tile_side(crop)
    across = corners[:, 1, 1] - (corners[:, 0, 1] + side)
    down = corners[:, 3, 0] - (corners[:, 0, 0] + side)
    assert int(torch.cat((across, down)).min()) >= 2
    assert bool((free.sum(dim=-1) + side == crop // 3).all())


@given(crop=CROPS, seed=SEEDS)
def test_shifted_channels_stay_in_the_cell(crop: int, seed: int) -> None:
    corners = tile_corners(5, crop, seeded(seed))
    shifted = shift_channels(corners, crop, seeded(seed + 1))
    assert shifted.shape == (5, TILES, 3, 2)
    assert bool((distance_to_cells(shifted, crop) >= 1).all())
    assert int((shifted - corners[:, :, None]).abs().max()) <= max(1, round(2 * tile_side(crop) / 64))


def test_every_place_in_the_cell_occurs() -> None:
    corners = tile_corners(400, 96, seeded(0))
    assert tile_side(96) == 24
    assert set((corners[:, 4] - 32).flatten().tolist()) == {1, 2, 3, 4, 5, 6, 7}
    shift = shift_channels(corners, 96, seeded(1)) - corners[:, :, None]
    assert set(shift.flatten().tolist()) == {-1, 0, 1}
    # Channels move by themselves, down as well as across.
    assert not torch.equal(shift[:, :, 0], shift[:, :, 1])
    assert not torch.equal(shift[..., 0], shift[..., 1])


def test_the_original_sizes() -> None:
    assert tile_side(255) == 64


@pytest.mark.parametrize("crop", [0, 2, 9, 17])
def test_a_crop_too_small_is_refused(crop: int) -> None:
    with pytest.raises(InputError, match="give 18 or more"):
        tile_side(crop)


@given(seed=SEEDS, per_channel=st.booleans())
def test_cutting_agrees_with_a_loop(seed: int, per_channel: bool) -> None:
    images = torch.randint(256, (2, 3, 20, 23), generator=seeded(seed), dtype=torch.uint8)
    shape = (2, 4, 3, 2) if per_channel else (2, 4, 2)
    corners = torch.randint(20 - 7 + 1, shape, generator=seeded(seed + 1))
    found = cut_tiles(images, corners, 7)
    assert found.shape == (2, 4, 3, 7, 7)
    for n in range(2):
        for t in range(4):
            for c in range(3):
                top, left = corners[n, t, c] if per_channel else corners[n, t]
                assert torch.equal(found[n, t, c], images[n, c, top : top + 7, left : left + 7])


@given(seed=SEEDS, level=st.floats(0, 0.5), contrast=st.floats(0.01, 0.5))
def test_each_channel_of_each_tile_is_normalised(seed: int, level: float, contrast: float) -> None:
    noise = torch.rand(2, TILES, 3, 8, 8, generator=seeded(seed))
    found = normalise(level + contrast * noise)
    torch.testing.assert_close(found.mean(dim=(-2, -1)), torch.zeros(2, TILES, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(found.std(dim=(-2, -1), correction=0), torch.ones(2, TILES, 3), atol=1e-3, rtol=0)
    # Brightness and contrast of a tile leave no trace.
    torch.testing.assert_close(found, normalise(noise), atol=1e-3, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.1, 0.7, 1.0])
def test_an_even_tile_becomes_zero(level: float) -> None:
    assert not bool(normalise(torch.full((1, 1, 3, 24, 24), level)).any())


def test_some_images_become_grey() -> None:
    images = torch.rand(400, 3, 2, 2, generator=seeded(0))
    found = grey_some(images, 0.3, seeded(1))
    grey = (found[:, 0] == found[:, 1]).flatten(1).all(dim=1)
    assert 0.2 < float(grey.float().mean()) < 0.4
    assert torch.equal(found[~grey], images[~grey])
    torch.testing.assert_close(found[grey][:, 2], images[grey].mean(dim=1))
    assert torch.equal(grey_some(images, 0.0, seeded(1)), images)


@given(seed=SEEDS)
def test_putting_back_undoes_the_shuffle(seed: int) -> None:
    tiles = torch.rand(4, TILES, 3, 5, 5, generator=seeded(seed))
    orders = torch.rand(4, TILES, generator=seeded(seed + 1)).argsort(dim=1)
    shown = shuffle(tiles, orders)
    for n in range(4):
        for place in range(TILES):
            assert torch.equal(shown[n, place], tiles[n, orders[n, place]])
    assert torch.equal(put_back(shown, orders), tiles)


def test_the_board_shows_each_tile_in_its_cell_with_white_between() -> None:
    tiles = torch.arange(TILES, dtype=torch.uint8).view(1, TILES, 1, 1, 1).expand(2, -1, 3, 24, 24)
    picture = board(tiles, 98)
    assert picture.shape == (2, 3, 98, 98)
    assert picture.dtype == torch.uint8
    for place in range(TILES):
        row, column = 32 * (place // 3), 32 * (place % 3)
        cell = picture[:, :, row : row + 32, column : column + 32]
        assert bool((cell[:, :, 4:28, 4:28] == place).all())
        assert int((cell == 255).sum()) == 2 * 3 * (32**2 - 24**2)
    assert bool((board(tiles.float(), 98)[:, :, 96:] == 1).all())
