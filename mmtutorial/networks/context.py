"""Layers that a hypercolumn head puts on top of an encoder, so that a column knows of more than its surroundings."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.layers import he_initial


class Context(nn.Module, ABC):
    """Makes the maps of which columns consist from those of the encoder.

    Attributes:
        widths: channels of every map, in order.
    """

    widths: tuple[int, ...]

    @abstractmethod
    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return all maps of a column, the encoder's first."""


class SmallContext(Context):
    """Two convolutions that halve the map, for the classroom's encoder: its map of 12 x 12 becomes 6 x 6 and 3 x 3."""

    def __init__(self, encoder: Encoder, *, added: int = 64) -> None:
        super().__init__()
        self.widths = (*encoder.widths, added, added)
        self.add1 = _halving(encoder.width, added, encoder.batch_norm)
        self.add2 = _halving(added, added, encoder.batch_norm)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the encoder's maps and two coarser ones."""
        add1 = self.add1(maps[-1])
        return [*maps, add1, self.add2(add1)]


class PaperContext(Context):
    """The paper's layers for VGG-16: fc6, fc7 and two more, the last at a 128th of the image.

    Source: ``VGG/*/finetune_seg.prototxt`` of XiaohangZhan/mix-and-match: fc6 (7x7, 4,096 channels), fc7 (1x1, 4,096),
    both with ReLU and dropout of one half; conv_add1 and conv_add2 (3x3, 1,024), each with ReLU and a pool; no batch
    norm. The encoder's last map, its pool, feeds fc6 but is no part of a column.
    """

    def __init__(self, encoder: Encoder, *, hidden: int = 4096, added: int = 1024) -> None:
        super().__init__()
        self.widths = (*encoder.widths[:-1], hidden, hidden, added, added)
        self.fc6 = nn.Sequential(nn.Conv2d(encoder.width, hidden, 7, padding=3), nn.ReLU(), nn.Dropout(0.5))
        self.fc7 = nn.Sequential(nn.Conv2d(hidden, hidden, 1), nn.ReLU(), nn.Dropout(0.5))
        self.add1 = _pooling(hidden, added)
        self.add2 = _pooling(added, added)
        he_initial(self)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the encoder's maps but its last pool, fc6, fc7 and the two pools on top."""
        fc6 = self.fc6(maps[-1])
        fc7 = self.fc7(fc6)
        add1 = self.add1(fc7)
        return [*maps[:-1], fc6, fc7, add1, self.add2(add1)]


def _halving(inputs: int, outputs: int, batch_norm: bool) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=not batch_norm)
    he_initial(convolution)
    norm: nn.Module = nn.BatchNorm2d(outputs) if batch_norm else nn.Identity()
    return nn.Sequential(convolution, norm, nn.ReLU())


def _pooling(inputs: int, outputs: int) -> nn.Sequential:
    # Pools round up, as Caffe's do, so that something is left of the smallest image.
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True))
