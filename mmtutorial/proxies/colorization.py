"""Colorization: predict the colour of pixels from a grey image (Larsson et al., 2016 and 2017).

Grey values of all layers at a pixel, its hypercolumn, go through one hidden layer to two distributions: over hue and
over chroma, 32 bins each. Grey pixels have no hue, so the hue loss of a pixel is weighted by its chroma.

Source: ``selfsup/multi/methods/colorize_hypercolumn*.py`` of gustavla/self-supervision (one-hot bins, hue loss times
5 times chroma); ``train/train_vgg16.prototxt`` of gustavla/autocolorize.

``colorization-2016`` is the task as first published (Larsson et al., 2016). The target of a pixel is the histogram of
hue and that of chroma in a window of 7 x 7 pixels, the loss the Kullback-Leibler divergence from it. So the network
may say "this edge has red and green" and be right. All else is as above.

Source: ``train/train_vgg16.prototxt`` of gustavla/autocolorize and ``selfsup/multi/methods/
colorize_hypercolumn3.py`` of gustavla/self-supervision. There a grey pixel of the window counts as red, of hue 0;
here a pixel counts for the hue as much as it has chroma.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import Encoder
from mmtutorial.networks.hypercolumns import hypercolumns, pixel_grid, random_points
from mmtutorial.networks.inputs import to_grey, to_unit_range
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage

BINS = 32
HUE_WEIGHT = 5.0
_HIDDEN = 128


class Colorizer(nn.Module):
    """Grey encoder with a hypercolumn head for hue and chroma."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Sequential(nn.Linear(sum(encoder.widths), _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 2 * BINS))

    def forward(self, images: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores of the hue and chroma bins, each (N, P, 32).

        Args:
            images: (N, 3, H, W) uint8 or float 0..1; the encoder sees only their grey values.
            points: (N, P, 2) places as x, y in -1..1, corner to corner of the image.
        """
        scores = self.head(hypercolumns(self.encoder.feature_maps(images), points))
        hue, chroma = scores.float().split(BINS, dim=-1)
        return hue, chroma


def hue_and_chroma(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return hue (of HSV, 0..1 round the circle; 0 where grey) and chroma (max - min, 0..1), each (N, H, W)."""
    scaled = to_unit_range(images)
    top, low = scaled.amax(dim=1), scaled.amin(dim=1)
    chroma = top - low
    red, green, blue = scaled.unbind(dim=1)
    span = torch.where(chroma > 0, chroma, torch.ones_like(chroma))
    sector = torch.where(
        top == red,
        (green - blue) / span % 6,
        torch.where(top == green, (blue - red) / span + 2, (red - green) / span + 4),
    )
    return torch.where(chroma > 0, sector / 6, torch.zeros_like(sector)), chroma


def to_bins(values: Tensor) -> Tensor:
    """Bin 0..31 of values 0..1."""
    return (values * BINS).long().clamp(0, BINS - 1)


class ColorizationStage(ProxyStage):
    """Colorization as a stage for the training loop. :attr:`module` is a :class:`Colorizer`."""

    name = "colorization"
    input = "grey"
    measure: ClassVar[str] = "loss of hue and chroma"
    shortcut = (
        "Grey is always a cheap guess, since most pixels have little colour: the hue loss of a pixel is weighted "
        "by its chroma. The encoder never sees colour, in later stages neither, or it would copy it."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with the hypercolumn head."""
        return Colorizer(encoder)

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Loss of hue, weighted by chroma, plus that of chroma, at random pixels."""
        images = batch[0]
        points, pixels = random_points(images, self.budget.points, generator)
        device = next(module.parameters()).device
        hue_scores, chroma_scores = module(images.to(device), points.to(device))
        targets = (target.to(device) for target in self.targets(images, points, pixels))
        return self.points_loss(hue_scores, chroma_scores, *targets)

    def targets(self, images: Tensor, points: Tensor, pixels: Tensor) -> tuple[Tensor, ...]:
        """What the scores shall say at points (N, P, 2) of images with pixels (N, 3, 1, P): hue and chroma (N, P)."""
        hue, chroma = hue_and_chroma(pixels)
        return hue[:, 0], chroma[:, 0]

    def points_loss(
        self, hue_scores: Tensor, chroma_scores: Tensor, *targets: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Loss of scores (N, P, 32) for :meth:`targets`, and the two parts for the log."""
        return colour_loss(hue_scores, chroma_scores, *targets)

    def best_constant(self, *targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return shares (32,) of hue and of chroma: of all that do not look at the image, those of least loss."""
        hue, chroma = targets
        # A pixel's hue counts as much as its chroma, as in the loss.
        hues = torch.bincount(to_bins(hue).flatten(), weights=chroma.flatten().double(), minlength=BINS)
        chromas = torch.bincount(to_bins(chroma).flatten(), minlength=BINS).double()
        return hues / hues.sum(), chromas / chromas.sum()

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Loss at random pixels of held-out images, beside that of the colours' frequencies there.

        The frequencies are counted on the held-out images themselves: no constant guess can do better.
        """
        self.module.eval()
        crops = self.held_out_crops(images, generator)
        points, pixels = random_points(crops, self.budget.points, generator)
        targets = self.targets(crops, points, pixels)
        device = next(self.module.parameters()).device
        losses = []
        for part in torch.arange(len(crops)).split(64):
            hue_scores, chroma_scores = self.module(crops[part].to(device), points[part].to(device))
            loss, _ = self.points_loss(hue_scores.cpu(), chroma_scores.cpu(), *(t[part] for t in targets))
            losses.append(loss * len(part))
        value = float(torch.stack(losses).sum()) / len(crops)
        guess = [p.clamp(min=1e-12).log().float().expand(*points.shape[:2], -1) for p in self.best_constant(*targets)]
        trivial, _ = self.points_loss(guess[0], guess[1], *targets)
        return ProxyScore(self.measure, value, float(trivial), higher_is_better=False)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Grey images, their true colours, and the likeliest hue and chroma at the true lightness."""
        self.module.eval()
        device = next(self.module.parameters()).device
        n, _, height, width = images.shape
        points = pixel_grid(height, width).expand(n, -1, -1)
        hue_scores, chroma_scores = self.module(images.to(device), points.to(device))
        hue = ((hue_scores.argmax(-1) + 0.5) / BINS).cpu().view(n, height, width)
        chroma = ((chroma_scores.argmax(-1) + 0.5) / BINS).cpu().view(n, height, width)
        grey = to_grey(images.float() / 255)
        painted = (paint(hue, chroma, grey[:, 0]) * 255).round().to(torch.uint8)
        seen = (grey * 255).round().to(torch.uint8).expand(-1, 3, -1, -1)
        return ProxyPicture(seen, images, painted, ("sees: grey", "target: colour", "prediction"))


def paint(hue: Tensor, chroma: Tensor, grey: Tensor) -> Tensor:
    """Return (N, 3, H, W) colours 0..1 of hue, chroma and mean grey (N, H, W); cut off where they leave 0..1."""
    sector = hue[:, None] * 6
    # Red, green and blue rise and fall round the circle a third apart.
    wheel = torch.cat([(((sector - shift + 3) % 6 - 3).abs() * -1 + 2).clamp(0, 1) for shift in (0, 2, 4)], dim=1)
    colour = wheel * chroma[:, None]
    return (colour - colour.mean(dim=1, keepdim=True) + grey[:, None]).clamp(0, 1)


def colour_loss(
    hue_scores: Tensor, chroma_scores: Tensor, hue: Tensor, chroma: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """Loss of scores (N, P, 32) for true hue and chroma (N, P), and the two parts for the log."""
    hue_loss = F.cross_entropy(hue_scores.flatten(0, 1), to_bins(hue).flatten(), reduction="none")
    hue_part = (HUE_WEIGHT * chroma.flatten() * hue_loss).mean()
    chroma_part = F.cross_entropy(chroma_scores.flatten(0, 1), to_bins(chroma).flatten())
    return hue_part + chroma_part, {"hue_loss": hue_part.item(), "chroma_loss": chroma_part.item()}


WINDOW = 7


def windows(images: Tensor, points: Tensor) -> Tensor:
    """Return (N, C, P, 49) the pixels round points (N, P, 2) of images (N, C, H, W); past the border it is repeated.

    Args:
        images: of any type.
        points: centres of pixels as x, y in -1..1, corner to corner of the image.
    """
    n, channels, height, width = images.shape
    size = torch.tensor([width, height], device=points.device)
    x, y = (((points + 1) * size - 1) / 2).round().long().unbind(dim=-1)
    reach = torch.arange(WINDOW, device=points.device) - WINDOW // 2
    columns = (x[..., None] + reach).clamp(0, width - 1)
    rows = (y[..., None] + reach).clamp(0, height - 1)
    places = (rows[..., None] * width + columns[..., None, :]).flatten(1)
    return images.flatten(2).gather(2, places[:, None].expand(-1, channels, -1)).view(n, channels, -1, WINDOW**2)


def histogram(values: Tensor, amounts: Tensor) -> Tensor:
    """Return (N, P, 32) shares of the bins among values (N, P, M) 0..1; all zero where all amounts (N, P, M) are."""
    found = amounts.new_zeros(*values.shape[:-1], BINS).scatter_add_(-1, to_bins(values), amounts)
    return found / found.sum(dim=-1, keepdim=True).clamp(min=1e-12)


class Colorization2016Stage(ColorizationStage):
    """Colorization with histograms as targets, as a stage for the training loop."""

    name = "colorization-2016"
    measure = "divergence of hue and chroma"
    shortcut = (
        "Grey is a cheap guess, as in colorization, and blocked in the same way: the hue loss of a pixel is weighted "
        "by its chroma. At edges a single bin would be a matter of luck; a histogram lets the network name both sides."
    )

    def targets(self, images: Tensor, points: Tensor, pixels: Tensor) -> tuple[Tensor, ...]:
        """Histograms of hue and of chroma round each point (N, P, 32), and the chroma of its pixel (N, P)."""
        hue, chroma = hue_and_chroma(windows(images, points))
        at_point = hue_and_chroma(pixels)[1][:, 0]
        return histogram(hue, chroma), histogram(chroma, torch.ones_like(chroma)), at_point

    def points_loss(
        self, hue_scores: Tensor, chroma_scores: Tensor, *targets: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Divergence of hue, weighted by 5 times chroma, plus that of chroma, of scores (N, P, 32)."""
        hues, chromas, at_point = targets
        hue_part = (HUE_WEIGHT * at_point * _divergence(hues, hue_scores)).mean()
        chroma_part = _divergence(chromas, chroma_scores).mean()
        return hue_part + chroma_part, {"hue_loss": hue_part.item(), "chroma_loss": chroma_part.item()}

    def best_constant(self, *targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return shares (32,): the mean histograms, that of hue weighted by chroma, as the loss weighs it."""
        hues, chromas, at_point = targets
        weighted = (at_point[..., None] * hues).flatten(0, 1).double().sum(dim=0)
        return weighted / weighted.sum(), chromas.flatten(0, 1).double().mean(dim=0)


def _divergence(target: Tensor, scores: Tensor) -> Tensor:
    """Return (N, P) Kullback-Leibler divergence of scored distributions from targets, both (N, P, 32)."""
    return F.kl_div(scores.log_softmax(dim=-1), target, reduction="none").sum(dim=-1)
