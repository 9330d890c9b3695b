"""The thin shell: core ipywidgets round an explorer. The only file that needs ipywidgets.

Neither ``interact`` nor ``Output`` is used: both swallow errors, and neither works outside a live page.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from mmtutorial.errors import InputError
from mmtutorial.widgets.toolkit.controls import Button, Choice, Control, Play, Slider, State, Toggle
from mmtutorial.widgets.toolkit.drawable import Drawable

try:
    import ipywidgets  # type: ignore[import-untyped]
except ImportError as error:
    raise InputError(
        'interactive pictures need ipywidgets: pip install "ipywidgets>=8.1"; .static() draws without it'
    ) from error

# Out of sight, yet read out by a screen reader whenever it changes.
_HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
# As many equal columns as have room: two in JupyterLab on a small screen, one on a telephone.
_GRID = {
    "grid_template_columns": "repeat(auto-fit, minmax(min(100%, 370px), 1fr))",
    "grid_gap": "0 24px",
    "padding": "2px",
}


class Shell:
    """An explorer with its controls, live.

    Attributes:
        explorer: What is shown.
        state: The state on show.
        inputs: The widget of each control, by name.
        image: The picture; its value is the PNG of the frame.
        words: The frame's alt text, for screen readers.
        trouble: An error message, where a frame could not be drawn.
        box: All of it.
    """

    def __init__(self, explorer: Drawable[Any]) -> None:
        self.explorer, self.state = explorer, explorer.state()
        self.inputs: dict[str, Any] = {}
        self._players: dict[str, Any] = {}
        self._setting = False
        self.image = ipywidgets.Image(format="png", layout={"max_width": "100%", "width": f"{explorer.size[0]}px"})
        self.words, self.trouble = ipywidgets.HTML(), ipywidgets.HTML()
        for control in explorer.controls:
            self._add(control)
        grid = ipywidgets.GridBox(list(self.inputs.values()), layout=_GRID)
        self.box = ipywidgets.VBox([grid, self.image, self.trouble, self.words])
        self.show(self.state)

    def show(self, state: State) -> None:
        """Draw a state and move the controls to it.

        Raises:
            Exception: Whatever drawing raised; its message also stands under the picture.
        """
        try:
            checked = self.explorer.state(**state)
            frame = self.explorer.frame(checked)
        except Exception as error:
            self.trouble.value = f'<p role="alert" style="color:#B00020"><b>{html.escape(str(error))}</b></p>'
            raise
        self.state, self.image.value, self.trouble.value = checked, frame.png, ""
        self.words.value = f'<p aria-live="polite" style="{_HIDDEN}">{html.escape(frame.alt)}</p>'
        self._move(checked)

    def _move(self, state: State) -> None:
        """Move the controls to a state without drawing again."""
        self._setting = True
        try:
            for name, (low, high) in self.explorer.limits(state).items():
                for widget in self._widgets(name):
                    # In this order low never passes high.
                    widget.min = min(low, widget.min)
                    widget.max, widget.min = high, low
            for name in state:
                for widget in self._widgets(name):
                    widget.value = state[name]
            idle = self.explorer.idle(state)
            for name, widget in self.inputs.items():
                widget.layout.display = "none" if name in idle else None
        finally:
            self._setting = False

    def _widgets(self, name: str) -> list[Any]:
        """Return all widgets that hold one value of the state: its own, and the player that runs it."""
        return [held[name] for held in (self.inputs, self._players) if name in held]

    def _changed(self, name: str) -> Callable[[Any], None]:
        def changed(change: Any) -> None:
            if not self._setting:
                self.show(self.state.with_(**{name: change["new"]}))

        return changed

    def _pressed(self, name: str) -> Callable[[Any], None]:
        def pressed(change: Any) -> None:
            if change["new"]:
                try:
                    self.show(self.explorer.press(name, self.state))
                finally:
                    self.inputs[name].value = False

        return pressed

    def _add(self, control: Control) -> None:
        """Make the widget of one control."""
        if isinstance(control, Button):
            # A Button's callback swallows errors; a toggle that springs back is a button whose errors come out.
            widget = ipywidgets.ToggleButton(description=control.description, tooltip=control.description)
            widget.observe(self._pressed(control.name), names="value")
        elif isinstance(control, Play):
            widget = self._player(control)
        elif isinstance(control, Slider | Choice | Toggle):
            widget = _input(control)
            widget.observe(self._changed(control.name), names="value")
        else:
            return
        self.inputs[control.name] = widget

    def _player(self, control: Play) -> Any:
        slider = self.explorer.slider(control.slider)
        player = ipywidgets.Play(
            value=slider.default,
            min=slider.low,
            max=slider.high,
            step=slider.step,
            interval=control.milliseconds,
            description=control.description,
        )
        player.observe(self._changed(slider.name), names="value")
        self._players[slider.name] = player
        return player

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.box._repr_mimebundle_(**kwargs)


def _input(control: Slider | Choice | Toggle) -> Any:
    """Return the widget of a control that has a value; long names are shown in full."""
    common = {"description": control.description, "style": {"description_width": "initial"}}
    if isinstance(control, Toggle):
        return ipywidgets.Checkbox(value=control.default, indent=False, layout={"width": "auto"}, **common)
    layout = {"width": "auto"}
    if isinstance(control, Choice):
        options = [(f"{option:g}" if isinstance(option, float) else str(option), option) for option in control.options]
        return ipywidgets.Dropdown(options=options, value=control.default, layout=layout, **common)
    kind = ipywidgets.IntSlider if control.whole else ipywidgets.FloatSlider
    return kind(value=control.default, min=control.low, max=control.high, step=control.step, layout=layout, **common)
