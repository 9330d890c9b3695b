"""``--set tuning.margin=0.5``: change single numbers of a preset, checked against their types."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import fields
from typing import Any, Literal

from mmtutorial.errors import InputError, unknown
from mmtutorial.settings.bounds import fault_of
from mmtutorial.settings.budgets import Preset


def override(preset: Preset, changes: dict[str, str]) -> Preset:
    """A preset with some fields changed.

    Args:
        preset: where to start.
        changes: path to a field -> value as text, such as ``{"tuning.margin": "0.5"}``.

    Raises:
        InputError: no such field, or the text is not a value of its type.
    """
    for path, text in changes.items():
        preset = _replaced(preset, path.split("."), text, path)
    preset.check()
    return preset


def _replaced(node: Any, keys: list[str], text: str, path: str) -> Any:
    hints = typing.get_type_hints(type(node))
    names = [f.name for f in fields(node)]
    if keys[0] not in names:
        above = path.split(".")[: -len(keys)]
        raise unknown("setting", path, [".".join([*above, name]) for name in names])
    if len(keys) > 1 and dataclasses.is_dataclass(hints[keys[0]]):
        value: Any = _replaced(getattr(node, keys[0]), keys[1:], text, path)
    elif len(keys) == 1 and not dataclasses.is_dataclass(hints[keys[0]]):
        value = _parsed(hints[keys[0]], text, path)
        fault = fault_of(type(node), keys[0], value)
        if fault:
            raise InputError(f"setting {path}={text!r} is out of bounds; give {fault}")
    else:
        raise InputError(f"setting '{path}' does not name one value; write it as in tuning.margin=0.5")
    return dataclasses.replace(node, **{keys[0]: value})


def _parsed(kind: Any, text: str, path: str) -> Any:
    """The value of a text for a field's type: a number, a flag, a choice, or numbers with commas between."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    try:
        if origin in (types.UnionType, typing.Union):
            return None if text.lower() == "none" else _parsed(arguments[0], text, path)
        if origin is tuple:
            numbers = tuple(arguments[0](part) for part in text.split(",") if part)
            if arguments[-1] is not Ellipsis and len(numbers) != len(arguments):
                raise InputError(f"setting {path}={text!r} is not {len(arguments)} numbers with a comma between")
            return numbers
        if origin is Literal:
            if text not in arguments:
                raise unknown(f"value of {path}", text, arguments)
            return text
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        if kind is int and int(text) < 1:
            raise InputError(f"setting {path}={text!r} is too small; give 1 or more")
        return kind(text)
    except (KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        expected = "numbers with commas between" if origin is tuple else getattr(kind, "__name__", str(kind))
        raise InputError(f"setting {path}={text!r} is not a value of its type; give {expected}") from None
