"""What a check answers, in a form that reads well in a notebook and in a terminal."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

State = Literal["passed", "wrong", "not yet"]

_COLOURS: dict[State, str] = {"passed": "#009E73", "wrong": "#D55E00", "not yet": "#8A9099"}


@dataclass(frozen=True, repr=False)
class Result:
    """Answer of a check. True in an ``if`` or ``assert`` when the exercise is passed.

    Attributes:
        exercise: its name.
        state: ``"passed"``, ``"wrong"`` or ``"not yet"`` (the blank is not filled in).
        comparisons: how many answers were compared and found right.
        tried: with what the function was called when it went wrong.
        came_out: what it answered.
        expected: what was expected.
        hint: where to look.
        printed: what the function printed in that call.
    """

    exercise: str
    state: State
    comparisons: int = 0
    tried: str = ""
    came_out: str = ""
    expected: str = ""
    hint: str = ""
    printed: str = ""

    @property
    def passed(self) -> bool:
        """Whether the exercise is solved."""
        return self.state == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *(f"  {name:9s} {text}" for name, text in self._rows())])

    def _headline(self) -> str:
        if self.state == "passed":
            return f"{self.exercise}: passed ({self.comparisons} answers compared, all right)"
        if self.state == "not yet":
            return f"{self.exercise}: not yet (the blank is not filled in)"
        return f"{self.exercise}: wrong (after {self.comparisons} right answers)"

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("tried", self.tried),
            ("came out", self.came_out),
            ("expected", self.expected),
            ("hint", self.hint),
            ("printed", self.printed),
        ]
        return [(name, text) for name, text in rows if text]

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left;vertical-align:top;padding-right:1em">{name}</th>'
            f'<td style="text-align:left;white-space:pre-wrap">{html.escape(text)}</td></tr>'
            for name, text in self._rows()
        )
        # A coloured bar and words: colour is never the only sign. No background, so dark themes stay readable.
        style = f"border-left:6px solid {_COLOURS[self.state]};padding:0.3em 0.8em"
        table = f"<table>{rows}</table>" if rows else ""
        return f'<div style="{style}"><strong>{html.escape(self._headline())}</strong>{table}</div>'
