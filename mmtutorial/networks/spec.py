"""From the names of an encoder, an input and a head to the network: what a checkpoint writes down of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from mmtutorial.errors import unknown
from mmtutorial.networks.alexnet import AlexNet
from mmtutorial.networks.context import PaperContext
from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.fcn import FCN
from mmtutorial.networks.fcn32s import FCN32s
from mmtutorial.networks.hypercolumn_head import HypercolumnSegmenter
from mmtutorial.networks.linear import LinearSegmenter
from mmtutorial.networks.multiscale import MultiScaleSegmenter
from mmtutorial.networks.split import SplitEncoder
from mmtutorial.networks.timm_encoder import ARCHITECTURES, encoder_of
from mmtutorial.networks.tiny import TinyEncoder
from mmtutorial.networks.torchvision_encoder import VGG16, TorchvisionAlexNet

HeadName = Literal["fcn", "hypercolumn", "multiscale", "linear"]
Input = Literal["rgb", "grey", "split"]

_CHANNELS = {"rgb": 3, "grey": 1}
_TRUNKS: dict[str, Callable[..., Encoder]] = {
    "tiny": TinyEncoder,
    "alexnet": AlexNet,
    "alexnet-tv": TorchvisionAlexNet,
    "vgg16": VGG16,
}

ENCODERS = (*_TRUNKS, *ARCHITECTURES)
"""Names of encoders; beside them those of timm, with ``timm:`` in front."""


@dataclass(frozen=True)
class NetworkSpec:
    """All it takes to build a network anew and load its weights.

    Attributes:
        encoder: the trunk: ``tiny``, ``alexnet``, ``alexnet-tv``, ``vgg16``, ``lite0``, or ``timm:`` and timm's name.
        head: how features become scores of classes.
        input: ``rgb``; ``grey``; or ``split``, two halves that see lightness and colour.
        batch_norm: whether the encoder has it.
    """

    encoder: str = "tiny"
    head: HeadName = "fcn"
    input: Input = "rgb"
    batch_norm: bool = True


def make_encoder(spec: NetworkSpec) -> Encoder:
    """Return an encoder with random weights, drawn from torch's global generator.

    Raises:
        InputError: no such encoder or input.
    """
    if spec.input == "split":
        return SplitEncoder(_trunk(spec, in_channels=1, share=0.5), _trunk(spec, in_channels=2, share=0.5))
    if spec.input not in _CHANNELS:
        raise unknown("input", spec.input, [*_CHANNELS, "split"])
    return _trunk(spec, in_channels=_CHANNELS[spec.input])


def _trunk(spec: NetworkSpec, *, in_channels: int, share: float = 1.0) -> Encoder:
    """Return a trunk that sees some channels, with a share of its full widths."""
    build = _TRUNKS.get(spec.encoder) or encoder_of(spec.encoder)
    if build is None:
        raise unknown("encoder", spec.encoder, ENCODERS)
    return build(in_channels=in_channels, batch_norm=spec.batch_norm, share=share)


def make_network(encoder: Encoder, spec: NetworkSpec, classes: int) -> Segmenter:
    """A segmentation network: ``encoder`` and a head with random weights.

    The heads ``fcn`` and ``hypercolumn`` are small for tiny, and the paper's for the others.

    Raises:
        InputError: no such head.
    """
    small = spec.encoder == "tiny"
    if spec.head == "fcn":
        return FCN(encoder, classes) if small else FCN32s(encoder, classes)
    if spec.head == "hypercolumn":
        if small:
            return HypercolumnSegmenter(encoder, classes)
        return HypercolumnSegmenter(encoder, classes, context=PaperContext(encoder), hidden=1024)
    if spec.head == "multiscale":
        return MultiScaleSegmenter(encoder, classes)
    if spec.head == "linear":
        return LinearSegmenter(encoder, classes)
    raise unknown("head", spec.head, get_args(HeadName))
