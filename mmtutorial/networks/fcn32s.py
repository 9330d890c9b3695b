"""The paper's segmentation head for AlexNet: FCN-32s (Long et al., 2015) with batch norm."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.hypercolumns import hypercolumns
from mmtutorial.networks.layers import he_initial


class FCN32s(Segmenter):
    """AlexNet's fully connected layers as convolutions, scores 32 pixels apart, enlarged to the image.

    Source: ``Alexnet/*/finetune_seg.prototxt`` of XiaohangZhan/mix-and-match: fc6 (6x6, 4,096 channels, padding
    3), fc7 (1x1, 4,096), each with batch norm (no learned scale and shift), ReLU and dropout of one half, then
    scores and a bilinear enlargement. The head has batch norm whether or not the encoder has it.

    Attributes:
        encoder: the network that pre-training and tuning shaped.
        head: fc6, fc7 and the scores, always from random weights, as in the authors' code.
    """

    def __init__(self, encoder: Encoder, classes: int, *, hidden: int = 4096) -> None:
        super().__init__()
        self.encoder = encoder
        scores = nn.Conv2d(hidden, classes, 1)
        self.head = nn.Sequential(
            *_fully_connected(encoder.width, hidden, kernel=6, padding=3),
            *_fully_connected(hidden, hidden, kernel=1, padding=0),
            scores,
        )
        he_initial(self.head)
        # As in the authors' file. With He's spread the first scores would be confident guesses.
        nn.init.normal_(scores.weight, std=0.01)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """Return (N, K, H, W) scores of images (N, 3, H, W), or (N, K, P) at points (N, P, 2)."""
        scores = self.head(self.encoder(images)).float()
        if points is not None:
            return hypercolumns([scores], points).transpose(1, 2)
        return F.interpolate(scores, images.shape[-2:], mode="bilinear", align_corners=False)


def _fully_connected(inputs: int, outputs: int, *, kernel: int, padding: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False)
    return [convolution, nn.BatchNorm2d(outputs, affine=False), nn.ReLU(), nn.Dropout(0.5)]
