"""Split-brain: two encoders of half width side by side, one for lightness and one for colour (Zhang et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from mmtutorial.errors import InputError
from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.lab_colours import prepare_lab


class SplitEncoder(Encoder):
    """Two encoders that share no weight; their feature maps are put together layer by layer.

    To what comes after pre-training it is an encoder like any other: it takes colour images and gives maps of
    the full widths.

    Attributes:
        lightness: sees L* alone.
        colour: sees a* and b* alone.
    """

    in_channels = 3

    def __init__(self, lightness: Encoder, colour: Encoder) -> None:
        """Put two halves together.

        Args:
            lightness: of 1 input channel.
            colour: of 2 input channels, else built alike.

        Raises:
            InputError: the halves have other inputs, or their maps do not fit together.
        """
        super().__init__()
        if (lightness.in_channels, colour.in_channels) != (1, 2):
            raise InputError(
                f"the halves of a split network see {lightness.in_channels} and {colour.in_channels} channels; "
                "give a half for lightness (1 channel), then one for colour (2 channels)"
            )
        if lightness.stride != colour.stride or len(lightness.widths) != len(colour.widths):
            raise InputError("the halves of a split network differ in stride or layers; build both alike")
        self.lightness, self.colour = lightness, colour
        self.batch_norm, self.stride = lightness.batch_norm, lightness.stride
        self.widths = tuple(a + b for a, b in zip(lightness.widths, colour.widths, strict=True))
        self.width = self.widths[-1]

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Return every layer's output of both halves, finest first, of images (N, 3, H, W), uint8 or float 0..1."""
        return self.maps_of_prepared(prepare_lab(images))

    def maps_of_prepared(self, inputs: Tensor) -> list[Tensor]:
        """Return every layer's output, lightness before colour, of centred L*, a* and b* (N, 3, H, W)."""
        lightness = self.lightness.maps_of_prepared(inputs[:, :1])
        colour = self.colour.maps_of_prepared(inputs[:, 1:])
        return [torch.cat(maps, dim=1) for maps in zip(lightness, colour, strict=True)]
