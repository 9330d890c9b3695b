"""A message is one line that a terminal shows as it is."""

from __future__ import annotations

import pytest

from mmtutorial.errors import InputError, printable


@pytest.mark.parametrize("text", ["plain", "naïve café, Straße, 猫, e\u0301, 🐈", "a 'quoted' \\ name", ""])
def test_what_can_be_shown_is_left_alone(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\0b", "a\\x00b"),
        ("\x9b31m", "\\x9b31m"),
        ("gnp.\u202egpj", "gnp.\\u202egpj"),
        ("caf\udce9", "caf\\udce9"),
    ],
)
def test_what_would_steer_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert str(InputError(f"no {text} here")) == f"no {shown} here"
    printable(text).encode()
