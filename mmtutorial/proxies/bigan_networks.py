"""The three networks of a BiGAN: encoder of images, generator of images, discriminator of pairs."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from mmtutorial.networks import Encoder

CODE = 32
"""Numbers in a code z. The original has 200 for photos of 64 pixels."""
START = 4
"""Side of the map with which the generator begins and with which encoder and discriminator end."""
_WIDTHS = (64, 32, 16, 16, 16)
_HIDDEN = 128
_SURE = 0.9


class Scores(NamedTuple):
    """What the discriminator says before the sigmoid; above 0 means "a real image with its code". Each (N,).

    Attributes:
        real, fake: of pairs (x, E(x)) and (G(z), z); a gradient reaches the discriminator alone.
        real_frozen, fake_frozen: the same numbers; a gradient reaches encoder and generator alone.
    """

    real: Tensor
    fake: Tensor
    real_frozen: Tensor
    fake_frozen: Tensor


class BiGAN(nn.Module):
    """Encoder with a projection to codes, generator, discriminator.

    Attributes:
        side: pixels of the square images; the encoder's last map of them is 4 x 4.
        encoder: goes on to the next stage; the rest is thrown away.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.side = START * encoder.stride
        doublings = encoder.stride.bit_length() - 1
        self.encoder = encoder
        # For an encoder whose pools round differently; a map of 4 x 4 goes through unchanged.
        self.project = nn.Sequential(
            nn.AdaptiveAvgPool2d(START), nn.Flatten(), nn.Linear(encoder.width * START * START, CODE)
        )
        self.generator = _generator(doublings)
        self.discriminator = Discriminator(doublings)

    def forward(self, images: Tensor, codes: Tensor) -> Scores:
        """Scores of images (N, 3, side, side), float 0..1, with their codes, and of codes (N, Z) with theirs.

        One backward pass of a loss that adds up what both sides want then gives each side its own gradient:
        the discriminator's from copies of the pairs without history, that of encoder and generator from a
        discriminator whose weights are constants.
        """
        pictures = torch.cat((images, self.generator(codes)))
        both_codes = torch.cat((self.encode(images), codes))
        own = self.discriminator(pictures.detach(), both_codes.detach())
        constants = {name: p.detach() for name, p in self.discriminator.named_parameters()}
        frozen = functional_call(self.discriminator, constants, (pictures, both_codes))
        return Scores(*own.chunk(2), *frozen.chunk(2))

    def encode(self, images: Tensor) -> Tensor:
        """(N, Z) codes E(x) of images (N, 3, side, side), uint8 or float 0..1."""
        codes: Tensor = self.project(self.encoder(images))
        return codes

    def reconstruct(self, images: Tensor) -> Tensor:
        """(N, 3, side, side) images G(E(x)), 0..1."""
        made: Tensor = self.generator(self.encode(images))
        return made


class Discriminator(nn.Module):
    """Tells pairs of an image and a code apart: real image with E's code, or z with G's image.

    Spectral norm (Miyato et al., 2018) keeps it from growing so steep that nobody else learns from it.
    """

    def __init__(self, doublings: int) -> None:
        super().__init__()
        widths = (3, *reversed(_WIDTHS[:doublings]))
        steps: list[nn.Module] = []
        for i, o in pairwise(widths):
            steps += [spectral_norm(nn.Conv2d(i, o, 4, 2, padding=1)), nn.LeakyReLU(0.2)]
        self.of_image = nn.Sequential(*steps, nn.Flatten())
        self.of_code = nn.Sequential(spectral_norm(nn.Linear(CODE, _HIDDEN)), nn.LeakyReLU(0.2))
        self.of_both = nn.Sequential(
            spectral_norm(nn.Linear(widths[-1] * START * START + _HIDDEN, _HIDDEN)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Linear(_HIDDEN, 1)),
        )

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """(N,) scores of images (N, 3, side, side), 0..1, paired with codes (N, Z)."""
        both = torch.cat((self.of_image(2 * images - 1), self.of_code(codes)), dim=1)
        scores: Tensor = self.of_both(both)[:, 0]
        return scores


def _generator(doublings: int) -> nn.Sequential:
    """Codes (N, Z) to images (N, 3, side, side), 0..1: a 4 x 4 map, doubled in side until it is an image."""
    widths = _WIDTHS[:doublings]
    steps: list[nn.Module] = [
        nn.Linear(CODE, widths[0] * START * START, bias=False),
        nn.Unflatten(1, (widths[0], START, START)),
    ]
    for i, o in zip(widths, (*widths[1:], 3), strict=True):
        steps += [nn.BatchNorm2d(i), nn.ReLU(), nn.ConvTranspose2d(i, o, 4, 2, padding=1)]
    return nn.Sequential(*steps, nn.Sigmoid())


def adversarial_losses(scores: Scores) -> tuple[Tensor, Tensor]:
    """What the discriminator minimises, and what encoder and generator minimise together.

    Both sides of the game are cross-entropies, the second with the labels exchanged: the non-saturating form
    (Goodfellow et al., 2014, section 3; Donahue et al., 2017, section 3.4).
    The discriminator's target for real pairs is 0.9, not 1, which keeps it unsure of itself (one-sided label
    smoothing; Salimans et al., 2016, section 3.4).
    """
    real, fake, real_frozen, fake_frozen = scores
    target = torch.full_like(real, _SURE)
    own = F.binary_cross_entropy_with_logits(real, target) + F.softplus(fake).mean()
    others = F.softplus(real_frozen).mean() + F.softplus(-fake_frozen).mean()
    return own, others
