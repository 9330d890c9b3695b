"""Answers that are no answer to the question: every exercise refuses them, in words and without an exception."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mmtutorial.classroom import EXERCISES, check
from tests.classroom.answers import ANSWERS
from tests.classroom.ways import no_process


class Raises:
    """Raises wherever it is touched."""

    def _raise(self, *_: object) -> Any:
        raise ZeroDivisionError("touched")

    __repr__ = __float__ = __len__ = __iter__ = __eq__ = __bool__ = __getitem__ = __int__ = __index__ = _raise
    __hash__ = object.__hash__


ODD: dict[str, Any] = {
    "2**70": 2**70,
    "10**400": 10**400,
    "10**5000": 10**5000,
    "inf": math.inf,
    "-inf": -math.inf,
    "nan": math.nan,
    "complex": 1 + 2j,
    "text": "text",
    "text of a number": "1.5",
    "true": True,
    "list of 2**70": [2**70],
    "list of text": ["a", "b"],
    "list of None": [None, None],
    "ragged": [[1], [1, 2]],
    "ragged tensors": [torch.ones(1), torch.ones(2)],
    "list of inf": [math.inf] * 3,
    "two inf": (math.inf, [math.inf]),
    "nested": [[[[[]]]]],
    "dict": {"a": 1},
    "dict of odd keys": {1.5: 2, math.inf: 1, None: 3},
    "dict of text": {"0": "3"},
    "set": {1, 2},
    "bytes": b"abc",
    "generator": (i for i in range(3)),
    "object": object(),
    "raises": Raises(),
    "a function": max,
    "the class Tensor": torch.Tensor,
    "complex tensor": torch.tensor([1j]),
    "empty tensor": torch.empty((0, 0)),
    "tensor of inf": torch.full((3, 3), math.inf),
    "tensor of nan": torch.full((5, 3), math.nan),
    "large whole numbers": torch.full((5, 3), 2**62),
    "unsigned": torch.tensor([[2**64 - 1]], dtype=torch.uint64),
    "many axes": torch.zeros((1,) * 9),
    "sparse": torch.eye(3).to_sparse(),
    "text array": np.array(["a", "b"]),
    "object array": np.array([None, 1], dtype=object),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", EXERCISES)
def test_an_odd_answer_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, answer: Any) -> None:
    no_process(monkeypatch)  # As strict, and quicker.
    result = check(name, lambda *_: answer)
    assert result.state == "wrong"
    assert result.came_out
    assert len(repr(result)) < 3000


def spoilt(answer: Any, spoil: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """An answer of the right form, with other numbers."""
    if isinstance(answer, dict):
        return {key: spoilt(value, spoil) for key, value in answer.items()}
    if isinstance(answer, tuple):
        return tuple(spoilt(part, spoil) for part in answer)
    return spoil(torch.as_tensor(answer))


SPOILS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "nan": lambda tensor: torch.full_like(tensor, math.nan, dtype=torch.float64),
    "inf": lambda tensor: torch.full_like(tensor, math.inf, dtype=torch.float64),
    "-inf": lambda tensor: torch.full_like(tensor, -math.inf, dtype=torch.float64),
    "1e300": lambda tensor: torch.full_like(tensor, 1e300, dtype=torch.float64),
    "2**62": lambda tensor: torch.full_like(tensor, 2**62, dtype=torch.long),
    "-2**63": lambda tensor: torch.full_like(tensor, -(2**63), dtype=torch.long),
    "unsigned": lambda tensor: torch.full_like(tensor, 2**63, dtype=torch.uint64),
    "half more": lambda tensor: tensor.double() + 0.5,
    "complex": lambda tensor: tensor + 1j,
    "twice": lambda tensor: torch.stack((tensor, tensor)),
}
NO_NUMBERS = {"05.tuning_step", "07.verdict", "07.registration"}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
@pytest.mark.parametrize("name", sorted(set(EXERCISES) - NO_NUMBERS))
def test_other_numbers_in_the_right_form_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, spoil: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    no_process(monkeypatch)
    result = check(name, lambda *given: spoilt(ANSWERS[name](*given), spoil))
    assert result.state == "wrong", result
    assert result.came_out


@pytest.mark.parametrize("late", ["text", torch.zeros((2, 2)), torch.full((14, 3), 99)], ids=["text", "zeros", "99"])
@pytest.mark.parametrize("right_calls", [3, 90])
@pytest.mark.parametrize("name", EXERCISES)
def test_an_answer_that_goes_wrong_late_is_refused_as_well(
    monkeypatch: pytest.MonkeyPatch, name: str, right_calls: int, late: Any
) -> None:
    no_process(monkeypatch)
    calls = []

    def answer(*given: Any) -> Any:
        calls.append(given)
        return ANSWERS[name](*given) if len(calls) <= right_calls else late

    assert check(name, answer).passed == (len(calls) <= right_calls)
