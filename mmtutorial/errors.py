"""The one exception that the package raises on purpose when a user's input is bad."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input from a user: a name, a path, a file or a number that cannot be used.

    ``str(error)`` is a single line that says what was given, what was expected and what to do, so that a
    command line can print it as it is and needs no traceback.
    """

    def __init__(self, message: str) -> None:
        # A message may quote another library's error, which may span several lines.
        super().__init__(printable(" ".join(message.split())))


def printable(text: str) -> str:
    r"""Return text for a terminal: what would steer it, or cannot be shown, is escaped.

    A file's name may hold anything; shown as it is, it could clear the screen or write over an earlier line.

    Example:
        >>> printable("caf\xe9 \x1b[2J.png")
        'café \\x1b[2J.png'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unknown(kind: str, given: str, known: Iterable[str]) -> InputError:
    """Build the error for a name that is not in a list of known names.

    Args:
        kind: What the name stands for, for example ``"data set"``.
        given: The name as the user wrote it.
        known: The names that would have been accepted, in the order in which to show them.

    Returns:
        An error to raise. It names the nearest known name, where one is near:
        ``unknown data set 'scnes'; did you mean 'scenes'? known: scenes, streets, voc, camvid, cityscapes,
        stanford, pets, folder``.

    Example:
        >>> str(unknown("split", "tran", ("train", "val")))
        "unknown split 'tran'; did you mean 'train'? known: train, val"
    """
    names = list(known)
    by_lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(given.lower(), list(by_lower), n=1, cutoff=0.6)
    hint = f"; did you mean '{by_lower[near[0]]}'?" if near else ";"
    return InputError(f"unknown {kind} '{given}'{hint} known: {', '.join(names) or 'none'}")
