"""Segmentation network: an encoder and the fully convolutional head of FCN (Long et al., 2015)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.networks.tiny import TinyEncoder


class FCN(nn.Module):
    """Scores each class at each step of the feature map, then enlarges the scores to the image.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: convolution and classifier, always from random weights, as in the authors' code.
    """

    def __init__(self, encoder: TinyEncoder, classes: int) -> None:
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

    def forward(self, images: Tensor) -> Tensor:
        """(N, K, H, W) scores of images (N, 3, H, W), uint8 or float 0..1."""
        scores = self.head(self.encoder(images))
        return F.interpolate(scores.float(), images.shape[-2:], mode="bilinear", align_corners=False)
