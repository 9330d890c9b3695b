"""Quizzes: questions with choices in a master, folds that need no kernel in a notebook and in the book.

A markdown cell with the tag ``quiz`` holds nothing else than

    ? a question
    + a right choice | why
    - a wrong choice | why

with two spaces before what goes on from the line above. Each choice becomes a fold with its explanation, so that a
wrong one teaches as much as the right one.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

TAG = "quiz"

_HEAD = """\
### Quiz

Decide first, then open your choice: it says why. Open the others too."""


@dataclass(frozen=True)
class Choice:
    """One answer to choose.

    Attributes:
        text: what is chosen.
        why: what is said to whoever chose it.
        right: whether it is the right one.
    """

    text: str
    why: str
    right: bool


@dataclass(frozen=True)
class Question:
    """A question with its choices, one of them right."""

    text: str
    choices: tuple[Choice, ...]


def read_quiz(source: str) -> list[Question]:
    """The questions of a cell.

    Raises:
        ValueError: a line is no part of a quiz, a choice has no explanation, or not exactly one choice is right.
    """
    found: list[tuple[str, list[Choice]]] = []
    for line in re.sub(r"\n {2,}", " ", source).splitlines():
        mark, text = line[:2], line[2:].strip()
        if mark == "? ":
            found.append((text, []))
        elif mark in ("+ ", "- ") and found:
            choice, _, why = text.partition(" | ")
            if not why:
                raise ValueError(f"a choice without an explanation: {line}")
            found[-1][1].append(Choice(choice, why, mark == "+ "))
        elif line.strip():
            raise ValueError(f"neither a question nor a choice: {line}")
    for text, choices in found:
        if len(choices) < 2 or sum(choice.right for choice in choices) != 1:
            raise ValueError(f"not two or more choices with one right among them: {text}")
    return [Question(text, tuple(choices)) for text, choices in found]


def shown(questions: list[Question]) -> str:
    """The quiz as markdown with folds, which every notebook page and the book can open."""
    parts = [_HEAD]
    for number, question in enumerate(questions, 1):
        parts.append(f"**{number}.** {question.text}")
        parts.append("\n".join(["<blockquote>", *map(_fold, question.choices), "</blockquote>"]))
    return "\n\n".join(parts)


def _fold(choice: Choice) -> str:
    verdict = "Right." if choice.right else "No."
    return (
        f"<details><summary>{_inline(choice.text)}</summary>\n"
        f"<strong>{verdict}</strong> {_inline(choice.why)}\n</details>"
    )


def _inline(text: str) -> str:
    """Text inside HTML, where markdown is not read: only `code` is."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
