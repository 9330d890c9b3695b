"""AlexNet as the authors tune it: two groups, response normalisation, and batch norm (Krizhevsky et al., 2012)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.layers import he_initial, require_size

_WIDTHS = (96, 256, 384, 384, 256)
_KERNELS = (11, 5, 3, 3, 3)
_STRIDES = (4, 1, 1, 1, 1)
# Krizhevsky's network ran on two GPUs, each with half of the channels; they met in the third layer only.
_GROUPS = (1, 2, 1, 2, 2)
# Smaller images have less than one window in the last pool.
_LEAST = 29


class AlexNet(Encoder):
    """Five convolutions; pools after the first, second and last, whose 3x3 windows overlap.

    Source: ``Alexnet/*/train_graph.prototxt`` of XiaohangZhan/mix-and-match. Each convolution is followed by
    batch norm without learned scale and shift, then ReLU; the first two by response normalisation as well, with
    Caffe's constants (window 5, alpha 0.0001, beta 0.75, k 1). A bias before batch norm has no effect, as
    the norm takes it away again, so there it is left out. Pools round up, as Caffe's do: a patch of 128 pixels
    ends as 4 x 4 x 256 = 4,096 numbers.

    torchvision's AlexNet will not do here. It is the later one-column variant (Krizhevsky, 2014): 64-192-384-256-256
    channels, no groups and no normalisation. Its ImageNet weights do not fit into these layers; for them there is
    :class:`~mmtutorial.networks.torchvision_encoder.TorchvisionAlexNet`.

    Attributes:
        share: part of the full widths. Half an AlexNet, for split-brain networks, is one of its two groups, so it
            has no groups of its own.
    """

    stride = 32

    def __init__(self, *, in_channels: int = 3, batch_norm: bool = True, share: float = 1.0) -> None:
        super().__init__()
        self.in_channels, self.batch_norm, self.share = in_channels, batch_norm, share
        widths = tuple(round(width * share) for width in _WIDTHS)
        self.widths = (*widths, widths[-1])
        self.width = widths[-1]
        groups = _GROUPS if share == 1.0 else (1,) * len(_GROUPS)
        shapes = zip(pairwise((in_channels, *widths)), _KERNELS, _STRIDES, groups, strict=True)
        self.layers = nn.ModuleList(_layer(i, o, k, stride, g, batch_norm) for (i, o), k, stride, g in shapes)
        self.after = nn.ModuleList(
            (_normalised_pool(), _normalised_pool(), nn.Identity(), nn.Identity(), nn.MaxPool2d(3, 2, ceil_mode=True))
        )
        he_initial(self)

    def maps_of_prepared(self, inputs: Tensor) -> list[Tensor]:
        """The five convolutions' outputs, after their ReLU, and the last pool's, of inputs (N, in_channels, H, W).

        Raises:
            InputError: the inputs have fewer than 29 pixels a side.
        """
        require_size(inputs, _LEAST, "AlexNet")
        x = inputs.contiguous(memory_format=torch.channels_last)
        maps = []
        for layer, after in zip(self.layers, self.after, strict=True):
            x = layer(x)
            maps.append(x)
            x = after(x)
        return [*maps, x]


def _layer(inputs: int, outputs: int, kernel: int, stride: int, groups: int, batch_norm: bool) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=not batch_norm)
    norm: nn.Module = nn.BatchNorm2d(outputs, affine=False) if batch_norm else nn.Identity()
    return nn.Sequential(convolution, norm, nn.ReLU())


def _normalised_pool() -> nn.Sequential:
    # Next to batch norm, response normalisation does next to nothing: values of about 1 are divided by about 1.0001.
    return nn.Sequential(nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0), nn.MaxPool2d(3, 2, ceil_mode=True))
