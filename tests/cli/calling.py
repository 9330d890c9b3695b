"""What a command line said, and whether it refused as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """Exit code and what was written."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def assert_refused(said: Said, *parts: str) -> None:
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("mmtutorial: ")
    assert said.err.endswith("\n")
    assert said.err.count("\n") == 1
    for part in parts:
        assert part in said.err
