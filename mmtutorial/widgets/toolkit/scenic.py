"""What the front end can draw: each state as plain data, and what comes of a move."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from mmtutorial.widgets.toolkit.controls import State
from mmtutorial.widgets.toolkit.drawable import Drawable, FactsT

Mood = Literal["", "good", "bad"]


@dataclass(frozen=True)
class Reply:
    """What becomes of a move.

    Attributes:
        text: What is said to it.
        mood: Whether it was refused (``bad``), completes something (``good``), or neither.
        rule: The number of the rule that it breaks, if any.
        changes: The values of the state that change.
    """

    text: str = ""
    mood: Mood = ""
    rule: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """Return what the front end is told."""
        return {"text": self.text, "mood": self.mood, "rule": self.rule}


class Scenic(Drawable[FactsT]):
    """What the front end can draw and a reader can touch.

    Attributes:
        figure: Which of the front end's figures draws it.
    """

    figure: ClassVar[str]

    @abstractmethod
    def scene(self, state: State) -> dict[str, Any]:
        """Return all that is drawn in a state, as plain data."""

    def art(self, state: State) -> list[str]:
        """Return the pictures of a state, as ``data:`` addresses."""
        return []

    def act(self, state: State, move: Mapping[str, Any]) -> Reply:
        """Judge what was done to the figure itself."""
        raise NotImplementedError(f"the {self.name} knows no move {dict(move)}")
