"""Answers as plain data: what goes in comes out, and no bytes do harm."""

from __future__ import annotations

import json
import math
import os
import socket
import struct
import time
from collections import Counter, OrderedDict, namedtuple
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.classroom.asking import Ask, Wrong
from mmtutorial.classroom.calling import Caller
from mmtutorial.classroom.line import MOST, Line, Printed
from mmtutorial.classroom.plain import Function, TooLarge, Unknown, Unreadable, decode, encode
from mmtutorial.randomness import seeded

Point = namedtuple("Point", "x y")
NUMBERS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    NUMBERS,
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.lists(parts, max_size=4).map(tuple)
        | st.dictionaries(st.integers() | st.text(), parts, max_size=4)
    ),
    max_leaves=12,
)


def alike(first: Any, second: Any) -> bool:
    """Equal in value and type; NaN equals NaN."""
    if type(first) is not type(second):
        return False
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(alike, first, second))
    if isinstance(first, dict):
        return alike(list(first.items()), list(second.items()))
    return bool(first == second) or (isinstance(first, float) and math.isnan(first) and math.isnan(second))


@given(VALUES)
def test_values_come_back_as_they_were(value: Any) -> None:
    assert alike(decode(encode(value)), value)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6).reshape(2, 3),
        torch.arange(6).reshape(2, 3).T,
        torch.tensor(1.5),
        torch.empty((0, 3), dtype=torch.long),
        torch.tensor([True, False]),
        torch.tensor([1.0, math.nan, math.inf], dtype=torch.float16),
        torch.tensor([1.0, 3.0], dtype=torch.bfloat16),
        torch.tensor([1j, 2.0]).conj(),
        torch.ones(3).expand(2, 3),
        torch.tensor([3, 65535]).to(torch.uint16),
        torch.ones(2, requires_grad=True),
    ],
    ids=lambda tensor: f"{tensor.dtype} {tuple(tensor.shape)}",
)
def test_tensors_come_back_as_they_were(tensor: torch.Tensor) -> None:
    found = decode(encode(tensor))
    assert found.dtype == tensor.dtype
    assert found.requires_grad == tensor.requires_grad
    assert torch.allclose(found.detach(), tensor.detach().resolve_conj(), rtol=0, atol=0, equal_nan=True)


def test_a_generator_goes_on_where_it_was() -> None:
    generator = seeded(4)
    torch.rand(3, generator=generator)
    copied = decode(encode(generator))
    assert torch.equal(torch.rand(9, generator=copied), torch.rand(9, generator=generator))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (Point(1, 2), (1, 2)),
        (range(3), [0, 1, 2]),
        ({1: 2}.values(), [2]),
        ({1: 2}.items(), [(1, 2)]),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.longdouble(0.5), 0.5),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1, None], dtype=object), [1, None]),
        (Fraction(1, 4), 0.25),
        (Decimal("0.25"), 0.25),
        (torch.nn.Parameter(torch.ones(())), torch.ones(())),
        (torch.eye(2).to_sparse(), torch.eye(2)),
        (np.array([0.5], dtype=np.longdouble), torch.tensor([0.5], dtype=torch.float64)),
        (np.array([3], dtype=">i4"), torch.tensor([3], dtype=torch.int32)),
        (np.arange(4)[::-1], torch.tensor([3, 2, 1, 0])),
        (np.broadcast_to(np.array(1.0), (2, 2)), torch.ones((2, 2), dtype=torch.float64)),
        (np.array(2.0), torch.tensor(2.0, dtype=torch.float64)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_kin_of_plain_data_are_taken_for_it(value: Any, plain: Any) -> None:
    found = decode(encode(value))
    if isinstance(plain, torch.Tensor):
        assert torch.equal(found.detach(), plain)
        assert found.dtype == plain.dtype
    else:
        assert alike(found, plain)


class Bad:
    def __repr__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1j, "complex", "1j"),
        ({1}, "set", "{1}"),
        (b"a", "bytes", "b'a'"),
        (10**5000, "int", "an int of thousands of digits"),
        (Fraction(10**400), "Fraction", f"Fraction({10**400}, 1)"),
        (len, "builtin_function_or_method", "<built-in function len>"),
        (Bad(), "Bad", "<Bad, whose __repr__ raises ValueError>"),
    ],
    ids=["complex", "set", "bytes", "int", "Fraction", "function", "bad repr"],
)
def test_everything_else_is_unknown(value: Any, kind: str, text: str) -> None:
    assert decode(encode(value)) == Unknown(kind, text)


def test_functions_stay_and_are_numbered() -> None:
    kept: list[Any] = []

    def keep(function: Any) -> int:
        kept.append(function)
        return len(kept)

    assert decode(encode({"rule": len, "other": [max]}, keep)) == {
        "rule": Function(1, "<built-in function len>"),
        "other": [Function(2, "<built-in function max>")],
    }
    assert kept == [len, max]


def deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize("value", [deep(30), [[0] * 500] * 500, torch.zeros(2**26), np.zeros(2**26)], ids=range(4))
def test_what_is_too_large_is_refused(value: Any) -> None:
    with pytest.raises(TooLarge):
        encode(value)


TREES = st.recursive(
    NUMBERS,
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(
            st.sampled_from(["tuple", "dict", "tensor", "generator", "function", "unknown", "else"]), parts, max_size=2
        )
    ),
    max_leaves=12,
)


@given(st.binary() | TREES.map(lambda tree: json.dumps(tree).encode()))
def test_other_bytes_are_refused_and_do_no_harm(data: bytes) -> None:
    try:
        decode(data)
    except Unreadable:
        return


@pytest.mark.parametrize(
    "tree",
    [
        {"tensor": ["float32", [10**12], False, ""]},
        {"tensor": ["float32", [2], False, "AAAA"]},
        {"tensor": ["float99", [0], False, ""]},
        {"tensor": ["int64", [0], True, ""]},
        {"generator": "AAAA"},
        {"dict": [[[1], 2]]},
        {"dict": [[1]]},
        {"function": []},
        {"else": 1},
        {"tuple": 1},
    ],
    ids=str,
)
def test_a_damaged_value_is_refused(tree: Any) -> None:
    with pytest.raises(Unreadable):
        decode(json.dumps(tree).encode())


def test_lists_within_lists_without_end_are_refused() -> None:
    with pytest.raises(Unreadable):
        decode(b"[" * 100_000)


# ---------------------------------------------------------------- over a line
def lines() -> tuple[Line, socket.socket]:
    ours, theirs = socket.socketpair()
    return Line(ours), theirs


def test_messages_come_one_by_one() -> None:
    ours, theirs = lines()
    other = Line(theirs)
    for message in (b"", b"one", b"x" * 1000):
        other.send(message)
    assert [ours.receive() for _ in range(3)] == [b"", b"one", b"x" * 1000]
    ours.close()
    other.close()


@pytest.mark.parametrize(
    "sent", [b"", b"\0" * 3, struct.pack("!Q", 10) + b"nine byte"], ids=["nothing", "part of a length", "a part"]
)
def test_who_stops_within_a_message_is_not_waited_for(sent: bytes) -> None:
    ours, theirs = lines()
    theirs.sendall(sent)
    with pytest.raises(TimeoutError):
        ours.receive(time.monotonic() + 0.05)
    theirs.close()
    with pytest.raises(EOFError):
        ours.receive(time.monotonic() + 5)
    ours.close()


def test_a_message_without_end_is_refused() -> None:
    ours, theirs = lines()
    theirs.sendall(struct.pack("!Q", MOST + 1))
    with pytest.raises(EOFError):
        ours.receive(time.monotonic() + 5)
    ours.close()
    theirs.close()


def test_who_takes_nothing_is_not_waited_for() -> None:
    ours, theirs = lines()
    with pytest.raises(TimeoutError):
        ours.send(b"x" * 10**7, time.monotonic() + 0.05)
    ours.close()
    theirs.close()


def test_of_what_is_printed_the_beginning_is_kept() -> None:
    read, write = os.pipe()
    printed = Printed(read, 5)
    os.write(write, b"ab\xffdefgh")
    assert printed.collected() == "ab\ufffdde"
    assert printed.collected() == ""
    os.write(write, b"next")
    os.close(write)
    assert printed.collected() == "next"
    assert printed.ended
    printed.close()


class Says(Caller):
    """A side that answers every question with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def _exchange(self, question: bytes, seconds: float) -> tuple[bytes, str]:
        return self.answer, ""


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        encode(1),
        encode(("value",)),
        encode(("value", 1, 2)),
        encode(("failure", None)),
        encode(("failure", {"kind": "passed", "text": ""})),
        encode(("failure", {"kind": "blank", "text": 1})),
        encode(("failure", {"kind": ["blank"], "text": ""})),
        encode(("failure", {"kind": "blank", "text": "", "else": 1})),
    ],
)
def test_an_answer_that_keeps_to_no_rule_is_a_wrong_one(answer: bytes) -> None:
    ask = Ask(Says(answer), 1, seconds=1, seconds_in_all=1)
    with pytest.raises(Wrong):
        ask.number("anything", 1)
