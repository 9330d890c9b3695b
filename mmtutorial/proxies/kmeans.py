"""K-means initialisation: filters computed from unlabelled images, without a single gradient step.

Krähenbühl et al. (2015), "Data-dependent initializations of convolutional neural networks"; the original is
``magic_init.py`` of philkr/magic_init with ``-t kmeans -cs``. Layer by layer, from the first to the last:

1. filters from k-means of whitened input patches;
2. each unit scaled to mean 0 and deviation 1 over the images;

and at the end all layers are scaled so that they learn at one rate. How is in
:mod:`mmtutorial.proxies.kmeans_weights`. In the paper's tables it is the rival that needs no training at all: what a
proxy task learns must be worth more than this.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import Encoder
from mmtutorial.networks.inputs import prepare
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage
from mmtutorial.proxies.kmeans_weights import convolutions_in_order, initialise, input_patches, whitening
from mmtutorial.settings.budgets import ProxyBudget

BATCHES = 10
"""Batches of images that are looked at, as in the original (``-nit 10``)."""


class KMeansStage(ProxyStage):
    """K-means initialisation as a stage without steps. :attr:`module` is the encoder alone."""

    name = "kmeans"
    shortcut = (
        "Neighbouring pixels agree, so plain k-means would spend every centroid on patches of one brightness: "
        "whitening takes away what is common to all patches, and equal length takes away the contrast."
    )

    @classmethod
    def steps(cls, budget: ProxyBudget) -> int:
        """None: nothing is learned by gradients."""
        return 0

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder alone."""
        return encoder

    def begin(self, generator: torch.Generator) -> None:
        """Compute all weights from random crops of the images."""
        device = next(self.encoder.parameters()).device
        batches = [self.draw(step, generator)[0].to(device) for step in range(BATCHES)]
        initialise(self.encoder, batches, generator)

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Not used: the stage has no steps."""
        raise NotImplementedError("k-means initialisation has no loss")

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Cosine of whitened patches with the nearest filter, mean over patches and layers, on held-out images.

        This is what k-means maximises, and filters that only fitted the patches they were made from would fail
        it. The trivial predictor has as many random directions. (The other promise, mean 0 and deviation 1 of
        every unit, is left to the tests: random filters keep it as well once they are scaled.)
        """
        self.module.eval()
        device = next(self.module.parameters()).device
        batches = list(self.held_out_crops(images, generator).to(device).split(self.schedule.images))
        found, chance = [], []
        for convolution in convolutions_in_order(self.encoder, batches[0]):
            filters = convolution.weight.detach().cpu().flatten(1).unflatten(0, (convolution.groups, -1))
            for own, patches in zip(filters, input_patches(self.encoder, convolution, batches, generator), strict=True):
                white = whitening(patches, len(own))
                points = white.unit(patches)
                guess = torch.randn(len(own), points.shape[1], generator=generator)
                found.append(_nearest_cosine(points, white.directions(own)))
                chance.append(_nearest_cosine(points, guess))
        value, trivial = sum(found) / len(found), sum(chance) / len(chance)
        return ProxyScore("cosine of patches with the nearest filter", value, trivial, higher_is_better=True)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Return a filter of the first layer for each image, the patch that excites it most, and where that patch lies.

        A filter is drawn with grey for a weight of zero, a patch as it is in the image; both are enlarged to the
        image's size. The filter is not the patch: it is what to multiply the patch with.
        """
        self.module.eval()
        device = next(self.module.parameters()).device
        first = convolutions_in_order(self.encoder, images[:1].to(device))[0]
        boxed, patches, filters = [], [], []
        for i, image in enumerate(images):
            unit = i * max(1, first.out_channels // len(images)) % first.out_channels
            y, x = _strongest(first, unit, prepare(image[None].to(device), self.encoder.in_channels))
            boxed.append(_with_box(image, y, x, first.kernel_size))
            patches.append(image[:, y : y + first.kernel_size[0], x : x + first.kernel_size[1]])
            weight = first.weight[unit].cpu().expand(3, -1, -1) if first.in_channels == 1 else first.weight[unit].cpu()
            filters.append((127.5 * (1 + weight / weight.abs().max().clamp(min=1e-12))).round().to(torch.uint8))
        target, prediction = (
            F.interpolate(torch.stack(small), images.shape[-2:], mode="nearest-exact") for small in (patches, filters)
        )
        captions = ("sees: image", "patch that excites a filter most", "that filter, from k-means")
        return ProxyPicture(torch.stack(boxed), target, prediction, captions)


def _nearest_cosine(points: Tensor, directions: Tensor) -> float:
    """Return mean cosine of unit points (P, R) with the nearest of directions (F, R)."""
    return float((points @ F.normalize(directions).T).amax(dim=1).mean())


def _strongest(convolution: nn.Conv2d, unit: int, inputs: Tensor) -> tuple[int, int]:
    """Upper left corner, row and column, of the patch wholly inside an image that excites a unit most."""
    weight = convolution.weight[unit : unit + 1]
    channels = weight.shape[1] * (unit * convolution.groups // convolution.out_channels)
    answers = F.conv2d(inputs[:, channels : channels + weight.shape[1]], weight)
    return divmod(int(answers.argmax()), answers.shape[-1])


def _with_box(image: Tensor, y: int, x: int, size: tuple[int, ...]) -> Tensor:
    """Return a copy of an image (3, H, W) with a white frame round a patch."""
    boxed = image.clone()
    top, left, bottom, right = y - 1, x - 1, y + size[0], x + size[1]
    height, width = image.shape[1:]
    for row in (top, bottom):
        if 0 <= row < height:
            boxed[:, row, max(0, left) : right + 1] = 255
    for column in (left, right):
        if 0 <= column < width:
            boxed[:, max(0, top) : bottom + 1, column] = 255
    return boxed
