"""VICReg: two views of one thing shall look alike, and different things different (Bardes, Ponce and LeCun, 2022).

Parts are cut out of unlabelled images, and each is shown in two views: other window, other light, perhaps mirrored.
The embeddings of the two views shall agree. Alone, that is met best by an encoder that gives the same to everything;
two more terms forbid it. No second network is needed, no queue of earlier images and no pairs of different things.

**The loss** (section 4.1). For embeddings ``Z`` of one view and ``Z'`` of the other, n rows of d numbers each,

    25 s(Z, Z') + 25 [v(Z) + v(Z')] / 2 + [c(Z) + c(Z')]                                                    (equation 6)

====================  ========================================================  ======================================
term                  formula                                                   what it forbids
====================  ========================================================  ======================================
invariance s (5)      mean squared difference of the two views                  to tell a part by its light or place
variance v (1, 2)     mean over the d numbers of max(0, 1 - their deviation)    collapse: everything looks the same
covariance c (3, 4)   sum over pairs of numbers of covariance squared, over d   that all numbers say the same
====================  ========================================================  ======================================

The weights, the halves and the mean over d in s are those of ``main_vicreg.py`` of facebookresearch/vicreg.
The log of training shows ``spread``, the mean standard deviation of the embeddings: near 0 is collapse, 1 is what the
variance asks for.

**What is smaller than in the original**, and why. A step there sees 2,048 images; here it sees 8, and neither variance
nor covariance can be told from eight. So each image gives several parts, half as wide as the crop, which is also about
the size of the patches that tuning cuts: features of whole scenes would mix what segmentation must keep apart.
Embeddings have 128 numbers, not 8,192, made by two layers, not three. Features are pooled by their maxima, as for
tuning. There is neither blur nor solarisation.

How this was chosen among SimSiam, VICReg and contrast, of images, places and parts: ``docs/hyperparameters.md``.
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
from mmtutorial.proxies.views import change_colours, cut_views, draw_parts, draw_windows, within

PARTS = 5
"""Parts of an image a step."""
INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0
"""Weights of the three terms."""
_PART, _VIEW = 1 / 2, 1 / 3
"""Sides of a part and of its views, as shares of the crop: a window of average size keeps its scale or nearly."""
_LEAST_VIEW = 8
_EMBEDDING = 128
_EPSILON = 1e-4


class VICReg(nn.Module):
    """Encoder, and an expander that is thrown away with the task."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        # Batch norm takes away what all views have in common, or it would fill the embeddings at first.
        self.expander = nn.Sequential(
            nn.Linear(encoder.width, _EMBEDDING, bias=False),
            nn.BatchNorm1d(_EMBEDDING),
            nn.ReLU(),
            nn.Linear(_EMBEDDING, _EMBEDDING),
        )

    def forward(self, views: Tensor) -> Tensor:
        """Return (N, D) embeddings of views (N, 3, S, S)."""
        embeddings: Tensor = self.expander(self.encoder(views).amax(dim=(2, 3)))
        return embeddings.float()


def invariance(first: Tensor, second: Tensor) -> Tensor:
    """Mean squared difference of the two views' embeddings, (N, D) each."""
    return F.mse_loss(first, second)


def variance(embeddings: Tensor) -> Tensor:
    """How far the standard deviation of each number of (N, D) embeddings falls short of 1, on average.

    Example:
        >>> round(variance(torch.zeros(4, 2)).item(), 2), variance(torch.tensor([[3.0, -3.0], [-3.0, 3.0]])).item()
        (0.99, 0.0)
    """
    return F.relu(1 - deviations(embeddings)).mean()


def covariance(embeddings: Tensor) -> Tensor:
    """Sum of the squared covariances between the D numbers of (N, D) embeddings, divided by D.

    Example:
        >>> same, apart = torch.tensor([[1.0, 1.0], [-1.0, -1.0]]), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
        >>> covariance(same).item(), covariance(apart).item()
        (4.0, 0.0)
    """
    centred = embeddings - embeddings.mean(dim=0)
    table = centred.T @ centred / max(1, len(embeddings) - 1)
    return (table.square().sum() - table.diagonal().square().sum()) / embeddings.shape[1]


def deviations(embeddings: Tensor) -> Tensor:
    """Return (D,) standard deviation of each number of (N, D) embeddings; of a single one, nearly 0."""
    centred = embeddings - embeddings.mean(dim=0)
    return (centred.square().sum(dim=0) / max(1, len(embeddings) - 1) + _EPSILON).sqrt()


def vicreg_loss(first: Tensor, second: Tensor) -> Tensor:
    """Weighted sum of the three terms, alike in both views' embeddings, (N, D) each: the paper's equation 6."""
    spread = (variance(first) + variance(second)) / 2
    return (
        INVARIANCE * invariance(first, second)
        + VARIANCE * spread
        + COVARIANCE * (covariance(first) + covariance(second))
    )


class VICRegStage(ProxyStage):
    """VICReg as a stage for the training loop."""

    name = "vicreg"
    input = "rgb"
    module: VICReg
    shortcut = (
        "To give the same to everything would make all views agree: numbers that do not vary from part to part, or "
        "that vary together, cost. Views of one part would have the same colours: those of each are changed alone."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with its expander."""
        return VICReg(encoder)

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss of the two views of several parts of each image."""
        views = self.views(batch[0], PARTS, generator)
        first, second = module(views.to(next(module.parameters()).device)).chunk(2)
        apart = invariance(first, second).item()
        return vicreg_loss(first, second), {"apart": apart, "spread": deviations(first.detach()).mean().item()}

    def views(self, images: Tensor, parts: int, generator: torch.Generator) -> Tensor:
        """Cut parts of images and show each in two views.

        Args:
            images: (N, 3, crop, crop), uint8 or float 0..1.
            parts: of each image.
            generator: source of all random numbers.

        Returns:
            (2 N parts, 3, S, S) float 0..1: a view of every part, part after part and image after image; then another.
        """
        count = len(images) * parts
        where = draw_parts(count, _PART, generator).repeat(2, 1, 1)
        windows = within(where, draw_windows(2 * count, generator))
        wholes = to_unit_range(images).repeat_interleave(parts, dim=0).repeat(2, 1, 1, 1)
        side = max(_LEAST_VIEW, round(images.shape[-1] * _VIEW))
        return change_colours(cut_views(wholes, windows, side), generator)

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Parts found again, in percent: of the second views of all held-out images, the most alike is its own.

        Each image gives one part. A guess without a look is right once in as many times as there are images.
        """
        self.module.eval()
        found = self.find_again(self.views(self.held_out_crops(images, generator), 1, generator))
        right = int((found == torch.arange(len(found))).sum())
        count = max(1, len(found))
        return ProxyScore("parts found again, %", 100 * right / count, 100 / count, higher_is_better=True)

    def find_again(self, views: Tensor) -> Tensor:
        """For each of the first half of views (2N, 3, S, S), the index (N,) of the second view that is most alike."""
        device = next(self.module.parameters()).device
        embeddings = torch.cat([self.module(some.to(device)).cpu() for some in views.split(256)])
        first, second = F.normalize(embeddings, dim=1).chunk(2)
        return (first @ second.T).argmax(dim=1)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """A view of a part of each image, another view of it, and of all parts' other views the one most alike.

        Parts are cut from the middle of each image, as large as the crops of training.
        """
        self.module.eval()
        crop = self.budget.crop
        views = self.views(center_crop(images, [crop, crop]), PARTS, generator)
        found = self.find_again(views)
        first, second = (views * 255).round().to(torch.uint8).chunk(2)
        captions = ("sees: a part of each image", "target: another view of it", "most alike of all views")
        return ProxyPicture(first[::PARTS], second[::PARTS], second[found[::PARTS]], captions)
