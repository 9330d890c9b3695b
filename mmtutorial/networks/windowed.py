"""Large images in windows: what a network gives for overlapping squares, put together."""

from __future__ import annotations

import math
from itertools import product

import torch
from torch import Tensor, nn

# Least share of a window that its neighbour sees too: near an edge a network knows only one side of a pixel.
_OVERLAP = 1 / 3


class Windowed(nn.Module):
    """A segmentation network that sees images in square windows.

    Where windows overlap, the mean of their probabilities counts. Images that fit into one window are seen whole. So
    memory is bounded by the window, and the network meets what it was trained on: crops, as the authors do it on
    CityScapes with windows of 512 pixels.

    Example:
        >>> from mmtutorial.networks import FCN, TinyEncoder
        >>> network = Windowed(FCN(TinyEncoder(), classes=9), side=64).eval()
        >>> network(torch.zeros(1, 3, 100, 150)).shape
        torch.Size([1, 9, 100, 150])
    """

    def __init__(self, network: nn.Module, side: int) -> None:
        """See images through ``network``, which gives scores (N, K, H, W), in windows of ``side`` x ``side`` pixels."""
        super().__init__()
        self.network, self.side = network, side
        self.enlarged: int = getattr(network, "enlarged", 1)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N, K, H, W) of images (N, 3, H, W): logarithms of probabilities, where there are several windows."""
        height, width = images.shape[-2:]
        corners = list(product(starts(height, self.side), starts(width, self.side)))
        if len(corners) == 1:
            whole: Tensor = self.network(images)
            return whole
        total: Tensor | None = None
        seen = images.new_zeros((height, width), dtype=torch.float32)
        for y, x in corners:
            place = (..., slice(y, y + self.side), slice(x, x + self.side))
            probabilities = self.network(images[place]).softmax(dim=1)
            if total is None:
                total = probabilities.new_zeros((*probabilities.shape[:2], height, width))
            total[place] += probabilities
            seen[place] += 1
        assert total is not None
        return total.div_(seen).log_()


def starts(length: int, side: int) -> list[int]:
    """First pixels of the fewest windows that cover ``length`` pixels and overlap by a third or more, evenly spread.

    Example:
        >>> starts(2048, 512), starts(1024, 512), starts(300, 512)
        ([0, 307, 614, 922, 1229, 1536], [0, 256, 512], [0])
    """
    if length <= side:
        return [0]
    steps = math.ceil((length - side) / (side * (1 - _OVERLAP)))
    return [round(step * (length - side) / steps) for step in range(steps + 1)]
