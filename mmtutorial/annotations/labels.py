"""What a label means: a class, background, or void."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmtutorial.annotations.findings import Fault
from mmtutorial.datasets.classes import VOID
from mmtutorial.errors import InputError

BACKGROUND = "background"
VOID_LABEL = "void"
MOST_LABELS = VOID - 1
"""Classes that fit beside background: ids 1 to 254, as 0 is background and 255 is void."""

_VOID_WORDS = frozenset({VOID_LABEL, "ignore", "ignored", "unlabeled", "unlabelled"})


def meaning(label: str) -> str:
    """Return a label as it is meant: without blanks round it, and one word each for background and void.

    labelme writes ``__ignore__`` and ``_background_``; people write ``Void``, or ``leaf`` with a blank behind it.

    Raises:
        ValueError: the label is empty or holds signs that cannot be shown.

    Example:
        >>> meaning("leaf "), meaning("__ignore__"), meaning("_background_"), meaning("Void")
        ('leaf', 'void', 'background', 'void')
    """
    plain = unicodedata.normalize("NFC", " ".join(label.split()))
    if not plain:
        raise ValueError("has no label")
    if not plain.isprintable():
        raise ValueError(f"has a label with signs that cannot be shown: {plain!a}")
    word = plain.casefold().strip("_")
    if word in _VOID_WORDS:
        return VOID_LABEL
    return BACKGROUND if word == BACKGROUND else plain


def one_label(labels: Iterable[object]) -> str:
    """Return the one label of a shape.

    Raises:
        ValueError: there is none, there are several, or it cannot be used; the message goes on after the shape's name.
    """
    given = [label for label in labels if label is not None]
    if not all(isinstance(label, str | int) for label in given):
        raise ValueError(f"has the label {given!r}, which is no text")
    found = list(dict.fromkeys(meaning(str(label)) for label in given))
    if not found:
        raise ValueError("has no label")
    if len(found) > 1:
        raise ValueError(f"has {len(found)} labels ({', '.join(found)}), where a pixel has one class")
    return found[0]


def numbered(names: Sequence[object], path: Path) -> list[str]:
    """Return the names that a file has for the numbers 0, 1, 2, ...

    Raises:
        Fault: one is no text, or two numbers have the same, which would make one class of two.

    Example:
        >>> numbered(["leaf", 2], Path("names.txt"))
        ['leaf', '2']
    """
    strange = [name for name in names if isinstance(name, bool) or not isinstance(name, str | int)]
    if strange:
        raise Fault(f"{path} has the name {strange[0]!r}, which is no text", "put each name into quotation marks")
    texts = list(map(str, names))
    twice = sorted({text for text in texts if texts.count(text) > 1})
    if twice:
        raise Fault(f"{path} names '{twice[0]}' twice", "name each class once")
    return texts


def class_names(used: Iterable[str], chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the ids 0, 1, 2, ...: background first.

    Args:
        used: labels of the shapes, as :func:`meaning` gives them.
        chosen: the classes after background in the order wanted; None takes those used in alphabetical order.
            Background and void may be among them: they have their ids in any case.

    Raises:
        InputError: a name is given twice or is empty, none is given, or there are more than a mask can hold.
    """
    if chosen is None:
        names = sorted(set(used) - {BACKGROUND, VOID_LABEL}, key=_by_number)
        remedy = "give things of one kind one label: 'leaf', not 'leaf-1', 'leaf-2'"
    else:
        names = _chosen(chosen)
        remedy = "choose fewer with --classes"
    if len(names) > MOST_LABELS:
        raise InputError(
            f"there are {len(names)} labels beside background and void, and a mask can hold at most {MOST_LABELS}; "
            f"{remedy}"
        )
    return (BACKGROUND, *names)


def _by_number(name: str) -> tuple[str, str]:
    """Sort ``class 10`` after ``class 9``."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(9), name), name


def _chosen(names: Sequence[str]) -> list[str]:
    try:
        plain = [meaning(name) for name in names]
    except ValueError as error:
        raise InputError(f"a name in --classes {error}; write such as --classes leaf,stem") from None
    kept = [name for name in plain if name not in (BACKGROUND, VOID_LABEL)]
    twice = sorted({name for name in kept if kept.count(name) > 1})
    if twice:
        raise InputError(f"--classes names '{twice[0]}' twice; name each class once")
    if not kept:
        raise InputError("--classes names no class beside background and void; write such as --classes leaf,stem")
    return kept
