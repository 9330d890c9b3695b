"""torchvision's AlexNet, the one that has ImageNet weights to load (Krizhevsky, 2014)."""

from __future__ import annotations

from torchvision.models import alexnet

from mmtutorial.errors import InputError
from mmtutorial.networks.torchvision_encoder import TorchvisionEncoder


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
