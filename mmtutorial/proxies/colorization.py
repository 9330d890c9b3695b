"""Colorization: predict the colour of pixels from a grey image (Larsson et al., 2016 and 2017).

Grey values of all layers at a pixel, its hypercolumn, go through one hidden layer to two distributions: over
hue and over chroma, 32 bins each. Grey pixels have no hue, so the hue loss of a pixel is weighted by its
chroma.

Source: ``selfsup/multi/methods/colorize_hypercolumn*.py`` of gustavla/self-supervision (one-hot bins,
hue loss times 5 times chroma); ``train/train_vgg16.prototxt`` of gustavla/autocolorize.
"""

from __future__ import annotations

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
        """Scores of the hue and chroma bins, each (N, P, 32).

        Args:
            images: (N, 3, H, W) uint8 or float 0..1; the encoder sees only their grey values.
            points: (N, P, 2) places as x, y in -1..1, corner to corner of the image.
        """
        scores = self.head(hypercolumns(self.encoder.feature_maps(images), points))
        hue, chroma = scores.float().split(BINS, dim=-1)
        return hue, chroma


def hue_and_chroma(images: Tensor) -> tuple[Tensor, Tensor]:
    """Hue (of HSV, 0..1 round the circle; 0 where grey) and chroma (max - min, 0..1), each (N, H, W)."""
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
    shortcut = (
        "Grey is always a cheap guess, since most pixels have little colour: the hue loss of a pixel is weighted "
        "by its chroma. The encoder never sees colour, in later stages neither, or it would copy it."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """The encoder with the hypercolumn head."""
        return Colorizer(encoder)

    def loss(self, module: nn.Module, step: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of hue, weighted by chroma, plus that of chroma, at random pixels."""
        images = self.crops(step, generator)
        points, pixels = random_points(images, self.budget.points, generator)
        hue, chroma = hue_and_chroma(pixels)
        device = next(module.parameters()).device
        hue_scores, chroma_scores = module(images.to(device), points.to(device))
        return colour_loss(hue_scores, chroma_scores, hue[:, 0].to(device), chroma[:, 0].to(device))

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Loss at random pixels of held-out images, beside that of the colours' frequencies there.

        The frequencies are counted on the held-out images themselves: no constant guess can do better.
        """
        self.module.eval()
        crops = self.held_out_crops(images, generator)
        points, pixels = random_points(crops, self.budget.points, generator)
        hue, chroma = (values[:, 0] for values in hue_and_chroma(pixels))
        device = next(self.module.parameters()).device
        losses = []
        for part in torch.arange(len(crops)).split(64):
            hue_scores, chroma_scores = self.module(crops[part].to(device), points[part].to(device))
            loss, _ = colour_loss(hue_scores.cpu(), chroma_scores.cpu(), hue[part], chroma[part])
            losses.append(loss * len(part))
        value = float(torch.stack(losses).sum()) / len(crops)
        return ProxyScore("loss of hue and chroma", value, _loss_of_frequencies(hue, chroma), higher_is_better=False)

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


def _loss_of_frequencies(hue: Tensor, chroma: Tensor) -> float:
    """The lowest loss that scores without a look at the image can have, for colours (N, P)."""
    weighted = torch.bincount(to_bins(hue).flatten(), weights=chroma.flatten().double(), minlength=BINS)
    counts = torch.bincount(to_bins(chroma).flatten(), minlength=BINS).double()
    scores = [(w / w.sum()).clamp(min=1e-12).log().float().expand(*hue.shape, BINS) for w in (weighted, counts)]
    return float(colour_loss(scores[0], scores[1], hue, chroma)[0])


def paint(hue: Tensor, chroma: Tensor, grey: Tensor) -> Tensor:
    """(N, 3, H, W) colours 0..1 of hue, chroma and mean grey (N, H, W); cut off where they leave 0..1."""
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
