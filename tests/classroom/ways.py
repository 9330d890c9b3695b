"""The two ways in which a check can call an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmtutorial.classroom import checking
from mmtutorial.classroom.in_process import Unavailable


def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have checks use a thread, as they do where no process is to be had."""

    def unavailable(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(checking, "process_caller", unavailable)


WAYS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {"process": lambda _: None, "thread": no_process}
