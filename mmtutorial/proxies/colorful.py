"""Colorful colorization: predict a distribution over colours, rare ones weighted up (Zhang et al., 2016a).

From lightness alone the network says for each place how likely each of 261 bins of the ab plane is. Where
``colorization`` asks at random pixels, this task asks everywhere, at half the step of the encoder's last map.

Source: the paper's sections 2.1 to 2.3; ``train/train_val.prototxt`` of richzhang/colorization. The authors
also leave grey photos out of the loss; here they count, with the small weight of a frequent colour.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import Encoder
from mmtutorial.networks.inputs import to_grey, to_unit_range
from mmtutorial.networks.lab_colours import from_lab, to_lab
from mmtutorial.proxies.ab_bins import (
    ab_centres,
    annealed_mean,
    batches_to_count,
    first_scores,
    nearest_bins,
    rebalancing_weights,
    soft_encode,
)
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage

_HIDDEN = 32


class ColorfulColorizer(nn.Module):
    """Grey encoder with a head that scores the ab bins at twice the resolution of the last map.

    Attributes:
        centres: (Q, 2) a* and b* of the bins.
        prior: (Q,) share of the training pixels in each bin; uniform until it is estimated.
        weights: (Q,) how much a pixel of each bin counts.
    """

    centres: Tensor
    prior: Tensor
    weights: Tensor

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        centres = ab_centres().clone()
        # Batch norm here even where the encoder has none: rare colours pull hard and differ from batch to batch,
        # and without it the features shrink early in training. The head is not passed on.
        self.enlarge = nn.Sequential(
            nn.ConvTranspose2d(encoder.width, _HIDDEN, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(_HIDDEN),
            nn.ReLU(),
        )
        # At each place alone, as a convolution of 1 x 1 would, which is slow on the CPU with so many outputs.
        self.classify = nn.Linear(_HIDDEN, len(centres))
        nn.init.zeros_(self.classify.weight)
        self.register_buffer("centres", centres, persistent=False)
        self.register_buffer("prior", torch.full((len(centres),), 1 / len(centres)))
        self.register_buffer("weights", torch.ones(len(centres)))

    def forward(self, images: Tensor) -> Tensor:
        """Return (N, 2 H / stride, 2 W / stride, Q) scores of images (N, 3, H, W), of which only grey is seen."""
        scores: Tensor = self.classify(self.enlarge(self.encoder(images)).permute(0, 2, 3, 1))
        return scores.float()

    def set_prior(self, prior: Tensor) -> None:
        """Take over the frequencies (Q,) of the bins, weigh the bins by them, and start from the constant guess."""
        self.prior.copy_(prior)
        self.weights.copy_(rebalancing_weights(self.prior, self.centres))
        with torch.no_grad():
            self.classify.bias.copy_(first_scores(self.weights * self.prior))


def mean_colours(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (P, 2) a* and b* of images (N, 3, H, W), each the mean of its part of a grid (h, w); P = N h w."""
    shrunk = F.adaptive_avg_pool2d(to_unit_range(images), size)
    return to_lab(shrunk)[:, 1:].permute(0, 2, 3, 1).reshape(-1, 2)


def weighted_cross_entropy(scores: Tensor, bins: Tensor, shares: Tensor, weights: Tensor) -> Tensor:
    """Return mean over pixels of weight times cross-entropy (equations 2 and 3).

    Args:
        scores: (P, Q), or (1, Q) for all pixels alike.
        bins: (P, 5) bins of the soft target, the nearest first.
        shares: (P, 5) their shares.
        weights: (Q,) of the bins; a pixel has that of its nearest bin.
    """
    logs = scores.log_softmax(dim=1).expand(len(bins), -1).gather(1, bins)
    return -(weights[bins[:, 0]] * (shares * logs).sum(dim=1)).mean()


def best_constant(bins: Tensor, shares: Tensor, weights: Tensor) -> Tensor:
    """Return (1, Q) log-probabilities: of all that do not look at the image, those of least weighted cross-entropy.

    These are the mean of the targets, weighted as the loss weighs them.
    """
    weighted = (weights[bins[:, :1]] * shares).double()
    total = weighted.new_zeros(len(weights)).index_add_(0, bins.flatten(), weighted.flatten())
    return (total / total.sum()).clamp(min=1e-12).log().float()[None]


class ColorfulStage(ProxyStage):
    """Colorful colorization as a stage for the training loop."""

    name = "colorful"
    input = "grey"
    module: ColorfulColorizer
    shortcut = (
        "Dull, brownish averages are a safe guess, since dull pixels are the most by far: the network predicts a "
        "distribution, not one colour, and pixels of rare colours weigh more, so that dullness no longer pays. "
        "The encoder sees grey alone, in later stages too."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with the head."""
        return ColorfulColorizer(encoder)

    def begin(self, generator: torch.Generator) -> None:
        """Count how frequent colours are on crops like those of training."""
        network = self.module
        counts = torch.zeros(len(network.prior))
        for step in range(batches_to_count(self.schedule)):
            crops = self.draw(step, generator)[0]
            side = 2 * -(-self.budget.crop // self.encoder.stride)
            bins = nearest_bins(mean_colours(crops, (side, side)), network.centres.cpu())
            counts += torch.bincount(bins, minlength=len(counts))
        network.set_prior(counts / counts.sum())

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Weighted cross-entropy of soft-encoded colours at every place of the grid."""
        images = batch[0].to(self.module.weights.device)
        scores = module(images)
        bins, shares = self.targets(images, _grid(scores))
        return weighted_cross_entropy(scores.flatten(0, 2), bins, shares, self.module.weights), {}

    def targets(self, images: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Bins (P, 5) and their shares (P, 5) on a grid of ``size`` over images (N, 3, H, W)."""
        return soft_encode(mean_colours(images, size), self.module.centres)

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Loss on crops of held-out images, beside that of the best constant distribution on the same crops."""
        network = self.module.eval()
        weights = network.weights.cpu()
        losses, targets = [], []
        for crops in self.held_out_crops(images, generator).split(64):
            scores = network(crops.to(network.weights.device)).cpu()
            bins, shares = (t.cpu() for t in self.targets(crops.to(network.weights.device), _grid(scores)))
            losses.append(weighted_cross_entropy(scores.flatten(0, 2), bins, shares, weights) * len(bins))
            targets.append((bins, shares))
        bins, shares = (torch.cat(parts) for parts in zip(*targets, strict=True))
        trivial = weighted_cross_entropy(best_constant(bins, shares, weights), bins, shares, weights)
        value = float(torch.stack(losses).sum()) / len(bins)
        return ProxyScore("weighted cross-entropy of ab bins", value, float(trivial), higher_is_better=False)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Grey images, their true colours, and the annealed mean of the prediction at the true lightness."""
        network = self.module.eval()
        scores = network(images.to(network.weights.device)).cpu()
        colours = annealed_mean(scores, network.centres.cpu()).permute(0, 3, 1, 2)
        colours = F.interpolate(colours, images.shape[-2:], mode="bilinear", align_corners=False)
        painted = from_lab(torch.cat((to_lab(images)[:, :1], colours), dim=1))
        grey = to_grey(to_unit_range(images)).expand(-1, 3, -1, -1)
        return ProxyPicture(_as_uint8(grey), images, _as_uint8(painted), ("sees: grey", "target: colour", "prediction"))


def _as_uint8(images: Tensor) -> Tensor:
    return (images * 255).round().to(torch.uint8)


def _grid(scores: Tensor) -> tuple[int, int]:
    """Height and width of score maps (N, h, w, Q)."""
    return scores.shape[1], scores.shape[2]
