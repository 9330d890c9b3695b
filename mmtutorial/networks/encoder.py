"""What every encoder offers, feature maps layer by layer, and what every segmentation network does, scores."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mmtutorial.networks.inputs import prepare


class Encoder(nn.Module, ABC):
    """A trunk of convolutions, which a proxy task trains, tuning shapes and fine-tuning ends.

    Attributes:
        in_channels: 3 for colour, 1 for grey. A network that colours must not see the colour it predicts.
        batch_norm: whether the convolutions are followed by batch norm.
        stride: image pixels per step of the last feature map.
        width: channels of the last feature map.
        widths: channels of every map of :meth:`feature_maps`, for hypercolumns.
    """

    in_channels: int
    batch_norm: bool
    stride: int
    width: int
    widths: tuple[int, ...]

    @abstractmethod
    def maps_of_prepared(self, inputs: Tensor) -> list[Tensor]:
        """Return every layer's output, finest first, of centred float inputs (N, in_channels, H, W)."""

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Return every layer's output, finest first, of images (N, 3, H, W), uint8 or float 0..1."""
        return self.maps_of_prepared(prepare(images, self.in_channels))

    def forward(self, images: Tensor) -> Tensor:
        """Return (N, width, H / stride, W / stride) features of images (N, 3, H, W), uint8 or float 0..1."""
        return self.feature_maps(images)[-1]


class Segmenter(nn.Module, ABC):
    """An encoder with a head that scores classes at every pixel.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: what turns features into scores; from random weights, as in the authors' code.
        enlarged: how many times longer the encoder sees each side of an image.
    """

    enlarged: int = 1
    encoder: Encoder
    head: nn.Module

    @abstractmethod
    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """Return scores of images (N, 3, H, W), uint8 or float 0..1.

        Args:
            images: what to segment.
            points: (N, P, 2) places x, y in -1..1 at which alone to score, as sparse training does.

        Returns:
            (N, K, H, W), or (N, K, P) where ``points`` are given.
        """
