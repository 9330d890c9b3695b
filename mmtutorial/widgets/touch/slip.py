"""A betting slip: a question whose answer one guesses by a click, before the evidence comes."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

from mmtutorial.widgets.touch.frames import own_frames

FRONT_END = Path(__file__).with_name("slip.js")


class Slip(anywidget.AnyWidget):
    """A question with a button for each choice.

    The cell shows both as text. As long as there is a kernel, buttons stand in the place of the text.

    Args:
        question: What is asked.
        choices: What one may bet on.
        chosen: Place of the choice at first, or -1.
        keep: Gets the place of each new choice, and returns a sentence to show.
        said: The sentence at first.
    """

    _esm = FRONT_END
    key = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    choices: Any = traitlets.List().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, question: str, choices: Sequence[str], *, chosen: int = -1, keep: Callable[[int], str], said: str = ""
    ) -> None:
        super().__init__(key=uuid4().hex, question=question, choices=list(choices), chosen=chosen, said=said)
        self._keep = keep

    @traitlets.observe("chosen")
    def _changed(self, change: Any) -> None:
        if hasattr(self, "_keep"):  # Not while it is made.
            self.said = self._keep(change["new"])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        text = slip_html(self.question, self.choices, self.chosen, self.said)
        data = {
            "text/plain": slip_text(self.question, self.choices),
            "text/html": f'<div data-slip="{self.key}">{text}</div>',
        }
        if not own_frames():
            return data, {}
        live, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **live}, about


def slip_text(question: str, choices: Sequence[str]) -> str:
    """A slip for a terminal."""
    return "\n".join([f"Place your bet. {question}", *(f"  {n}. {choice}" for n, choice in enumerate(choices, 1))])


def slip_html(question: str, choices: Sequence[str], chosen: int = -1, said: str = "") -> str:
    """A slip as it stands in a page without a kernel."""
    items = "".join(
        f"<li>{'<strong>' * (place == chosen)}{html.escape(choice)}{'</strong>' * (place == chosen)}</li>"
        for place, choice in enumerate(choices)
    )
    return (
        '<div style="border-left:6px solid #0072b2;padding:6px 14px;max-width:900px">'
        f"<p><strong>Place your bet.</strong> {html.escape(question)}</p><ol>{items}</ol>"
        f"<p>{html.escape(said)}</p></div>"
    )
