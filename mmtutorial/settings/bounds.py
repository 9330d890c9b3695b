"""Which numbers a setting may have, said beside the setting: ``steps: Annotated[int, Within(1, 1e8)]``."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from mmtutorial.errors import InputError


@dataclass(frozen=True)
class Within:
    """The least and the largest number allowed, or one above the least; several numbers must not fall.

    Attributes:
        low: least number.
        high: largest number.
        above: whether ``low`` itself is too small.
    """

    low: float
    high: float
    above: bool = False

    def fault(self, value: Any) -> str:
        """What to give in place of a number, a tuple of numbers or None; empty where that is allowed."""
        numbers = value if isinstance(value, tuple) else () if value is None else (value,)
        for number in numbers:
            if not math.isfinite(number):
                return "a finite number"
            if number < self.low or (self.above and number == self.low):
                return f"more than {self.low:g}" if self.above else f"{self.low:g} or more"
            if number > self.high:
                return f"{self.high:.10g} or less"
        return "" if list(numbers) == sorted(numbers) else "the smaller number first"


def fault_of(record: type, name: str, value: Any) -> str:
    """What to give in place of a value of a record's field; empty where it is allowed."""
    return "".join(bound.fault(value) for bound in _bounds(get_type_hints(record, include_extras=True)[name]))


def _bounds(hint: Any) -> list[Within]:
    """The bounds in a hint, such as of ``Annotated[int, Within(1, 9)] | None``."""
    if get_origin(hint) is Annotated:
        return [extra for extra in get_args(hint)[1:] if isinstance(extra, Within)]
    return [bound for part in get_args(hint) for bound in _bounds(part)]


class Bounded:
    """A dataclass whose fields are checked when it is made.

    Raises:
        InputError: a value is out of the bounds of its field.
    """

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            fault = fault_of(type(self), field.name, value)
            if fault:
                raise InputError(f"{field.name} is {value}; give {fault}")
