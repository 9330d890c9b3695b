"""Segmentation network: an encoder and the fully convolutional head of FCN (Long et al., 2015)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.hypercolumns import hypercolumns


class FCN(Segmenter):
    """Scores each class at each step of the feature map, then enlarges the scores to the image.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: convolution and classifier, always from random weights, as in the authors' code.
    """

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.width
        norm: nn.Module = nn.BatchNorm2d(width) if encoder.batch_norm else nn.Identity()
        self.head = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=not encoder.batch_norm),
            norm,
            nn.ReLU(),
            nn.Conv2d(width, classes, 1),
        )

    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """Return (N, K, H, W) scores of images (N, 3, H, W), or (N, K, P) at points (N, P, 2)."""
        scores = self.head(self.encoder(images)).float()
        if points is not None:
            return hypercolumns([scores], points).transpose(1, 2)
        return F.interpolate(scores, images.shape[-2:], mode="bilinear", align_corners=False)
