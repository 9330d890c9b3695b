"""Jigsaw puzzles: say in which order the nine tiles of an image are shown (Noroozi and Favaro, 2016).

To put a sail above its hull, a network must know sails and hulls. One encoder looks at each tile by itself; a
head compares what it made of them and names one permutation out of a fixed set, a classification.

**How the task is kept honest.** A network takes the cheapest way. Each of these would do without any knowledge of
objects, and each is blocked in :mod:`mmtutorial.proxies.tiles`:

========================================  =====================================================================
shortcut                                  what blocks it
========================================  =====================================================================
lines and texture go on over the cut      a random gap: a tile of 64 pixels somewhere in a cell of 85
brightness, tint and contrast drift       mean 0 and standard deviation 1 for each channel of each tile
the lens parts the colours at the rim     channels shifted against one another; 30 % of the images are grey
each tile has its usual place             permutations far apart: each tile comes equally often at each place
========================================  =====================================================================

**What is smaller than in the original.** 27 permutations, not 1,000: a budget of 1,200 steps shows 9,600 crops,
after which about 30 in 100 orders of unseen scenes are named right, where chance would name 4. 27 is three times
nine: greedy choice gives three Latin squares, so that every tile stands three times at every place. Each image is
shown in 16 orders a step: the convolutions, which cost most, see its tiles only once, and the small head alone
works 16 times.

**What differs between training and use**, here as in the original: tuning and segmentation feed images as they
are, not normalised tile by tile.

Source: ``train_val_cfn_jps.prototxt`` of MehdiNoroozi/JigsawPuzzleSolver (tile, cell, shared tower, concatenation);
``Dataset/JigsawImageLoader.py`` of bbrattoli/JigsawPuzzlePytorch (normalisation tile by tile, 30 % grey).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2.functional import center_crop

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import Encoder
from mmtutorial.networks.inputs import to_unit_range
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage
from mmtutorial.proxies.permutations import maximal_hamming
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
from mmtutorial.randomness import generator_for

PERMUTATIONS = 27
ORDERS_A_STEP = 16
GREY_SHARE = 0.3
_FEATURES = 64
_HIDDEN = 256


class JigsawNetwork(nn.Module):
    """One encoder for all tiles, and a head that names the order in which they are shown.

    Attributes:
        encoder: sees one tile at a time.
        describe: from the encoder's map of a tile to its features; the map's layout is kept, as by fc6.
        name: from the features of nine tiles, side by side, to a score for each permutation.
        permutations: (K, 9) long; row ``p`` says that place ``i`` shows tile ``p[i]``. The same in every run.
    """

    permutations: Tensor

    def __init__(self, encoder: Encoder, side: int) -> None:
        """Build the head for tiles of ``side`` pixels."""
        super().__init__()
        self.encoder = encoder
        # Batch norm takes away what all tiles have in common, which says nothing of their order.
        self.describe = nn.Sequential(
            nn.Linear(_map_size(encoder, side), _FEATURES, bias=False), nn.BatchNorm1d(_FEATURES), nn.ReLU()
        )
        self.name = nn.Sequential(nn.Linear(TILES * _FEATURES, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, PERMUTATIONS))
        chosen = maximal_hamming(PERMUTATIONS, generator=generator_for(0, "jigsaw permutations"), tiles=TILES)
        self.register_buffer("permutations", chosen)

    def forward(self, tiles: Tensor, shown: Tensor) -> Tensor:
        """Score the permutations for tiles shown in several orders.

        The features of a tile do not depend on its place, so the encoder runs once, whatever R is, and the
        features are shuffled in place of the tiles.

        Args:
            tiles: (N, 9, C, side, side) normalised tiles, each at its own place.
            shown: (N, R) indices of the permutations in which to show them.

        Returns:
            (N, R, K) scores.
        """
        maps = self.encoder.maps_of_prepared(tiles.flatten(0, 1))[-1]
        features = self.describe(maps.flatten(1)).view(*tiles.shape[:2], -1)
        image = torch.arange(len(tiles), device=tiles.device)[:, None, None]
        scores: Tensor = self.name(features[image, self.permutations[shown]].flatten(2))
        return scores.float()


class JigsawStage(ProxyStage):
    """Jigsaw puzzles as a stage for the training loop. :attr:`module` is a :class:`JigsawNetwork`."""

    name = "jigsaw"
    input = "rgb"
    shortcut = (
        "Lines that go on from tile to tile, drifting brightness and the coloured fringes of lenses would solve the "
        "puzzle without any knowledge of objects. Random gaps, normalisation of each tile, channels shifted against "
        "one another and 30 % grey images take them away."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with the head that names permutations."""
        return JigsawNetwork(encoder, tile_side(self.budget.crop))

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the permutation, for several orders of the tiles of each image."""
        images = grey_some(to_unit_range(batch[0]), GREY_SHARE, generator)
        crop = self.budget.crop
        corners = shift_channels(tile_corners(len(images), crop, generator), crop, generator)
        tiles = normalise(cut_tiles(images, corners, tile_side(crop)))
        shown = torch.randint(PERMUTATIONS, (len(images), ORDERS_A_STEP), generator=generator)
        device = next(module.parameters()).device
        tiles, shown = tiles.to(device), shown.to(device)
        scores = module(tiles, shown)
        right = (scores.argmax(dim=-1) == shown).float().mean().item()
        return F.cross_entropy(scores.flatten(0, 1), shown.flatten()), {"named_right": right}

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Share of permutations named right, each image shown once in each, beside chance.

        As all permutations come equally often, a guess without a look is right exactly once in K times.
        """
        self.module.eval()
        crops = self.held_out_crops(images, generator)
        corners = tile_corners(len(crops), self.budget.crop, generator)
        device = next(self.module.parameters()).device
        right = 0
        for part in torch.arange(len(crops)).split(64):
            tiles = cut_tiles(to_unit_range(crops[part]), corners[part], tile_side(self.budget.crop))
            shown = torch.arange(PERMUTATIONS, device=device).expand(len(part), -1)
            right += int((self.module(normalise(tiles).to(device), shown).argmax(dim=-1) == shown).sum())
        value = 100 * right / (len(crops) * PERMUTATIONS)
        return ProxyScore("permutations named right, %", value, 100 / PERMUTATIONS, higher_is_better=True)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Normalised tiles out of order, the tiles in place, and where the named permutation puts them.

        Shown is the middle of each image, as large as the crops of training.
        """
        self.module.eval()
        crop = self.budget.crop
        corners = tile_corners(len(images), crop, generator)
        tiles = cut_tiles(center_crop(images, [crop, crop]), corners, tile_side(crop))
        shown = torch.randint(PERMUTATIONS, (len(images), 1), generator=generator)
        seen = normalise(to_unit_range(tiles))
        device = next(self.module.parameters()).device
        named = self.module(seen.to(device), shown.to(device)).argmax(dim=-1).cpu()
        permutations = self.module.get_buffer("permutations").cpu()
        order = permutations[shown[:, 0]]
        solved = put_back(shuffle(tiles, order), permutations[named[:, 0]])
        # Two and a half standard deviations either way fill the range of a picture.
        visible = ((0.5 + seen / 5).clamp(0, 1) * 255).round().to(torch.uint8)
        captions = ("sees: tiles out of order", "target: tiles in place", "prediction")
        return ProxyPicture(board(shuffle(visible, order), crop), board(tiles, crop), board(solved, crop), captions)


@torch.no_grad()
def _map_size(encoder: Encoder, side: int) -> int:
    """Return how many numbers the encoder's last map of a tile has."""
    was_training = encoder.training
    # Or batch norm would count the blank tile among the images it has seen.
    encoder.eval()
    blank = next(encoder.parameters()).new_zeros(1, encoder.in_channels, side, side)
    size = encoder.maps_of_prepared(blank)[-1].numel()
    encoder.train(was_training)
    return size
