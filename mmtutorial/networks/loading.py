"""Weights from a file into a module: all of them, of the right shapes and types, and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from mmtutorial.errors import InputError


def load_weights(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put tensors into a module.

    Args:
        module: what they are for.
        tensors: by the names of ``module.state_dict()``.
        path: the file that they come from, for the message.

    Raises:
        InputError: they do not fit the module, or hold a number that is infinite or none. The module is as it was.
    """
    fault = _fault(module.state_dict(), tensors)
    if fault:
        raise InputError(f"{path} does not fit its network: {fault}; give a file that mmtutorial wrote for it")
    module.load_state_dict(dict(tensors))


def _fault(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """Return the first thing that is wrong; empty where nothing is."""
    missing, foreign = wanted.keys() - given.keys(), given.keys() - wanted.keys()
    if missing or foreign:
        name, count = min(missing or foreign), len(missing or foreign)
        others = f" and {count - 1} more" if count > 1 else ""
        return f"it {'lacks' if missing else 'has no place for'} the tensor {name}{others}"
    for name, tensor in given.items():
        like = wanted[name]
        if tensor.shape != like.shape or tensor.dtype != like.dtype:
            return f"{name} is {_kind(tensor)}, expected {_kind(like)}"
        if not torch.isfinite(tensor).all():
            return f"{name} holds a number that is infinite or none"
    return ""


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {'x'.join(map(str, tensor.shape)) or 'single'}"
