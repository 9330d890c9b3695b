"""A linear head on the maps of an image that is enlarged first: the field's plain measure of features.

Networks trained on photos of 224 pixels and more see little in small photos: the map that knows most has one place for
32 x 32 pixels. Enlarged twice, the same photo gives four times as many places, and its objects have the size that the
network knows. A 1 x 1 convolution on top adds no knowledge of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.hypercolumns import hypercolumns
from mmtutorial.networks.inputs import to_unit_range

ENLARGED = 2
"""How many times longer each side of an image is made."""


class LinearSegmenter(Segmenter):
    """An encoder that sees images enlarged, and one 1 x 1 convolution over its last two maps side by side.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: the convolution, from random weights.
    """

    enlarged = ENLARGED

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Conv2d(sum(encoder.widths[-2:]), classes, 1)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """Return (N, K, H, W) scores of images (N, 3, H, W), or (N, K, P) at points (N, P, 2)."""
        height, width = images.shape[-2:]
        large = F.interpolate(to_unit_range(images), scale_factor=ENLARGED, mode="bilinear", align_corners=False)
        *_, fine, coarse = self.encoder.feature_maps(large)
        joint = torch.cat([fine, F.interpolate(coarse, fine.shape[-2:], mode="bilinear", align_corners=False)], dim=1)
        scores = self.head(joint).float()
        # The maps may be those of an image padded to whole steps: enlarge by their step first, then cut it off.
        step = self.encoder.stride // max(1, round(fine.shape[-1] / coarse.shape[-1]))
        sides = zip(fine.shape[-2:], (height, width), strict=True)
        whole = [max(places * step // ENLARGED, side) for places, side in sides]
        scores = F.interpolate(scores, whole, mode="bilinear", align_corners=False)[..., :height, :width]
        return scores if points is None else hypercolumns([scores], points).transpose(1, 2)
