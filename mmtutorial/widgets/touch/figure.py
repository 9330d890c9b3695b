"""The live figure: a state on this side, a picture in the browser."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

from mmtutorial.widgets.toolkit.controls import specification
from mmtutorial.widgets.toolkit.scenic import Reply, Scenic
from mmtutorial.widgets.touch.frames import own_frames

FRONT_END = Path(__file__).with_name("touch.js")
_WORDS = "[A figure to touch. Run this cell to use it; the picture shows its state.]"


class TouchFigure(anywidget.AnyWidget):
    """An explorer that is touched in the browser.

    The cell shows a picture of the state, as any frame does. In JupyterLab the front end puts the live figure in the
    picture's place as long as there is a kernel, so that a saved notebook keeps the picture.

    Args:
        explorer: What is shown.
        **values: The state at first; defaults elsewhere.

    Attributes:
        state: The state on show; setting it moves the figure.
        scene: What the browser draws.
        art: The pictures in it, as ``data:`` addresses.
        answer: What was said to the last move: ``text``, ``mood``, and the number of the move.

    Raises:
        InputError: A value is out of range.
    """

    _esm = FRONT_END
    name = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    state: Any = traitlets.Dict().tag(sync=True)
    scene: Any = traitlets.Dict().tag(sync=True)
    art: Any = traitlets.List().tag(sync=True)
    move: Any = traitlets.Dict().tag(sync=True)
    answer: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, explorer: Scenic[Any], **values: Any) -> None:
        self.explorer = explorer
        super().__init__(
            name=explorer.name, key=uuid4().hex, controls=specification(explorer.controls), **self._shown(values)
        )

    def _shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the traits that show a state."""
        state = self.explorer.state(**values)
        scene = {"kind": self.explorer.figure, **self.explorer.scene(state)}
        scene["limits"] = {name: list(ends) for name, ends in self.explorer.limits(state).items()}
        scene["idle"] = list(self.explorer.idle(state))
        return {"state": dict(state), "scene": scene, "art": self.explorer.art(state)}

    @traitlets.observe("move")
    def _moved(self, change: Any) -> None:
        """Answer what the reader did: set values, press a button, or touch the figure itself."""
        move = change["new"]
        if not move:
            return
        reply, now = Reply(), self.explorer.state(**self.state)
        if "set" in move:
            now = now.with_(**move["set"])
        elif "press" in move:
            now = self.explorer.press(move["press"], now)
        else:
            reply = self.explorer.act(now, move["do"])
            now = now.with_(**reply.changes)
        self._show(now, {**reply.said(), "count": move.get("count", 0)})

    @traitlets.observe("state")
    def _set(self, change: Any) -> None:
        """Follow a state that was set from a cell."""
        if change["old"] and not self._answering:
            self._show(change["new"], {"count": self.move.get("count", 0)})

    _answering = False

    def _show(self, values: Mapping[str, Any], answer: dict[str, Any]) -> None:
        shown = self._shown(values)
        self._answering = True
        try:
            # One message with everything: the front end never sees half an answer.
            with self.hold_sync():
                for name, value in {**shown, "answer": answer}.items():
                    if getattr(self, name) != value:
                        setattr(self, name, value)
        finally:
            self._answering = False

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        frame = self.explorer.static(**self.state)
        data = {
            "text/plain": _WORDS,
            "text/html": f'<div data-touch="{self.key}">{frame._repr_html_()}</div>',
            "image/png": base64.b64encode(frame.png).decode("ascii"),
        }
        if not own_frames():
            return data, {}
        live, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **live}, about
