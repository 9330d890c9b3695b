"""What a reader can change: declared once, used by the shell, by the tests and by the scrubber."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from mmtutorial.errors import InputError


class State(Mapping[str, Any]):
    """One setting of all controls. It cannot be changed; :meth:`with_` gives a changed copy."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return f"State({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"

    def with_(self, **changes: Any) -> State:
        """Return a copy with some values changed; they are checked where the copy is used."""
        return State({**self._values, **changes})


@dataclass(frozen=True)
class Slider:
    """A number between two ends. It is a whole number where ends, step and default are whole numbers.

    Attributes:
        name: Its name in the state.
        description: What stands beside it.
        low: Least value.
        high: Greatest value.
        default: Value at first.
        step: Distance of neighbouring values.
    """

    name: str
    description: str
    low: float
    high: float
    default: float
    step: float = 1

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return all(isinstance(v, int) for v in (self.low, self.high, self.default, self.step))

    def check(self, value: Any) -> Any:
        """Return the value, or raise InputError with the range."""
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not self.low <= value <= self.high or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            raise InputError(f"{self.name} is {value!r}; give {kind} from {self.low} to {self.high}")
        return int(value) if self.whole else float(value)

    def samples(self, most: int = 5) -> list[Any]:
        """Return values over the whole range, both ends and the default among them."""
        steps = round((self.high - self.low) / self.step)
        places = {round(i * steps / max(1, most - 1)) for i in range(most)}
        values = {self.low + place * self.step for place in places} | {self.default, self.low, self.high}
        return sorted(self.check(min(self.high, value)) for value in values)


@dataclass(frozen=True)
class Choice:
    """One of a few values.

    Attributes:
        name: Its name in the state.
        description: What stands beside it.
        options: The values, texts or numbers.
        default: Value at first.
    """

    name: str
    description: str
    options: Sequence[Any]
    default: Any

    def check(self, value: Any) -> Any:
        """Return the value, or raise InputError with the options."""
        if value not in self.options:
            known = ", ".join(str(option) for option in self.options)
            raise InputError(f"{self.name} is {value!r}; choose one of: {known}")
        return value

    def samples(self, most: int = 5) -> list[Any]:
        """Return all options."""
        return list(self.options)


@dataclass(frozen=True)
class Toggle:
    """On or off.

    Attributes:
        name: Its name in the state.
        description: What stands beside it.
        default: Value at first.
    """

    name: str
    description: str
    default: bool = False

    def check(self, value: Any) -> Any:
        """Return the value, or raise InputError."""
        if not isinstance(value, bool):
            raise InputError(f"{self.name} is {value!r}; give True or False")
        return value

    def samples(self, most: int = 5) -> list[Any]:
        """Return both values."""
        return [False, True]


@dataclass(frozen=True)
class Memory:
    """What buttons remember: whole numbers in the order in which they were added. It has no control of its own.

    Attributes:
        name: Its name in the state.
        description: What is remembered.
        default: Value at first.
    """

    name: str
    description: str
    default: tuple[int, ...] = ()

    def check(self, value: Any) -> Any:
        """Return the value as a tuple, or raises InputError."""
        if isinstance(value, str) or not isinstance(value, Sequence) or not all(type(v) is int for v in value):
            raise InputError(f"{self.name} is {value!r}; give a list of whole numbers")
        return tuple(value)

    def samples(self, most: int = 5) -> list[Any]:
        """Return the default alone."""
        return [self.default]


@dataclass(frozen=True)
class Button:
    """Changes the state when pressed; it has no value of its own.

    Attributes:
        name: Its name.
        description: What stands on it.
        press: Gives the values that change, from the state before.
    """

    name: str
    description: str
    press: Callable[[State], Mapping[str, Any]]


@dataclass(frozen=True)
class Play:
    """Runs a slider from its low end to its high end.

    Attributes:
        name: Its name.
        description: What stands beside it.
        slider: Name of the slider.
        milliseconds: Time between two values.
    """

    name: str
    description: str
    slider: str
    milliseconds: int = 700


Valued = Slider | Choice | Toggle | Memory
Control = Valued | Button | Play


def valued(controls: Sequence[Control]) -> list[Valued]:
    """Return the controls that have a value in the state."""
    return [control for control in controls if isinstance(control, Slider | Choice | Toggle | Memory)]


def make_state(controls: Sequence[Control], values: Mapping[str, Any]) -> State:
    """Check values against the controls and add the defaults.

    Args:
        controls: The controls of an explorer.
        values: Some or all values by name.

    Raises:
        InputError: A name is unknown, or a value is out of its control's range.
    """
    known = {control.name: control for control in valued(controls)}
    for name in values:
        if name not in known:
            raise InputError(f"there is no control '{name}'; there are: {', '.join(known)}")
    return State({name: control.check(values.get(name, control.default)) for name, control in known.items()})


def specification(controls: Sequence[Control]) -> list[dict[str, Any]]:
    """Return controls as plain data: their attributes, and of what ``kind`` each is.

    Example:
        >>> specification([Toggle("equal", "as many")])
        [{'kind': 'toggle', 'name': 'equal', 'description': 'as many', 'default': False}]
    """
    made = []
    for control in controls:
        values = {f.name: getattr(control, f.name) for f in fields(control)}
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if not callable(v)}
        made.append({"kind": type(control).__name__.lower(), **plain})
    return made
