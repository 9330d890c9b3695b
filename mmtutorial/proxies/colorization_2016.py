"""Colorization as first published: predict which colours lie round a pixel, not only its own (Larsson et al., 2016).

The target of a pixel is the histogram of hue and that of chroma in a window of 7 x 7 pixels, the loss the
Kullback-Leibler divergence from it. So the network may say "this edge has red and green" and be right. All else
is as in ``colorization``.

Source: ``train/train_vgg16.prototxt`` of gustavla/autocolorize and ``selfsup/multi/methods/
colorize_hypercolumn3.py`` of gustavla/self-supervision. There a grey pixel of the window counts as red, of hue 0;
here a pixel counts for the hue as much as it has chroma.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.proxies.colorization import BINS, HUE_WEIGHT, ColorizationStage, hue_and_chroma, to_bins

WINDOW = 7


def windows(images: Tensor, points: Tensor) -> Tensor:
    """(N, C, P, 49) the pixels round points (N, P, 2) of images (N, C, H, W); past the border it is repeated.

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
    """(N, P, 32) shares of the bins among values (N, P, M) 0..1; all zero where all amounts (N, P, M) are."""
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
        """Shares (32,): the mean histograms, that of hue weighted by chroma, as the loss weighs it."""
        hues, chromas, at_point = targets
        weighted = (at_point[..., None] * hues).flatten(0, 1).double().sum(dim=0)
        return weighted / weighted.sum(), chromas.flatten(0, 1).double().mean(dim=0)


def _divergence(target: Tensor, scores: Tensor) -> Tensor:
    """(N, P) Kullback-Leibler divergence of scored distributions from targets, both (N, P, 32)."""
    return F.kl_div(scores.log_softmax(dim=-1), target, reduction="none").sum(dim=-1)
