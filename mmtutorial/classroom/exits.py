"""Ways by which a learner's function would leave its check: to whoever types, to the end of Python, to a debugger."""

from __future__ import annotations

import builtins
import getpass
import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NoReturn


class NoKeyboard(BaseException):
    """An answer wants to be typed to. No Exception, so that ``except Exception`` lets it pass."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} waits for somebody to type")


class _NoInput(io.TextIOBase):
    """Standard input without a keyboard."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> NoReturn:
        raise NoKeyboard("sys.stdin")

    def readline(self, size: int = -1) -> NoReturn:  # type: ignore[override]
        raise NoKeyboard("sys.stdin")


@contextmanager
def closed_exits(*, process: bool) -> Iterator[None]:
    """Have ``input()``, ``breakpoint()``, ``exit()`` and their like raise an exception inside a ``with`` block.

    Args:
        process: whether ``os._exit`` and ``os.abort`` raise too, which would end the notebook's own process.
    """
    exits: list[tuple[Any, str, Any]] = [
        (builtins, "input", _raising(NoKeyboard, "input()")),
        (getpass, "getpass", _raising(NoKeyboard, "getpass()")),
        (sys, "breakpointhook", _raising(NoKeyboard, "breakpoint()")),
        (sys, "stdin", _NoInput()),
    ]
    shell = notebook_shell()
    if shell is not None:  # In a notebook exit() asks for the end of the kernel, and comes back.
        exits.append((shell, "ask_exit", _raising(SystemExit, "exit() ends Python")))
    if process:
        exits += [(os, name, _raising(SystemExit, f"os.{name}() ends Python")) for name in ("_exit", "abort")]
    with ExitStack() as stack:
        for owner, name, value in exits:
            stack.enter_context(_exchanged(owner, name, value))
        yield


@contextmanager
def _exchanged(owner: Any, name: str, value: Any) -> Iterator[None]:
    had, before = name in vars(owner), getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if had:
            setattr(owner, name, before)
        else:  # It was the class's.
            delattr(owner, name)


def notebook_shell() -> Any:
    """IPython's shell, or None outside a notebook."""
    with suppress(KeyError, AttributeError):
        return sys.modules["IPython"].get_ipython()
    return None


def _raising(kind: type[BaseException], text: str) -> Any:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise kind(text)

    return refuse
