"""VGG-16 (Simonyan and Zisserman, 2015), from torchvision."""

from __future__ import annotations

from torch import nn
from torchvision.models import vgg16, vgg16_bn

from mmtutorial.networks.torchvision_encoder import TorchvisionEncoder


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
