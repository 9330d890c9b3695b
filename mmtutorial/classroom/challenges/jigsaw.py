"""Challenge of notebook 01: put nine tiles in order without any network."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from mmtutorial.classroom.challenges.task import Challenge, answered
from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from mmtutorial.proxies.permutations import maximal_hamming
from mmtutorial.proxies.tiles import cut_tiles, normalise, put_back, shuffle, tile_corners
from mmtutorial.randomness import seeded

NAME = "01.without_a_network"
_PUZZLES = 150
_SIDE, _TILE = 96, 24
# Places of a 3 x 3 grid that have a right and a lower neighbour.
_LEFT = torch.tensor([0, 1, 3, 4, 6, 7])
_UPPER = torch.arange(6)


@cache
def _puzzles() -> tuple[Tensor, Tensor, Tensor]:
    """Tiles as they are shown (P, 9, 3, 24, 24), the 27 orders (27, 9), and which of them each puzzle has (P,)."""
    kept = open_dataset("scenes", split="val")
    # The second half: notebook 01 looks at the first.
    images = torch.stack([kept[len(kept) - 1 - i][0].as_subclass(Tensor) for i in range(_PUZZLES)]).float() / 255
    tiles = normalise(cut_tiles(images, tile_corners(_PUZZLES, _SIDE, seeded(11)), _TILE))
    orders = maximal_hamming(27, generator=seeded(0))
    right = torch.randint(27, (_PUZZLES,), generator=seeded(12))
    return shuffle(tiles, orders[right]), orders, right


def by_seams(tiles: Tensor, orders: Tensor) -> int:
    """The solver of notebook 01: the order in which neighbouring tiles fit best at their seams.

    Args:
        tiles: ``(9, 3, s, s)``, as they are shown.
        orders: ``(27, 9)``; the tiles are shown in one of them.

    Returns:
        The number of that order.
    """
    tried = put_back(tiles.expand(len(orders), *tiles.shape), orders)  # (27, 9, 3, s, s): put back by each order
    across = (tried[:, _LEFT, :, :, -1] - tried[:, _LEFT + 1, :, :, 0]).abs().mean(dim=(1, 2, 3))
    down = (tried[:, _UPPER, :, -1] - tried[:, _UPPER + 3, :, 0]).abs().mean(dim=(1, 2, 3))
    return int((across + down).argmin())


def _score(solve: object) -> float:
    shown, orders, right = _puzzles()
    named = 0
    for tiles, order in zip(shown, right.tolist(), strict=True):
        answer = answered(NAME, solve, tiles.clone(), orders.clone())
        try:
            named += int(answer) == order
        except (TypeError, ValueError):
            raise InputError(f"{NAME} asks for the number of an order, 0 to 26, got {answer!r}"[:200]) from None
    return 100 * named / len(right)


CHALLENGE = Challenge(
    NAME,
    "Hand in solve(tiles, orders): nine tiles with gaps, each normalised, shown in one of 27 orders. Which one? Scored "
    f"by the share of {_PUZZLES} puzzles that it names; a guess has 4 %.",
    "% of the puzzles",
    by_seams,
    _score,
)
