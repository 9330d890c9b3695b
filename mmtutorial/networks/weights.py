"""Weights that others trained: torchvision's on ImageNet, made to fit our inputs, and those of timm's networks."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from textwrap import shorten
from urllib.parse import urlparse

import torch
from torch import Tensor
from torchvision.models import AlexNet_Weights, VGG16_BN_Weights, VGG16_Weights, WeightsEnum

from mmtutorial.errors import InputError
from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.inputs import prepare
from mmtutorial.networks.spec import NetworkSpec, make_encoder
from mmtutorial.networks.timm_encoder import TimmEncoder
from mmtutorial.networks.timm_weights import load_pretrained
from mmtutorial.networks.torchvision_encoder import VGG16, TorchvisionAlexNet, TorchvisionEncoder


def imagenet_encoder(spec: NetworkSpec, file: str | None = None) -> Encoder:
    """Return an encoder with weights that others trained, on ImageNet's labels mostly.

    Args:
        spec: the network; torchvision or timm says where its weights are.
        file: weights for a network of timm, in place of those that belong to it.

    Raises:
        InputError: as :func:`load_imagenet` or :func:`~mmtutorial.networks.timm_weights.load_pretrained`, or there is
            no such encoder, or it takes no file.
    """
    encoder = make_encoder(spec)
    if isinstance(encoder, TimmEncoder):
        load_pretrained(encoder, None if file is None else Path(file))
    elif file is not None:
        raise InputError(f"--weights {file} does not go with the network {spec.encoder}; choose lite0 or timm:NAME")
    else:
        load_imagenet(encoder)
    return encoder


def load_imagenet(encoder: Encoder) -> None:
    """Put torchvision's ImageNet weights into an encoder, downloading them once.

    Our inputs are centred in another way than torchvision's; the first convolution makes up for it. Away from the
    borders outputs are those of torchvision's network. At a border its padding means ImageNet's mean colour, and ours
    a middle grey, 0.2 of a standard deviation off at most.

    Raises:
        InputError: there are no such weights for this encoder, they cannot be downloaded, or the file is damaged.
    """
    weights = _weights_for(encoder)
    assert isinstance(encoder, TorchvisionEncoder)
    found = _downloaded(weights)
    features = {name.removeprefix("features."): value for name, value in found.items() if name.startswith("features.")}
    normalisation = weights.transforms()
    try:
        features["0.weight"], features["0.bias"] = fitted(
            features["0.weight"], features["0.bias"], encoder.in_channels, normalisation.mean, normalisation.std
        )
        encoder.features.load_state_dict(features)
    except (KeyError, RuntimeError) as error:
        raise _damaged(weights, error) from None


def fitted(
    weight: Tensor, bias: Tensor, in_channels: int, mean: list[float], std: list[float]
) -> tuple[Tensor, Tensor]:
    """Weights of a first convolution for our inputs, from weights for colours normalised by ``mean`` and ``std``.

    A colour v in 0..1 comes to us as x = (v - m) / s, and to the convolution as (v - mean) / std, that is
    x s / std + (m - mean) / std. So weights are multiplied by s / std, and the second term, summed up, joins the bias.
    For grey inputs weights are summed over colours: a grey picture is one whose three colours are equal.

    Args:
        weight: (O, 3, k, k).
        bias: (O,).
        in_channels: 3, or 1 for grey.
        mean: of each colour.
        std: of each colour.

    Returns:
        Weights (O, in_channels, k, k) and biases (O,).
    """
    black, white = (float(prepare(torch.full((1, 3, 1, 1), v), 1)) for v in (0.0, 1.0))
    s = 1 / (white - black)
    m = -black * s
    theirs_mean, theirs_std = weight.new_tensor(mean), weight.new_tensor(std)
    bias = bias + weight.sum(dim=(2, 3)) @ ((m - theirs_mean) / theirs_std)
    weight = weight * (s / theirs_std)[:, None, None]
    return weight.sum(dim=1, keepdim=True) if in_channels == 1 else weight, bias


def _weights_for(encoder: Encoder) -> WeightsEnum:
    if isinstance(encoder, TorchvisionAlexNet):
        return AlexNet_Weights.IMAGENET1K_V1
    if isinstance(encoder, VGG16):
        return VGG16_BN_Weights.IMAGENET1K_V1 if encoder.batch_norm else VGG16_Weights.IMAGENET1K_V1
    raise InputError(
        f"there are no ImageNet weights for {type(encoder).__name__}; use the encoder alexnet-tv or vgg16, or lite0"
    )


def weights_file(weights: WeightsEnum) -> Path:
    """Where torch keeps a downloaded file of weights."""
    return Path(torch.hub.get_dir(), "checkpoints", Path(urlparse(weights.url).path).name)


def _downloaded(weights: WeightsEnum) -> dict[str, Tensor]:
    """Tensors by name from the file of weights, which is downloaded, and its checksum compared, if it is not there."""
    file = weights_file(weights)
    try:
        # torch announces a download on standard output, where a program's results belong.
        with redirect_stdout(sys.stderr):
            found: dict[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (OSError, HTTPException, RuntimeError, EOFError, UnpicklingError) as error:
        if file.exists():
            raise _damaged(weights, error) from None
        raise InputError(
            f"cannot download {weights.url} ({shorten(str(error), 100)}); try again, or fetch that file elsewhere "
            f"and put it at {file}"
        ) from None
    return found


def _damaged(weights: WeightsEnum, error: Exception) -> InputError:
    return InputError(
        f"{weights_file(weights)} is damaged ({shorten(str(error), 100)}); delete it and try again: "
        f"it is downloaded anew from {weights.url}"
    )
