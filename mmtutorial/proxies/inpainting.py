"""In-painting: fill holes in an image from what lies round them (context encoder, Pathak et al., 2016).

About a quarter of the image is cut out. To complete a striped fish, a network must have some notion of fish and of
stripes. An encoder sees the image with its holes filled with the mean colour; a small decoder paints the holes.

**The loss** is the squared error, in the holes alone: to repeat what is visible would teach copying. Pathak et al.
add an adversarial loss, so that the paint looks sharp; their released feature model was trained without it
(README of pathak22/context-encoder, section 3). Squared error alone paints the mean of all that might be there,
hence a blur. For features that is good enough.

**The mean colour** is here that of the visible rest of the same image, and the decoder adds to it; in the original
it is that of the whole data set. Then a small budget goes into the colour of the ground: on ``scenes`` the error
stayed higher, and patches of one class lay farther apart. (Even so they lie a little farther apart than with
random weights: to paint the ground one need not know what stands on it.)

**The shortcut.** With one hole in the middle, as in the simpler variant of the paper, a network learns its place,
and filters that know nothing but its rim. Blocks of random size at random places, which overlap to odd outlines,
leave no place to learn. Against copying from the rim there is no such cure: on ``scenes``, colours of the rim that
are smoothed into the hole without any network have a lower error than this one after 1,200 steps. Blocks of up to
a third of the crop at least have a middle that the rim says little about.

Source: ``train_random.lua`` of pathak22/context-encoder (holes of 20 to 30 %, mean colour, squared error; its holes
are blobs cut out of smooth noise, one pattern for all images of a step).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.errors import InputError
from mmtutorial.networks import Encoder
from mmtutorial.networks.inputs import to_unit_range
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage

HOLE_SHARE = 0.25
BLOCK_SIDES = (1 / 8, 1 / 3)
"""Smallest and largest side of a block, as shares of the short side of the image."""

_WIDTH = 64
# Paint starts out as wide of the mean colour as images are: their standard deviation is about a quarter.
_SPREAD = 0.25


class Inpainter(nn.Module):
    """Encoder and a decoder that paints what is missing.

    All that the decoder knows comes through the encoder's last map: with a way past it, from finer maps, copying
    from the rim would need no features.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = nn.Sequential(
            nn.Conv2d(encoder.width, _WIDTH, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(_WIDTH, 3 * encoder.stride**2, 1),
            # Each step of the map unfolds to its stride x stride pixels.
            nn.PixelShuffle(encoder.stride),
        )

    def forward(self, images: Tensor, holes: Tensor) -> Tensor:
        """Paint whole images; only what is painted in the holes is asked for.

        Args:
            images: (N, 3, H, W) float 0..1. Pixels in holes are not looked at.
            holes: (N, H, W) bool, True where a pixel is missing.

        Returns:
            (N, 3, H, W) float, about 0..1.
        """
        filled = fill_holes(images, holes)
        paint = self.decoder(self.encoder(filled)).float()
        return filled + _SPREAD * F.interpolate(paint, images.shape[-2:], mode="bilinear", align_corners=False)


def random_holes(
    count: int, height: int, width: int, *, generator: torch.Generator, share: float = HOLE_SHARE
) -> Tensor:
    """Square blocks at random places, added to an image until they cover a share of it.

    Args:
        count: number N of images.
        height: of the images in pixels.
        width: of the images in pixels.
        generator: source of all random numbers.
        share: of each image to cover, above 0 and below 1; exceeded by less than one block.

    Returns:
        (N, height, width) bool, True in the holes. No image is covered all over.

    Raises:
        InputError: the share is out of range, or an image too small for a hole and a rest.
    """
    if not 0 < share < 1:
        raise InputError(f"share of the holes is {share}; give a number above 0 and below 1")
    short = min(height, width)
    least, most = (max(1, round(part * short)) for part in BLOCK_SIDES)
    if short < 2 or share * height * width + most**2 > height * width:
        raise InputError(f"holes of {share:.0%} leave nothing of {height} x {width} pixels; give larger images")
    holes = torch.zeros(count, height, width, dtype=torch.bool)
    for hole in holes:
        while int(hole.count_nonzero()) < share * height * width:
            side = int(torch.randint(least, most + 1, (), generator=generator))
            # Blocks stick out over the border, or pixels near it would hardly ever be missing.
            bottom = int(torch.randint(1, height + side, (), generator=generator))
            right = int(torch.randint(1, width + side, (), generator=generator))
            hole[max(0, bottom - side) : bottom, max(0, right - side) : right] = True
    return holes


def fill_holes(images: Tensor, holes: Tensor) -> Tensor:
    """Return images (N, 3, H, W) with the mean colour of what is visible of each in its holes (N, H, W)."""
    visible = ~holes[:, None]
    kept = images.masked_fill(~visible, 0)
    mean = kept.sum(dim=(2, 3), keepdim=True) / visible.sum(dim=(2, 3), keepdim=True)
    return torch.where(visible, images, mean)


def hole_error(painted: Tensor, images: Tensor, holes: Tensor) -> Tensor:
    """Return mean squared error (scalar) of painted (N, 3, H, W) over the pixels and colours in the holes (N, H, W)."""
    wrong = (painted - images).square().mean(dim=1)
    return (wrong * holes).sum() / holes.sum()


class InpaintingStage(ProxyStage):
    """In-painting as a stage for the training loop. :attr:`module` is an :class:`Inpainter`."""

    name = "inpainting"
    input = "rgb"
    shortcut = (
        "One hole in the middle is filled by habit: the network learns its place and copies from the rim. Blocks of "
        "random size at random places overlap to holes of all outlines, some too wide for the rim to say what is in "
        "their middle. All the decoder knows comes through the encoder's coarsest map."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with the decoder that paints."""
        return Inpainter(encoder)

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Return mean squared error in the holes of random blocks; beside it, for the log, that of the mean colour."""
        images = to_unit_range(batch[0])
        holes = _holes_of(images, generator)
        device = next(module.parameters()).device
        images, holes = images.to(device), holes.to(device)
        loss = hole_error(module(images, holes), images, holes)
        return loss, {"mean_fill": hole_error(fill_holes(images, holes), images, holes).item()}

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Squared error in the holes of held-out images, beside the better of two mean colours.

        Those are the mean of what is visible of the image, and one colour for all: that of the pixels in the
        holes, the best that any single colour can do.
        """
        self.module.eval()
        crops = self.held_out_crops(images, generator)
        holes = _holes_of(crops, generator)
        device = next(self.module.parameters()).device
        network, own = [], []
        for part in torch.arange(len(crops)).split(64):
            truth, hole = to_unit_range(crops[part]), holes[part]
            painted = self.module(truth.to(device), hole.to(device)).cpu()
            network.append(hole_error(painted, truth, hole) * hole.sum())
            own.append(hole_error(fill_holes(truth, hole), truth, hole) * hole.sum())
        value, own_mean = (float(torch.stack(sums).sum() / holes.sum()) for sums in (network, own))
        # The error of the best single colour is the variance of the colours.
        one_mean = float(to_unit_range(crops.movedim(1, 0)[:, holes]).var(dim=1, correction=0).mean())
        rival = "the mean of its visible rest" if own_mean <= one_mean else "the mean of all"
        measure = f"squared error in the holes, colours 0 to 1 (trivial: {rival})"
        return ProxyScore(measure, value, min(own_mean, one_mean), higher_is_better=False)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator) -> ProxyPicture:
        """Return images with holes, whole images, and images whose holes are painted."""
        self.module.eval()
        truth = to_unit_range(images)
        holes = _holes_of(images, generator)
        device = next(self.module.parameters()).device
        painted = self.module(truth.to(device), holes.to(device)).cpu().clamp(0, 1)
        seen, filled = (
            torch.where(holes[:, None], (values * 255).round().to(torch.uint8), images)
            for values in (fill_holes(truth, holes), painted)
        )
        captions = ("sees: holes of mean colour", "target: the image", "prediction: holes painted")
        return ProxyPicture(seen, images, filled, captions)


def _holes_of(images: Tensor, generator: torch.Generator) -> Tensor:
    """Random holes (N, H, W) for images (N, 3, H, W)."""
    return random_holes(len(images), *images.shape[-2:], generator=generator)
