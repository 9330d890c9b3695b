"""Text that comes from outside, made fit to be kept."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

T = TypeVar("T")


def storable(value: T) -> T:
    r"""Return a text, or a record or a tuple with texts, as UTF-8 can hold it: halves of characters are written out.

    JSON and Python's ``str`` may hold such halves (lone surrogates), and no file and no page can.

    Example:
        >>> print(storable(("fine", "\ud800")))
        ('fine', '\\ud800')
    """
    found: Any = value
    if isinstance(value, str):
        found = value.encode("utf-8", "backslashreplace").decode("utf-8")
    elif isinstance(value, tuple):
        found = tuple(storable(part) for part in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        found = dataclasses.replace(value, **{name: storable(getattr(value, name)) for name in names})
    return found  # type: ignore[no-any-return]
