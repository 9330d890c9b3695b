"""Answers as plain data: numbers, text, tensors as bytes, and lists and dictionaries of these.

A question goes to the side that holds the learner's function, and an answer comes back, as bytes that hold no code
(JSON; nothing is pickled). So whatever an object does when it is printed, measured or compared, it does on that side,
where it can be stopped; and the side that judges sees data alone. It has to do with any bytes whatever.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, ItemsView, KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Far above every answer that an exercise asks for, far below what would fill the memory.
MOST_VALUES = 200_000
MOST_BYTES = 2**25
DEEPEST = 20
# Python itself refuses to write integers of more than 4,300 digits.
_MOST_BITS = 14_000
_LONGEST_TEXT = 1000

_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}


class TooLarge(Exception):
    """A value has more parts, or parts within parts, than any exercise asks for."""


class Unreadable(ValueError):
    """Bytes that are no value."""


@dataclass(frozen=True)
class Function:
    """A function among the values of an answer. It stays where it is, and is called by its number."""

    number: int
    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Unknown:
    """A value that is no plain data: what it is called and how it prints, no more."""

    kind: str
    text: str

    def __repr__(self) -> str:
        return self.text


def encode(value: Any, keep: Callable[[Callable[..., Any]], int] | None = None) -> bytes:
    """Write a value as bytes.

    Args:
        value: anything. What is no plain data becomes :class:`Unknown`; what has ``__array__`` or ``__float__``, a
            tensor or a number.
        keep: takes a function found in the value and gives it a number; without it, functions are unknown values.

    Raises:
        TooLarge: the value has too many parts.
    """
    return json.dumps(_Writer(keep).tree(value, 0), separators=(",", ":")).encode()


def decode(data: bytes) -> Any:
    """Read a value written by :func:`encode`.

    Raises:
        Unreadable: the bytes are something else.
    """
    try:
        return _value(json.loads(data))
    except (ValueError, TypeError, KeyError, RuntimeError, OverflowError, RecursionError) as error:
        raise Unreadable(f"no plain data: {error}") from None


def text_of(value: object) -> str:
    """Return how a value prints, cut off where it is long, whatever its ``__repr__`` does."""
    try:
        return repr(value)[:_LONGEST_TEXT]
    except Exception as error:
        return f"<{type(value).__name__}, whose __repr__ raises {type(error).__name__}>"


class _Writer:
    """Turns values into what JSON knows: lists as they are, everything else that has parts as ``{kind: parts}``."""

    def __init__(self, keep: Callable[[Callable[..., Any]], int] | None) -> None:
        self._keep, self._left = keep, MOST_VALUES

    def tree(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise TooLarge(f"an answer of more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise TooLarge(f"an answer of lists within lists, more than {DEEPEST} deep")
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, int):
            return value if value.bit_length() < _MOST_BITS else self._unknown(value, "an int of thousands of digits")
        if isinstance(value, str):
            return value[:_LONGEST_TEXT]
        if isinstance(value, (list, tuple)):
            parts = [self.tree(part, depth + 1) for part in value]
            return parts if isinstance(value, list) else {"tuple": parts}
        return self._other(value, depth)

    def _other(self, value: Any, depth: int) -> Any:
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, torch.Generator):
            return {"generator": _packed(value.get_state())}
        if isinstance(value, np.generic):
            single = value.item()  # of a long double again one
            return self.tree(float(single) if isinstance(single, np.longdouble) else single, depth + 1)
        if hasattr(type(value), "__array__"):
            return self._array(np.asarray(value), depth)
        if isinstance(value, Mapping):
            return {"dict": [[self.tree(part, depth + 1) for part in pair] for pair in value.items()]}
        if isinstance(value, Sequence | KeysView | ValuesView | ItemsView) and not isinstance(value, bytes):
            return [self.tree(part, depth + 1) for part in value]
        if hasattr(type(value), "__float__"):
            return self._number(value)
        if callable(value) and self._keep is not None:
            return {"function": [self._keep(value), text_of(value)]}
        return self._unknown(value, text_of(value))

    def _tensor(self, tensor: Tensor) -> Any:
        if tensor.numel() * tensor.element_size() > MOST_BYTES:
            raise TooLarge(f"a tensor of shape {tuple(tensor.shape)}")
        plain = tensor.detach().cpu().to_dense().resolve_conj().resolve_neg()
        name = str(plain.dtype).removeprefix("torch.")
        return {"tensor": [name, list(plain.shape), bool(tensor.requires_grad), _packed(plain)]}

    def _array(self, array: np.ndarray, depth: int) -> Any:
        if array.dtype.kind not in "biufc":
            return self.tree(array.tolist(), depth + 1)
        if array.nbytes > MOST_BYTES:
            raise TooLarge(f"an array of shape {array.shape}")
        # In this machine's order of bytes, and in types that torch knows.
        known = np.float64 if array.dtype == np.longdouble else array.dtype.newbyteorder("=")
        return self._tensor(torch.from_numpy(np.array(array, dtype=known, order="C")))

    def _number(self, value: Any) -> Any:
        try:
            return float(value)
        except OverflowError:
            return self._unknown(value, text_of(value))

    def _unknown(self, value: object, text: str) -> Any:
        return {"unknown": [type(value).__name__, text]}


def _packed(tensor: Tensor) -> str:
    return base64.b64encode(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()).decode()


def _unpacked(text: str, dtype: torch.dtype, shape: Sequence[int]) -> Tensor:
    # A bytearray, for torch warns of memory that must not be written.
    data = bytearray(base64.b64decode(text, validate=True))
    flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    return flat.reshape(tuple(shape))


def _value(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_value(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    [(kind, parts)] = tree.items()
    return _READERS[kind](parts)


def _read_tensor(parts: Any) -> Tensor:
    name, shape, requires_grad, data = parts
    return _unpacked(data, _DTYPES[name], shape).requires_grad_(requires_grad)


def _read_generator(parts: Any) -> torch.Generator:
    generator = torch.Generator()
    generator.set_state(_unpacked(parts, torch.uint8, [-1]))
    return generator


def _read_function(number: Any, text: Any) -> Function:
    return Function(int(number), str(text))


def _read_unknown(kind: Any, text: Any) -> Unknown:
    return Unknown(str(kind), str(text))


_READERS: dict[str, Callable[[Any], Any]] = {
    "tuple": lambda parts: tuple(map(_value, parts)),
    "dict": lambda parts: {_value(key): _value(value) for key, value in parts},
    "tensor": _read_tensor,
    "generator": _read_generator,
    "function": lambda parts: _read_function(*parts),
    "unknown": lambda parts: _read_unknown(*parts),
}
