"""Networks of torchvision, cut off before their fully connected layers, as encoders: VGG-16 and its AlexNet.

Source: Simonyan and Zisserman, 2015 (VGG-16); Krizhevsky, 2014 (torchvision's AlexNet). Both have ImageNet weights.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchvision.models import alexnet, vgg16, vgg16_bn

from mmtutorial.errors import InputError
from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.layers import he_initial, require_size


class TorchvisionEncoder(Encoder):
    """The ``features`` of a torchvision network: convolutions, batch norm where it has it, ReLUs and pools.

    Attributes:
        name: in messages.
        least: smallest side of an image, in pixels.
        features: torchvision's layers, under torchvision's names, so that its weights fit.
    """

    name: str
    least: int

    def __init__(self, build: Callable[..., nn.Module], *, in_channels: int, batch_norm: bool, share: float) -> None:
        """Take the convolutional part of a network, with weights as :func:`he_initial` draws them.

        Args:
            build: torchvision's function that builds the network.
            in_channels: of the first convolution.
            batch_norm: whether the network has it.
            share: 1; torchvision has no narrower version.

        Raises:
            InputError: a share other than 1.
        """
        super().__init__()
        if share != 1.0:
            raise InputError(f"{self.name} comes at full width only, not at share {share:g}; use alexnet or tiny")
        self.in_channels, self.batch_norm = in_channels, batch_norm
        # Built without memory: the fully connected layers, nine tenths of all weights, are never made.
        with torch.device("meta"):
            features = build(weights=None).features
        assert isinstance(features, nn.Sequential)
        self.features = features.to_empty(device="cpu")
        if in_channels != 3:
            self.features[0] = _for_inputs(self.features[0], in_channels)
        he_initial(self.features)

    def maps_of_prepared(self, inputs: Tensor) -> list[Tensor]:
        """Return every convolution's output, after its ReLU, and the last pool's, of inputs (N, in_channels, H, W).

        Raises:
            InputError: the inputs have too few pixels.
        """
        require_size(inputs, self.least, self.name)
        x = inputs.contiguous(memory_format=torch.channels_last)
        maps = []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                maps.append(x)
        return [*maps, x]


def _for_inputs(layer: nn.Module, in_channels: int) -> nn.Conv2d:
    """Return a convolution of another number of inputs, otherwise like ``layer``."""
    assert isinstance(layer, nn.Conv2d)
    kernel, stride, padding = layer.kernel_size[0], layer.stride[0], int(layer.padding[0])
    return nn.Conv2d(in_channels, layer.out_channels, kernel, stride, padding)


class TorchvisionAlexNet(TorchvisionEncoder):
    """One column of 64-192-384-256-256 channels: no groups, no batch norm, no response normalisation.

    It stands for AlexNet in comparisons with ImageNet pre-training; what it scores beside
    :class:`~mmtutorial.networks.alexnet.AlexNet` is a difference of two networks as well as of two trainings. Its
    pools round down: a patch of 128 pixels ends as 3 x 3 x 256 = 2,304 numbers.
    """

    name = "alexnet-tv"
    least = 63
    stride = 32
    width = 256
    widths = (64, 192, 384, 256, 256, 256)

    def __init__(self, *, in_channels: int = 3, batch_norm: bool = False, share: float = 1.0) -> None:
        if batch_norm:
            raise InputError("alexnet-tv, torchvision's AlexNet, has no batch norm; set batch_norm to false")
        super().__init__(alexnet, in_channels=in_channels, batch_norm=batch_norm, share=share)


class VGG16(TorchvisionEncoder):
    """Thirteen 3x3 convolutions with batch norm and ReLU, five pools that halve the map.

    Source: ``VGG/*/train_graph.prototxt`` of XiaohangZhan/mix-and-match. Batch norm has a learned scale and shift,
    unlike in their AlexNet. Convolutions start as He et al. (2015) draw them. A patch of 128
    pixels ends as 4 x 4 x 512 = 8,192 numbers.
    """

    name = "vgg16"
    least = 1
    stride = 32
    width = 512
    widths = (*[64] * 2, *[128] * 2, *[256] * 3, *[512] * 6, 512)

    def __init__(self, *, in_channels: int = 3, batch_norm: bool = True, share: float = 1.0) -> None:
        build = vgg16_bn if batch_norm else vgg16
        super().__init__(build, in_channels=in_channels, batch_norm=batch_norm, share=share)
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                # As in Caffe. Rounding down would leave the last rows of an image of odd size unseen.
                layer.ceil_mode = True
