"""A small table for a notebook: HTML that follows its theme, and the same as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from mmtutorial.errors import InputError

_CELL = "padding:.25em .8em;"
_NUMBER = _CELL + "text-align:right;font-variant-numeric:tabular-nums"
_TEXT = _CELL + "text-align:left"
# A caption is as wide as its table: without the least width, that of a narrow table is a column of words.
_CAPTION = _CELL + "text-align:left;min-width:36em"


@dataclass(frozen=True)
class Table:
    """Columns of equal length under names; the first one names the rows.

    Attributes:
        columns: Texts by the column's name.
        caption: What the table shows, or nothing.
    """

    columns: Mapping[str, tuple[str, ...]]
    caption: str = ""

    def _rows(self) -> list[tuple[str, ...]]:
        return list(zip(*self.columns.values(), strict=True))

    def _is_number(self, name: str) -> bool:
        """Whether a column stands at the right: all in it begins like a number."""
        texts = [text.lstrip("+-\N{MINUS SIGN}±") for text in self.columns[name] if text]
        return bool(texts) and all(text[:1].isdigit() for text in texts)

    def __repr__(self) -> str:
        names, rows = list(self.columns), self._rows()
        right = [self._is_number(name) for name in names]
        widths = [max(len(text) for text in (name, *self.columns[name])) for name in names]

        def line(texts: Sequence[str]) -> str:
            placed = [
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(texts, widths, right, strict=True)
            ]
            return "  ".join(placed).rstrip()

        head = [self.caption] if self.caption else []
        return "\n".join([*head, line(names), *map(line, rows)])

    def _repr_html_(self) -> str:
        styles = [_NUMBER if self._is_number(name) else _TEXT for name in self.columns]
        caption = f'<caption style="{_CAPTION}">{escape(self.caption)}</caption>' if self.caption else ""
        head = "".join(
            f'<th scope="col" style="{style}">{escape(name)}</th>' if name else "<td></td>"
            for name, style in zip(self.columns, styles, strict=True)
        )
        body = "".join(
            f'<tr><th scope="row" style="{_TEXT}">{escape(first)}</th>'
            + "".join(f'<td style="{style}">{escape(text)}</td>' for text, style in zip(rest, styles[1:], strict=True))
            + "</tr>"
            for first, *rest in self._rows()
        )
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table(columns: Mapping[str, Sequence[Any]], caption: str = "") -> Table:
    """Return a table, to end a cell with.

    Args:
        columns: Values by the column's name; the first column names the rows. Numbers are shown as Python writes them:
            format them before.
        caption: What it shows.

    Raises:
        InputError: Columns differ in length, or there is none.

    Example:
        >>> table({"network": ["tiny", "alexnet"], "weights, millions": ["0.16", "57.00"]})
        network  weights, millions
        tiny                  0.16
        alexnet              57.00
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        said = ", ".join(f"{name!r} {length}" for name, length in lengths.items()) or "none"
        raise InputError(f"a table needs columns of one length, got {said}")
    return Table({name: tuple(str(value) for value in values) for name, values in columns.items()}, caption)


def shown(claims: Mapping[str, Any]) -> Table:
    """Return what a notebook has shown as a table: a claim, and whether or how far it holds.

    Args:
        claims: For each claim, true or false (yes or no in the table), or what was found, such as a number.

    Raises:
        InputError: There is no claim.

    Example:
        >>> shown({"more noise in larger patches": True, "pieces of the class": 1})
        What this notebook has shown
        more noise in larger patches  yes
        pieces of the class           1
    """
    if not claims:
        raise InputError("nothing was noted: give a dictionary with at least one claim")
    found = [
        ("no", "yes")[bool(value)] if isinstance(value, (bool, np.bool_)) else str(value) for value in claims.values()
    ]
    return Table({"What this notebook has shown": tuple(claims), " ": tuple(found)})
