"""What all explorers are: a pure function from a state to a frame, a list of controls, and two ways to show it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mmtutorial.widgets.toolkit.canvas import Canvas
from mmtutorial.widgets.toolkit.controls import Button, Control, Slider, State, make_state, valued
from mmtutorial.widgets.toolkit.frame import Frame

if TYPE_CHECKING:
    from mmtutorial.widgets.toolkit.shell import Shell


class Explorer(ABC):
    """An interactive picture.

    ``explorer.widget()`` shows it with its controls, ``explorer.static(...)`` draws one state for print, and
    ``explorer.facts(state)`` gives the numbers that are drawn.

    Attributes:
        name: What it is called on the page.
        size: Width and height of every frame in pixels, always the same, so that the page does not jump.
        controls: What the reader can change, in the order in which it is shown.
    """

    name: ClassVar[str]
    size: ClassVar[tuple[int, int]] = (1200, 640)
    controls: Sequence[Control]

    @abstractmethod
    def facts(self, state: State) -> dict[str, Any]:
        """Returns the numbers that are drawn in a state."""

    @abstractmethod
    def draw(self, canvas: Canvas, state: State, facts: dict[str, Any]) -> None:
        """Draws a state."""

    @abstractmethod
    def alt(self, state: State, facts: dict[str, Any]) -> str:
        """Says in words what a state shows, with its numbers."""

    def limits(self, state: State) -> Mapping[str, tuple[int, int]]:
        """Returns the ends of those sliders whose range depends on the rest of the state."""
        return {}

    def idle(self, state: State) -> Collection[str]:
        """Returns the names of the controls that do nothing in a state; they are greyed out."""
        return ()

    def state(self, **values: Any) -> State:
        """Checks values against the controls and adds the defaults.

        A slider whose range depends on other controls is moved to the nearest value that there is.

        Raises:
            InputError: A name is unknown or a value out of range.
        """
        state = make_state(self.controls, values)
        for name, (low, high) in self.limits(state).items():
            state = state.with_(**{name: min(max(state[name], low), high)})
        return state

    def frame(self, state: Mapping[str, Any]) -> Frame:
        """Draws a state: the same state always gives the same frame.

        Raises:
            InputError: A name is unknown or a value out of range.
        """
        checked = self.state(**state)
        facts = self.facts(checked)
        canvas = Canvas(*self.size)
        self.draw(canvas, checked, facts)
        return Frame(canvas.finished(), self.alt(checked, facts), tuple(canvas.texts))

    def static(self, **values: Any) -> Frame:
        """Draws one state for print, where nothing can be moved; without arguments the state at first.

        Raises:
            InputError: A name is unknown or a value out of range.
        """
        return self.frame(self.state(**values))

    def press(self, button: str, state: State) -> State:
        """Returns the state after a button was pressed."""
        found = {c.name: c for c in self.controls if isinstance(c, Button)}[button]
        return self.state(**{**state, **found.press(state)})

    def slider(self, name: str) -> Slider:
        """Returns a slider by its name."""
        return next(c for c in valued(self.controls) if isinstance(c, Slider) and c.name == name)

    def widget(self) -> Shell:
        """Returns the picture with its controls, for a notebook.

        Raises:
            InputError: ipywidgets is not there.
        """
        from mmtutorial.widgets.toolkit.shell import Shell

        return Shell(self)
