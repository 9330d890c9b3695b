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
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2.functional import center_crop

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import Encoder
from mmtutorial.networks.inputs import to_unit_range
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage
from mmtutorial.proxies.bigan_networks import CODE, BiGAN, adversarial_losses

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
        """The encoder with its projection, the generator and the discriminator."""
        return BiGAN(encoder)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """All weights with Adam's usual settings for adversaries, and none drawn to zero."""
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
        """How far reconstructions of held-out windows are from their own and from another image's window."""
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
        """The middle of each image, the same as what should come back, and what comes back through the code."""
        self.module.eval()
        half = min(images.shape[-2:]) // TILES
        seen = self._shrink(center_crop(images, [half, half]), self.module.side)
        made = self._reconstructed(seen)
        sees, prediction = ((255 * row).round().to(torch.uint8) for row in (seen, made))
        return ProxyPicture(sees, sees, prediction, ("sees: image x", "target: x", "prediction: G(E(x))"))

    def windows(self, crops: Tensor) -> Tensor:
        """(4 N, 3, side, side) float 0..1 windows of crops (N, 3, H, W), all of the first crop first."""
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
    """(count, Z) codes, uniform in -1..1 as in the original."""
    return 2 * torch.rand(count, CODE, generator=generator) - 1
