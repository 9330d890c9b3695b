"""From the names of an encoder, an input and a head to the network: what a checkpoint writes down of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmtutorial.errors import unknown
from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.fcn import FCN
from mmtutorial.networks.tiny import TinyEncoder

EncoderName = Literal["tiny", "alexnet", "vgg16"]
HeadName = Literal["fcn", "hypercolumn"]
Input = Literal["rgb", "grey", "split"]

_CHANNELS = {"rgb": 3, "grey": 1}


@dataclass(frozen=True)
class NetworkSpec:
    """All it takes to build a network anew and load its weights.

    Attributes:
        encoder: the trunk.
        head: how features become scores of classes.
        input: ``rgb``; ``grey``; or ``split``, two halves that see lightness and colour.
        batch_norm: whether the encoder has it.
    """

    encoder: EncoderName = "tiny"
    head: HeadName = "fcn"
    input: Input = "rgb"
    batch_norm: bool = True


def make_encoder(spec: NetworkSpec) -> Encoder:
    """An encoder with random weights, drawn from torch's global generator.

    Raises:
        InputError: no such encoder or input.
    """
    if spec.input not in _CHANNELS:
        raise unknown("input", spec.input, _CHANNELS)
    if spec.encoder == "tiny":
        return TinyEncoder(in_channels=_CHANNELS[spec.input], batch_norm=spec.batch_norm)
    raise unknown("encoder", spec.encoder, ["tiny"])


def make_network(encoder: Encoder, spec: NetworkSpec, classes: int) -> Segmenter:
    """A segmentation network: ``encoder`` and a head with random weights.

    Raises:
        InputError: no such head.
    """
    if spec.head == "fcn":
        return FCN(encoder, classes)
    raise unknown("head", spec.head, ["fcn"])
