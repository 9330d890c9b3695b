"""Split-brain: one half of the network predicts colour from lightness, the other lightness from colour.

Colorization trains a network that never sees colour. Here each half is trained by what it does not see, and
side by side they see all of the image (Zhang et al., 2017). Both halves choose among bins: classification was
found better than regression.

Source: the paper's section 3; released models ``clcl`` of richzhang/splitbrainauto. A re-implementation has 100
bins of lightness (ysharma1126/Split-Brain-Autoencoder); here there are 25, each 4 wide, for far fewer steps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.errors import InputError
from mmtutorial.networks import Encoder
from mmtutorial.networks.lab_colours import from_lab, prepare_lab, to_lab
from mmtutorial.networks.split import SplitEncoder
from mmtutorial.proxies.ab_bins import ab_centres, annealed_mean, batches_to_count, first_scores, nearest_bins
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage

LIGHTNESS_BINS = 25
_HIDDEN = 64
# The lightness at which colour alone is drawn: neither so dark nor so bright that colours fade.
_DRAWN_LIGHTNESS = 65.0


class SplitBrain(nn.Module):
    """Split encoder with a head on each half.

    Attributes:
        colour_centres: (Q, 2) a* and b* of the colour bins.
        lightness_centres: (25, 1) L* of the lightness bins.
    """

    colour_centres: Tensor
    lightness_centres: Tensor

    def __init__(self, encoder: SplitEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        centres = ab_centres().clone()
        self.to_colour = _head(encoder.lightness.width, len(centres))
        self.to_lightness = _head(encoder.colour.width, LIGHTNESS_BINS)
        middles = (torch.arange(LIGHTNESS_BINS) + 0.5) * (100 / LIGHTNESS_BINS)
        self.register_buffer("colour_centres", centres, persistent=False)
        self.register_buffer("lightness_centres", middles[:, None], persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores of colour (N, h, w, Q) and of lightness (N, h, w, 25) at each step of the last map.

        Args:
            images: (N, 3, H, W), uint8 or float 0..1. Each half sees its share of the channels alone.
        """
        prepared = prepare_lab(images)
        seen = self.encoder.lightness.maps_of_prepared(prepared[:, :1])[-1]
        colour: Tensor = self.to_colour(seen.permute(0, 2, 3, 1))
        seen = self.encoder.colour.maps_of_prepared(prepared[:, 1:])[-1]
        lightness: Tensor = self.to_lightness(seen.permute(0, 2, 3, 1))
        return colour.float(), lightness.float()


def _head(width: int, bins: int) -> nn.Sequential:
    """One hidden layer at each place alone."""
    return nn.Sequential(nn.Linear(width, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, bins))


def lightness_bins(lightness: Tensor) -> Tensor:
    """Bin 0..24 of L* 0..100."""
    return (lightness * (LIGHTNESS_BINS / 100)).long().clamp(0, LIGHTNESS_BINS - 1)


class SplitBrainStage(ProxyStage):
    """Split-brain as a stage for the training loop."""

    name = "splitbrain"
    input = "split"
    module: SplitBrain
    shortcut = (
        "A network that sees what it predicts would copy it. Each half is given only the channels that it does not "
        "predict, and no weight joins the halves."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with a head on each half.

        Raises:
            InputError: the encoder has no halves.
        """
        if not isinstance(encoder, SplitEncoder):
            raise InputError("splitbrain needs an encoder of two halves; make it with input='split'")
        return SplitBrain(encoder)

    def begin(self, generator: torch.Generator) -> None:
        """Count how frequent the bins are on crops like those of training, and start from there."""
        network, side = self.module, -(-self.budget.crop // self.encoder.stride)
        heads = (network.to_colour, network.to_lightness)
        found: tuple[list[Tensor], list[Tensor]] = ([], [])
        for step in range(batches_to_count(self.schedule)):
            crops = self.draw(step, generator)[0].to(network.colour_centres.device)
            for bins, now in zip(found, self.targets(crops, (side, side)), strict=True):
                bins.append(now)
        for head, bins in zip(heads, found, strict=True):
            bias = head[-1].get_parameter("bias")
            bias.data.copy_(first_scores(torch.bincount(torch.cat(bins), minlength=len(bias)).float()))

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of colour from lightness plus that of lightness from colour."""
        images = batch[0].to(self.module.colour_centres.device)
        scores = module(images)
        parts = [_cross_entropy(s, t) for s, t in zip(scores, self.targets(images, _grid(scores[0])), strict=True)]
        return parts[0] + parts[1], {"colour_loss": parts[0].item(), "lightness_loss": parts[1].item()}

    def targets(self, images: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Bins (P,) of the mean colour and lightness in each part of a grid ``size`` over images (N, 3, H, W)."""
        shrunk = F.adaptive_avg_pool2d(to_lab(images), size).permute(0, 2, 3, 1).flatten(0, 2)
        return nearest_bins(shrunk[:, 1:], self.module.colour_centres), lightness_bins(shrunk[:, 0])

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Both cross-entropies together on crops of held-out images, beside those of the bins' frequencies there."""
        network = self.module.eval()
        losses, found = [], []
        for crops in self.held_out_crops(images, generator).split(64):
            on_device = crops.to(network.colour_centres.device)
            scores = network(on_device)
            targets = self.targets(on_device, _grid(scores[0]))
            loss = sum(float(_cross_entropy(s, t)) for s, t in zip(scores, targets, strict=True))
            losses.append(loss * len(crops))
            found.append(targets)
        trivial = sum(_entropy(torch.cat(bins)) for bins in zip(*found, strict=True))
        value = sum(losses) / len(images)
        return ProxyScore("cross-entropy of ab and L bins", value, trivial, higher_is_better=False)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Left halves: lightness is seen, colour predicted. Right halves: colour is seen, lightness predicted.

        What is predicted is drawn together with what is seen, so that it can be compared with the image.
        """
        network = self.module.eval()
        scores = network(images.to(network.colour_centres.device))
        lab = to_lab(images)
        colour = _enlarged(annealed_mean(scores[0].cpu(), network.colour_centres.cpu()), lab)
        lightness = _enlarged(annealed_mean(scores[1].cpu(), network.lightness_centres.cpu()), lab)
        left = torch.arange(images.shape[-1]) < images.shape[-1] // 2
        alone = torch.full_like(lightness, _DRAWN_LIGHTNESS)
        seen = torch.where(left, _joined(lab[:, :1], torch.zeros_like(colour)), _joined(alone, lab[:, 1:]))
        predicted = torch.where(left, _joined(lab[:, :1], colour), _joined(lightness, lab[:, 1:]))
        captions = ("sees: lightness | colour", "target: all of it", "predicts: colour | lightness")
        return ProxyPicture(seen, images, predicted, captions)


def _cross_entropy(scores: Tensor, bins: Tensor) -> Tensor:
    """Return mean over all places, of scores (N, h, w, Q) for bins (P,)."""
    return F.cross_entropy(scores.flatten(0, 2), bins)


def _entropy(bins: Tensor) -> float:
    """Entropy in nats of the frequencies of bins (P,): the lowest cross-entropy without a look at the image."""
    shares = torch.bincount(bins).double() / len(bins)
    return float(torch.special.entr(shares).sum())


def _enlarged(values: Tensor, like: Tensor) -> Tensor:
    """Return (N, C, H, W) of values (N, h, w, C), bilinear, in the size of ``like``."""
    return F.interpolate(values.permute(0, 3, 1, 2), like.shape[-2:], mode="bilinear", align_corners=False)


def _joined(lightness: Tensor, colour: Tensor) -> Tensor:
    """uint8 images of L* (N, 1, H, W) and a*, b* (N, 2, H, W)."""
    return (from_lab(torch.cat((lightness, colour), dim=1)) * 255).round().to(torch.uint8)


def _grid(scores: Tensor) -> tuple[int, int]:
    """Height and width of score maps (N, h, w, Q)."""
    return scores.shape[1], scores.shape[2]
