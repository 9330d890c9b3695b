"""What every explorer draws: a pure function from a state to a frame, and the list of controls that make a state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from mmtutorial.widgets.toolkit.canvas import Canvas
from mmtutorial.widgets.toolkit.controls import Button, Control, Slider, State, make_state, valued
from mmtutorial.widgets.toolkit.frame import Frame


@dataclass(frozen=True)
class Facts:
    """The numbers that one state shows. A notebook may also ask for them by name: ``facts["loss"]``."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


FactsT = TypeVar("FactsT", bound=Facts)


class Drawable(ABC, Generic[FactsT]):
    """What can be drawn in many states.

    ``static(...)`` draws one state for print, and ``facts(state)`` gives the numbers that are drawn.

    Attributes:
        name: What it is called on the page.
        size: Width and height of every frame in pixels, always the same, so that the page does not jump.
        controls: What the reader can change, in the order in which it is shown.
    """

    name: ClassVar[str]
    size: ClassVar[tuple[int, int]] = (1200, 640)
    controls: Sequence[Control]

    @abstractmethod
    def facts(self, state: State) -> FactsT:
        """Return the numbers that are drawn in a state."""

    @abstractmethod
    def draw(self, canvas: Canvas, state: State, facts: FactsT) -> None:
        """Draw a state."""

    @abstractmethod
    def alt(self, state: State, facts: FactsT) -> str:
        """Say in words what a state shows, with its numbers."""

    def limits(self, state: State) -> Mapping[str, tuple[int, int]]:
        """Return the ends of those sliders whose range depends on the rest of the state."""
        return {}

    def idle(self, state: State) -> Collection[str]:
        """Return the names of the controls that do nothing in a state; they are not shown."""
        return ()

    def state(self, **values: Any) -> State:
        """Check values against the controls and add the defaults.

        A slider whose range depends on other controls is moved to the nearest value that there is.

        Raises:
            InputError: A name is unknown or a value out of range.
        """
        state = make_state(self.controls, values)
        for name, (low, high) in self.limits(state).items():
            state = state.with_(**{name: min(max(state[name], low), high)})
        return state

    def frame(self, state: Mapping[str, Any]) -> Frame:
        """Draw a state: the same state always gives the same frame.

        Raises:
            InputError: A name is unknown or a value out of range.
        """
        checked = self.state(**state)
        facts = self.facts(checked)
        canvas = Canvas(*self.size)
        self.draw(canvas, checked, facts)
        return Frame(canvas.finished(), self.alt(checked, facts), tuple(canvas.texts))

    def static(self, **values: Any) -> Frame:
        """Draw one state for print, where nothing can be moved; without arguments the state at first.

        Raises:
            InputError: A name is unknown or a value out of range.
        """
        return self.frame(self.state(**values))

    def press(self, button: str, state: State) -> State:
        """Return the state after a button was pressed."""
        found = {c.name: c for c in self.controls if isinstance(c, Button)}[button]
        return self.state(**{**state, **found.press(state)})

    def slider(self, name: str) -> Slider:
        """Return a slider by its name."""
        return next(c for c in valued(self.controls) if isinstance(c, Slider) and c.name == name)
