"""Cut images into tiles that show nothing but their content: the pieces of a jigsaw puzzle.

Pieces of a real puzzle fit because of their edges. Here that would be cheating, so tiles are cut with gaps, their
brightness and contrast are taken away and their colour channels are moved against one another.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.errors import InputError

GRID = 3
TILES = GRID * GRID

# 64 pixels somewhere in a cell of 85, as in train_val_cfn_jps.prototxt of MehdiNoroozi/JigsawPuzzleSolver.
_TILE_OF_CELL = 64 / 85
# Pixels at the border of a cell that no tile has. There the original has none, and two tiles may touch.
_RIM = 1
_LEAST_SIDE = 4
# What is left of the contrast of an even tile is rounding; to blow it up to 1 would make a pattern of it.
_LEAST_SPREAD = 1e-4


def tile_side(crop: int) -> int:
    """Side in pixels of the tiles of a crop, 64 / 85 of a cell: 24 for a crop of 96.

    Raises:
        InputError: the crop is too small to leave tiles with gaps between them.
    """
    cell = crop // GRID
    side = min(round(cell * _TILE_OF_CELL), cell - 2 * _RIM)
    if side < _LEAST_SIDE:
        least = GRID * (_LEAST_SIDE + 2 * _RIM)
        raise InputError(f"crop is {crop}, too small for {GRID} x {GRID} tiles; give {least} or more")
    return side


def tile_corners(images: int, crop: int, generator: torch.Generator) -> Tensor:
    """Where to cut: in each cell of the 3 x 3 grid a random place, never at the cell's border.

    Between two neighbours lie at least 2 pixels, so that no line of a tile goes on in the next one. How many
    they are changes from tile to tile, so that the gap cannot be learnt either.

    Args:
        images: number N of images.
        crop: their side in pixels.
        generator: source of all random numbers.

    Returns:
        (N, 9, 2) long, top and left pixel of each tile, cells row by row.
    """
    cell = crop // GRID
    most = cell - tile_side(crop) - _RIM
    inside = torch.randint(_RIM, most + 1, (images, TILES, 2), generator=generator)
    return inside + _cell_corners(cell)


def shift_channels(corners: Tensor, crop: int, generator: torch.Generator, channels: int = 3) -> Tensor:
    """Move each colour channel of each tile a little by itself, within the tile's cell.

    A lens bends red and blue light unequally, and the more so the farther from the middle of the photo. How the
    channels of a tile lie to one another would tell where it was. The random shift, up to 2 pixels of 64 either
    way as in the original, drowns that.

    Args:
        corners: (N, 9, 2) of :func:`tile_corners`.
        crop: side of the images in pixels.
        generator: source of all random numbers.
        channels: of the images.

    Returns:
        (N, 9, channels, 2) corners, one for each channel.
    """
    cell, side = crop // GRID, tile_side(crop)
    reach = max(1, round(2 * side / 64))
    shift = torch.randint(-reach, reach + 1, (*corners.shape[:2], channels, 2), generator=generator)
    origin = _cell_corners(cell)[:, None]
    return origin + (corners[:, :, None] + shift - origin).clamp(_RIM, cell - side - _RIM)


def cut_tiles(images: Tensor, corners: Tensor, side: int) -> Tensor:
    """Cut squares out of images.

    Args:
        images: (N, C, H, W).
        corners: (N, T, 2) top and left pixel of each square, or (N, T, C, 2), one for each channel.
        side: of the squares in pixels.

    Returns:
        (N, T, C, side, side).
    """
    n, channels = images.shape[:2]
    each = corners if corners.ndim == 4 else corners[:, :, None].expand(-1, -1, channels, -1)
    rows = (each[..., 0, None] + torch.arange(side))[..., :, None]
    columns = (each[..., 1, None] + torch.arange(side))[..., None, :]
    image = torch.arange(n).view(n, 1, 1, 1, 1)
    channel = torch.arange(channels).view(1, 1, channels, 1, 1)
    return images[image, channel, rows, columns]


def normalise(tiles: Tensor) -> Tensor:
    """Return each channel of each tile (..., side, side) brought to mean 0 and standard deviation 1.

    The tile's brightness, tint and contrast, which change slowly over most images, say nothing any more of its
    place. A channel without contrast becomes 0.
    """
    centred = tiles - tiles.mean(dim=(-2, -1), keepdim=True)
    spread = centred.square().mean(dim=(-2, -1), keepdim=True).sqrt()
    return torch.where(spread > _LEAST_SPREAD, centred / spread.clamp(min=_LEAST_SPREAD), torch.zeros_like(centred))


def grey_some(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Take the colour out of a random ``share`` of the images (N, 3, H, W): it must not be relied upon."""
    grey = torch.rand(len(images), generator=generator) < share
    return torch.where(grey[:, None, None, None], images.mean(dim=1, keepdim=True), images)


def shuffle(tiles: Tensor, orders: Tensor) -> Tensor:
    """Show tiles (N, 9, ...) in another order (N, 9): place ``i`` shows tile ``orders[:, i]``."""
    return tiles[torch.arange(len(tiles), device=tiles.device)[:, None], orders]


def put_back(shown: Tensor, orders: Tensor) -> Tensor:
    """Undo :func:`shuffle`: tile ``i`` of those shown (N, 9, ...) goes to place ``orders[:, i]``."""
    return shuffle(shown, orders.argsort(dim=1))


def board(tiles: Tensor, crop: int) -> Tensor:
    """(N, C, crop, crop) picture of tiles (N, 9, C, side, side), each in the middle of its cell, white between."""
    side, cell = tiles.shape[-1], crop // GRID
    white = 255 if tiles.dtype == torch.uint8 else 1
    picture = tiles.new_full((len(tiles), tiles.shape[2], crop, crop), white)
    for place, (top, left) in enumerate((_cell_corners(cell) + (cell - side) // 2).tolist()):
        picture[:, :, top : top + side, left : left + side] = tiles[:, place]
    return picture


def _cell_corners(cell: int) -> Tensor:
    """Return (9, 2) top and left pixel of the cells, row by row."""
    places = torch.arange(TILES)
    return cell * torch.stack((places // GRID, places % GRID), dim=-1)
