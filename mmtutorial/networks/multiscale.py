"""A segmentation head that looks at several scales at once, for encoders with ImageNet weights.

Source: the idea of feature pyramids (Lin et al., 2017) at its smallest: every map to a few channels, all summed at the
finest. Group norm (Wu and He, 2018) does not depend on the batch, which here is four crops.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.errors import InputError
from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.hypercolumns import hypercolumns
from mmtutorial.networks.timm_encoder import TimmEncoder

_CHANNELS = 48
_GROUPS = 8


class MultiScaleSegmenter(Segmenter):
    """An encoder of timm and a multi-scale head, whose scores are enlarged to the image.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: from random weights.
    """

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        if not isinstance(encoder, TimmEncoder):
            raise InputError(f"the head multiscale does not fit {type(encoder).__name__}; use the head fcn")
        self.encoder, self._finest = encoder, encoder.strides[0]
        self.head = MultiScaleHead(encoder.widths, classes)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """Return (N, K, H, W) scores of images (N, 3, H, W), or (N, K, P) at points (N, P, 2)."""
        scores = self.head(self.encoder.feature_maps(images)).float()
        height, width = images.shape[-2:]
        # The maps are those of the padded image: enlarge first, then cut the padding off.
        scores = F.interpolate(scores, scale_factor=float(self._finest), mode="bilinear", align_corners=False)
        scores = scores[..., :height, :width]
        return scores if points is None else hypercolumns([scores], points).transpose(1, 2)


class MultiScaleHead(nn.Module):
    """Each map to 48 channels, all added up at the finest, mixed by a 3x3 convolution, and scored."""

    def __init__(self, widths: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(_normed(width, _CHANNELS, kernel=1) for width in widths)
        self.mix = nn.Sequential(nn.ReLU(), _normed(_CHANNELS, _CHANNELS, kernel=3), nn.ReLU())
        self.scores = nn.Conv2d(_CHANNELS, classes, 1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return scores (N, K, h, w) at the size of the first of maps (N, C, h, w)."""
        narrow = [layer(m) for layer, m in zip(self.narrow, maps, strict=True)]
        size = narrow[0].shape[-2:]
        joint = sum((F.interpolate(m, size, mode="bilinear", align_corners=False) for m in narrow[1:]), narrow[0])
        scores: Tensor = self.scores(self.mix(joint))
        return scores


def _normed(inputs: int, outputs: int, *, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(_GROUPS, outputs))
