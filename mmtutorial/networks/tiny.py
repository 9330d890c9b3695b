"""The classroom's encoder: five convolutions, 0.16 M parameters, a feature map at an eighth of the image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmtutorial.networks.encoder import Encoder

# Output channels and stride of each 3x3 convolution. One output value sees 47 x 47 pixels.
_LAYERS = ((16, 2), (32, 2), (64, 2), (96, 1), (96, 1))


class TinyEncoder(Encoder):
    """Convolution, batch norm, ReLU, five times.

    Without batch norm it is the classroom's "AlexNet": plain training from random weights hardly leaves the
    ground.

    Attributes:
        share: part of the full widths; the two halves of a split-brain network have one half each.
    """

    stride = 8

    def __init__(self, *, in_channels: int = 3, batch_norm: bool = True, share: float = 1.0) -> None:
        super().__init__()
        self.in_channels, self.batch_norm, self.share = in_channels, batch_norm, share
        self.widths = tuple(round(width * share) for width, _ in _LAYERS)
        self.width = self.widths[-1]
        inputs, strides = (in_channels, *self.widths[:-1]), [stride for _, stride in _LAYERS]
        self.layers = nn.ModuleList(
            _layer(i, o, stride, batch_norm) for i, o, stride in zip(inputs, self.widths, strides, strict=True)
        )

    def maps_of_prepared(self, inputs: Tensor) -> list[Tensor]:
        """Return every layer's output, after its ReLU, of centred float inputs (N, in_channels, H, W)."""
        # Channels last is the layout in which convolutions run fastest, on the CPU too.
        x = inputs.contiguous(memory_format=torch.channels_last)
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps


def _layer(in_channels: int, out_channels: int, stride: int, batch_norm: bool) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=not batch_norm)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    norm: nn.Module = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()
    return nn.Sequential(convolution, norm, nn.ReLU())
