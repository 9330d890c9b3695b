"""What a notebook finds as ``mmtutorial.classroom`` while it is marked: no checks, no solutions, no bets."""

from __future__ import annotations

from typing import Any

from mmtutorial.classroom.blanks import NotFilledIn, todo
from mmtutorial.classroom.setting import preset_name, versions

__all__ = [
    "NotFilledIn",
    "bet",
    "check",
    "ledger",
    "place_bet",
    "preset_name",
    "progress",
    "solution",
    "todo",
    "versions",
]


class Later:
    """Stands where a notebook shows a check's result: who marks asks by themselves."""

    passed, state, comparisons = True, "passed", 0
    exercise = tried = came_out = expected = hint = printed = source = ""

    def __repr__(self) -> str:
        return "asked when the notebook is marked"


def check(name: str, function: Any, **_: Any) -> Later:
    """Ask nothing."""
    return Later()


def solution(exercise: str, folder: object = ".") -> Later:
    """Show nothing."""
    return Later()


def bet(name: str, **_: Any) -> Later:
    """Ask nothing."""
    return Later()


def place_bet(*_: Any, **__: Any) -> Later:
    """Keep nothing."""
    return Later()


def progress(*_: Any, **__: Any) -> Later:
    """Show nothing."""
    return Later()


def ledger(*_: Any, **__: Any) -> Later:
    """Show nothing."""
    return Later()
