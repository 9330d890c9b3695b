"""The paper's segmentation head for VGG-16: a small classifier on hypercolumns (Larsson et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.networks.context import Context, SmallContext
from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.hypercolumns import hypercolumns
from mmtutorial.networks.inputs import prepare

# Size of the tensors of dense prediction: 4 MiB, about what a processor's cache holds; but never fewer hidden units
# than this, as every map is read anew for every portion of them.
_NUMBERS_AT_ONCE = 2**20
_LEAST_UNITS = 32


class HypercolumnSegmenter(Segmenter):
    """What all layers say about a pixel, side by side, goes through one hidden layer to scores.

    Training looks at a few random pixels of an image (``points``), so it never builds the columns of the others.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: further layers on top of the encoder, and the classifier; from random weights.
    """

    def __init__(self, encoder: Encoder, classes: int, *, context: Context | None = None, hidden: int = 128) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = HypercolumnHead(encoder.in_channels, context or SmallContext(encoder), classes, hidden)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """Return (N, K, H, W) scores of images (N, 3, H, W), or (N, K, P) at points (N, P, 2)."""
        inputs = prepare(images, self.encoder.in_channels)
        scores: Tensor = self.head(inputs, self.encoder.feature_maps(images), points)
        return scores


class HypercolumnHead(nn.Module):
    """Context layers and a classifier of columns, which starts from torch's own random weights for linear layers.

    Attributes:
        context: adds coarse maps to those of the encoder.
        hidden: from a column to hidden units.
        scores: from hidden units, after ReLU, to classes.
    """

    def __init__(self, in_channels: int, context: Context, classes: int, hidden: int) -> None:
        super().__init__()
        self.context = context
        self.widths = (in_channels, *context.widths)
        self.hidden = nn.Linear(sum(self.widths), hidden)
        self.scores = nn.Linear(hidden, classes)

    def forward(self, inputs: Tensor, maps: list[Tensor], points: Tensor | None = None) -> Tensor:
        """Scores from the prepared image (N, C, H, W) and the encoder's maps: (N, K, H, W), or (N, K, P) at points."""
        columns = [inputs, *self.context(maps)]
        if points is None:
            return self._everywhere(columns)
        hidden = F.relu(self.hidden(hypercolumns([m.float() for m in columns], points)))
        scores: Tensor = self.scores(hidden)
        return scores.float().transpose(1, 2)

    def _everywhere(self, columns: list[Tensor]) -> Tensor:
        """Return (N, K, H, W) scores at all pixels, a few images at a time."""
        columns = [m.contiguous(memory_format=torch.channels_last) for m in columns]
        n, _, height, width = columns[0].shape
        images = max(1, _NUMBERS_AT_ONCE // (height * width * self.hidden.out_features))
        return torch.cat([self._portion([m[i : i + images] for m in columns]) for i in range(0, n, images)])

    def _portion(self, columns: list[Tensor]) -> Tensor:
        """Return (N, K, H, W) scores at all pixels, a few hidden units at a time and without building a single column.

        The hidden layer is linear and so is enlargement, so it can be applied to each map at the map's own size:
        ``W [up(m1), up(m2), ...] = up(W1 m1) + up(W2 m2) + ...``. Hidden units meet again in the scores only, which
        are a sum over them.
        """
        height, width = columns[0].shape[-2:]
        units = max(_LEAST_UNITS, _NUMBERS_AT_ONCE // (height * width))
        scores = self.scores.bias[:, None, None].float()
        for start in range(0, self.hidden.out_features, units):
            some = slice(start, start + units)
            hidden = self._hidden_units(columns, some)
            scores = scores + F.conv2d(hidden, self.scores.weight[:, some, None, None]).float()
        return scores

    def _hidden_units(self, columns: list[Tensor], units: slice) -> Tensor:
        """Return (N, number of units, H, W): some hidden units at all pixels."""
        weights = self.hidden.weight[units, :, None, None].split(self.widths, dim=1)
        by_size: dict[torch.Size, Tensor] = {}
        for m, weight in zip(columns, weights, strict=True):
            found = F.conv2d(m, weight.to(m.dtype)).float()
            size = m.shape[-2:]
            by_size[size] = by_size[size] + found if size in by_size else found
        bias = self.hidden.bias[units, None, None].float()
        return sum((_enlarge(m, columns[0].shape[-2:]) for m in by_size.values()), start=bias).relu()


def _enlarge(maps: Tensor, size: torch.Size) -> Tensor:
    """Maps (N, C, h, w) at a size (H, W), as :func:`hypercolumns` reads them at the centres of pixels."""
    return maps if maps.shape[-2:] == size else F.interpolate(maps, size, mode="bilinear", align_corners=False)
