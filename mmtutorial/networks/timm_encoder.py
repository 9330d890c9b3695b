"""Any network of timm that gives feature maps, as an encoder: EfficientNet-Lite0, ResNets, ConvNeXts, ViTs...

Source: Wightman, PyTorch Image Models (timm), with ``features_only``; Tan and Le, 2019 (EfficientNet); its Lite
variants leave out squeeze-and-excitation and swish, so that they run fast on small machines.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.errors import InputError, unknown
from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.inputs import renormalised

PREFIX = "timm:"
"""Of the names of encoders that timm knows by what follows: ``timm:convnext_tiny``."""

# Finer maps cost time and hold edges, not classes.
_FINEST = 8


class TimmEncoder(Encoder):
    """The maps of a timm network at a stride of 8 pixels or more; of a vision transformer, those of its last blocks.

    Images are padded at the right and at the bottom to a multiple of the coarsest stride, with what a normalised
    image has in its middle, so that the maps lie on one another exactly and networks of fixed patches take any size.

    Attributes:
        name: as the command line has it.
        body: timm's network, under timm's names of weights.
        config: what timm says of the network and its weights.
        strides: image pixels per step of every map.
        frozen_norm: whether batch norm keeps the mean and spread that it came with. Small batches of a few photos
            would replace those of a million.
    """

    def __init__(
        self, name: str, architecture: str, *, in_channels: int = 3, batch_norm: bool = True, share: float = 1.0
    ) -> None:
        """Build the network with timm's random weights.

        Args:
            name: in messages.
            architecture: timm's name, with or without a tag of weights; a tag decides how colours are normalised.
            in_channels: 3 for colour, 1 for grey.
            batch_norm: true; norms are as timm has them.
            share: 1; timm's networks come at full width.

        Raises:
            InputError: timm is not installed, has no such network, or none that gives feature maps; or an option.
        """
        super().__init__()
        if share != 1.0 or not batch_norm:
            what = f"at share {share:g}" if batch_norm else "without batch norm"
            raise InputError(f"{name} cannot be had {what}; use the network tiny or alexnet")
        self.name, self.architecture, self.in_channels = name, architecture, in_channels
        self.body = build(architecture, name, in_channels)
        info: Any = self.body.feature_info
        self.config: Mapping[str, Any] = self.body.pretrained_cfg  # type: ignore[assignment]
        self._kept = [place for place, stride in enumerate(info.reduction()) if stride >= _FINEST]
        self.strides = tuple(int(info.reduction()[place]) for place in self._kept)
        self.widths = tuple(int(info.channels()[place]) for place in self._kept)
        if not self.widths:
            raise InputError(f"{name} gives no feature maps at a stride of {_FINEST} pixels or more; choose another")
        self.stride, self.width = self.strides[-1], self.widths[-1]
        self._norms = [module for module in self.body.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
        self.batch_norm, self.frozen_norm = bool(self._norms), False
        mean, std = (tuple(self.config[key]) for key in ("mean", "std"))
        if in_channels == 1:
            mean, std = (sum(mean) / len(mean),), (sum(std) / len(std),)
        self._normalise = partial(renormalised, mean=mean, std=std)
        self._channels_last = "NHWC" in str(getattr(self.body, "output_fmt", "NCHW"))

    def train(self, mode: bool = True) -> TimmEncoder:
        """Set training mode, in which frozen batch norm stays as it is."""
        super().train(mode)
        for norm in self._norms if self.frozen_norm else ():
            norm.eval()
        return self

    def freeze_early(self) -> None:
        """Keep all weights behind the finest map as they are: edges and textures are the same on all photos.

        Training is faster so, as no gradient has to go back to the image.
        """
        image = torch.zeros(1, self.in_channels, *(2 * [max(self.strides)]))
        weights, training = list(self.parameters()), self.training
        self.eval()  # Else batch norm would take this image for one to learn from.
        with torch.enable_grad():
            finest = self.maps_of_prepared(image)[0].sum()
            gradients = torch.autograd.grad(finest, weights, allow_unused=True)
        self.train(training)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.requires_grad_(gradient is None)

    def maps_of_prepared(self, inputs: Tensor) -> list[Tensor]:
        """Return the maps, finest first, of centred inputs (N, in_channels, H, W): (N, C, ceil(H / stride), ...)."""
        inputs = self._normalise(inputs).contiguous(memory_format=torch.channels_last)
        height, width = inputs.shape[-2:]
        coarsest = max(self.strides)
        padded = F.pad(inputs, (0, -width % coarsest, 0, -height % coarsest))
        found = self.body(padded)
        maps = [found[place] for place in self._kept]
        return [m.permute(0, 3, 1, 2) for m in maps] if self._channels_last else maps


def build(architecture: str, name: str, in_channels: int) -> nn.Module:
    """Build a network of timm that returns feature maps.

    Raises:
        InputError: timm is not installed, has no such network, or none that gives feature maps.
    """
    timm = require_timm(name)
    base, _, tag = architecture.partition(".")
    if not timm.is_model(base):
        near = difflib.get_close_matches(base, timm.list_models(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "python -c 'import timm; print(timm.list_models())'"
        raise InputError(f"timm has no network '{base}'; {hint}")
    if tag and architecture not in (tagged := timm.list_pretrained(f"{base}.*")):
        raise unknown(f"weights of {base} in timm", architecture, [base, *tagged])
    try:
        return create(architecture, in_channels)
    except (AssertionError, AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{name} gives no feature maps ({str(error) or type(error).__name__}); choose another network of timm"
        ) from None


def create(architecture: str, in_channels: int, **options: Any) -> nn.Module:
    """Call ``timm.create_model`` for feature maps, whatever it may raise."""
    create_model = partial(require_timm(architecture).create_model, architecture, features_only=True, **options)
    try:
        # Vision transformers take images of one size otherwise. Other networks do not know the word.
        body = create_model(in_chans=in_channels, dynamic_img_size=True)
    except TypeError:
        body = create_model(in_chans=in_channels)
    assert isinstance(body, nn.Module)
    return body


def require_timm(name: str) -> ModuleType:
    """Return timm.

    Raises:
        InputError: it is not installed; ``name`` says what needs it.
    """
    try:
        import timm
    except ImportError:
        raise InputError(
            f"the network {name} needs timm, which is not installed; pip install 'mmtutorial[photos]', "
            "or choose --network tiny"
        ) from None
    assert isinstance(timm, ModuleType)
    return timm


def encoder_of(name: str) -> Callable[..., TimmEncoder] | None:
    """Return what builds the encoder of a name such as ``lite0`` or ``timm:convnext_tiny``; None for other names."""
    architecture = ARCHITECTURES.get(name) or (name.removeprefix(PREFIX) if name.startswith(PREFIX) else None)
    return partial(TimmEncoder, name, architecture) if architecture else None


# "tf": as TensorFlow pads and normalises, which is how its weights were trained.
ARCHITECTURES: Mapping[str, str] = {"lite0": "tf_efficientnet_lite0"}
"""timm's names of the networks that have a name of their own here."""
