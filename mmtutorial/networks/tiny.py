"""The classroom's encoder: five convolutions, 0.16 M parameters, a feature map at an eighth of the image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmtutorial.networks.inputs import prepare

# Output channels and stride of each 3x3 convolution. One output value sees 47 x 47 pixels.
_LAYERS = ((16, 2), (32, 2), (64, 2), (96, 1), (96, 1))


class TinyEncoder(nn.Module):
    """Convolution, batch norm, ReLU, five times.

    Attributes:
        in_channels: 3 for colour, 1 for grey. A colorization network must not see the colour it predicts.
        batch_norm: without it the network is the classroom's "AlexNet": plain training from random weights
            hardly leaves the ground.
        stride: 8, image pixels per step of the feature map.
        width: 96, channels of the feature map.
        widths: channels of every layer, for hypercolumns.
    """

    stride = 8

    def __init__(self, *, in_channels: int = 3, batch_norm: bool = True) -> None:
        super().__init__()
        self.in_channels, self.batch_norm = in_channels, batch_norm
        self.widths = tuple(width for width, _ in _LAYERS)
        self.width = self.widths[-1]
        inputs = (in_channels, *self.widths[:-1])
        self.layers = nn.ModuleList(
            _layer(i, o, stride, batch_norm) for i, (o, stride) in zip(inputs, _LAYERS, strict=True)
        )

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Every layer's output, finest first, of images (N, 3, H, W), uint8 or float 0..1."""
        # Channels last is the layout in which convolutions run fastest, on the CPU too.
        x = prepare(images, self.in_channels).contiguous(memory_format=torch.channels_last)
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """(N, 96, H/8, W/8) non-negative features of images (N, 3, H, W), uint8 or float 0..1."""
        return self.feature_maps(images)[-1]


def _layer(in_channels: int, out_channels: int, stride: int, batch_norm: bool) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=not batch_norm)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    norm: nn.Module = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()
    return nn.Sequential(convolution, norm, nn.ReLU())
