"""BiGAN: turn images into codes so that nobody can tell them from codes turned into images.

Three networks play (Donahue et al., 2017, "Adversarial feature learning"): the generator draws an image G(z) of
a random code z; the encoder writes a code E(x) of an image x; the discriminator sees pairs, (G(z), z) or
(x, E(x)), and says which kind it sees, while the other two try to fool it. The paper shows (theorem 2) that
they succeed only where E undoes G. So E has to find in an image what G put there: shapes, places, colours.

Nobody is ever shown a reconstruction: that G(E(x)) looks like x comes from the game alone, and weakly.

The original (jeffdonahue/bigan) has crops of 64 pixels and uniform codes of 200 numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torchvision.transforms.v2.functional import center_crop

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import Encoder
from mmtutorial.networks.inputs import to_unit_range
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage

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
        """Return scores of images (N, 3, side, side), float 0..1, with their codes, and of codes (N, Z) with theirs.

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
        """Return (N, Z) codes E(x) of images (N, 3, side, side), uint8 or float 0..1."""
        codes: Tensor = self.project(self.encoder(images))
        return codes

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return (N, 3, side, side) images G(E(x)), 0..1."""
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
        """Return (N,) scores of images (N, 3, side, side), 0..1, paired with codes (N, Z)."""
        both = torch.cat((self.of_image(2 * images - 1), self.of_code(codes)), dim=1)
        scores: Tensor = self.of_both(both)[:, 0]
        return scores


def _generator(doublings: int) -> nn.Sequential:
    """Build the way from codes (N, Z) to images (N, 3, side, side), 0..1: a 4 x 4 map that doubles its side."""
    widths = _WIDTHS[:doublings]
    steps: list[nn.Module] = [
        nn.Linear(CODE, widths[0] * START * START, bias=False),
        nn.Unflatten(1, (widths[0], START, START)),
    ]
    for i, o in zip(widths, (*widths[1:], 3), strict=True):
        steps += [nn.BatchNorm2d(i), nn.ReLU(), nn.ConvTranspose2d(i, o, 4, 2, padding=1)]
    return nn.Sequential(*steps, nn.Sigmoid())


def adversarial_losses(scores: Scores) -> tuple[Tensor, Tensor]:
    """Return what the discriminator minimises, and what encoder and generator minimise together.

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


TILES = 2
"""A crop is shrunk and cut into 2 x 2 windows: about one object a window, and more images a step."""
# Adam forgets the gradients of yesterday's opponent sooner (Radford et al., 2016).
_BETAS = (0.5, 0.999)


@dataclass(frozen=True)
class ReconstructionErrors:
    """Mean squared errors, of pixels 0..1, against held-out windows x.

    Attributes:
        own: of G(E(x)).
        other: of G(E(x')), x' the same place of another image.
        mean: of the mean of all these windows.
    """

    own: float
    other: float
    mean: float


class BiGANStage(ProxyStage):
    """BiGAN as a stage for the training loop. :attr:`module` is a :class:`BiGAN`.

    The encoder sees windows of half a crop's side, shrunk to four of its strides: about the size and scale of the
    patches that Mix-and-Match takes later, and small enough to be drawn.
    """

    name = "bigan"
    module: BiGAN
    shortcut = (
        "A discriminator that looks at the image alone tells real from drawn at once, and the code need not say "
        "anything of the image: it is shown both together, and its steepness is bounded so that the others can follow."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with its projection, the generator and the discriminator."""
        return BiGAN(encoder)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return all weights with Adam's usual settings for adversaries, and none drawn to zero."""
        return [{"params": list(self.module.parameters()), "betas": _BETAS, "weight_decay": 0.0}]

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Sum of what the two sides minimise; each side's weights get the gradient of its own part.

        For the log: the two parts, and how often the discriminator is right, in percent. At 50 it is lost, at 100
        the others are.
        """
        images = self.windows(batch[0])
        codes = random_codes(len(images), generator)
        device = next(module.parameters()).device
        scores = module(images.to(device), codes.to(device))
        discriminator, others = adversarial_losses(scores)
        right = 50 * ((scores.real > 0).float().mean() + (scores.fake < 0).float().mean())
        return discriminator + others, {
            "discriminator_loss": discriminator.item(),
            "encoder_generator_loss": others.item(),
            "discriminator_right": right.item(),
        }

    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Squared error of G(E(x)), beside that of the reconstruction of another image.

        Theory promises that E undoes G, so that a window's own code brings back more of it than another one's. It
        does not promise small errors: nobody minimises them. The mean window, which is blurred all over, has a
        smaller error than lively drawings that miss, so it is no measure for this task; see
        :meth:`reconstruction_errors` for it.
        """
        errors = self.reconstruction_errors(images, generator)
        return ProxyScore("squared error of G(E(x))", errors.own, errors.other, higher_is_better=False)

    @torch.no_grad()
    def reconstruction_errors(self, images: SegmentationDataset, generator: torch.Generator) -> ReconstructionErrors:
        """Return how far reconstructions of held-out windows are from their own and from another image's window."""
        self.module.eval()
        windows = self.windows(self.held_out_crops(images, generator))
        made = self._reconstructed(windows)
        own, other, mean = (
            float(F.mse_loss(guess.expand_as(windows), windows))
            for guess in (made, made.roll(TILES**2, dims=0), windows.mean(dim=0))
        )
        return ReconstructionErrors(own, other, mean)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Return the middle of each image, the same as what should come back, and what comes back through the code."""
        self.module.eval()
        half = min(images.shape[-2:]) // TILES
        seen = self._shrink(center_crop(images, [half, half]), self.module.side)
        made = self._reconstructed(seen)
        sees, prediction = ((255 * row).round().to(torch.uint8) for row in (seen, made))
        return ProxyPicture(sees, sees, prediction, ("sees: image x", "target: x", "prediction: G(E(x))"))

    def windows(self, crops: Tensor) -> Tensor:
        """Return (4 N, 3, side, side) float 0..1 windows of crops (N, 3, H, W), all of the first crop first."""
        shrunk = self._shrink(crops, TILES * self.module.side)
        tiles: Tensor = shrunk.unflatten(3, (TILES, -1)).unflatten(2, (TILES, -1))
        return tiles.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)

    def _shrink(self, images: Tensor, side: int) -> Tensor:
        scaled = to_unit_range(images)
        return F.interpolate(scaled, (side, side), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)

    def _reconstructed(self, windows: Tensor) -> Tensor:
        """G(E(x)) of windows, on the CPU, in portions that fit in memory."""
        device = next(self.module.parameters()).device
        return torch.cat([self.module.reconstruct(part.to(device)).cpu() for part in windows.split(256)])


def random_codes(count: int, generator: torch.Generator) -> Tensor:
    """Return (count, Z) codes, uniform in -1..1 as in the original."""
    return 2 * torch.rand(count, CODE, generator=generator) - 1
