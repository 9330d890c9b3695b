"""An explorer that can be touched: it describes each state as plain data, and judges what a reader does to it."""

from __future__ import annotations

import base64
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmtutorial.errors import InputError
from mmtutorial.widgets.toolkit.controls import State
from mmtutorial.widgets.toolkit.drawable import FactsT
from mmtutorial.widgets.toolkit.explorer import Explorer

if TYPE_CHECKING:
    from mmtutorial.widgets.touch.figure import TouchFigure

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


class Touchable(Explorer[FactsT]):
    """An explorer whose states the front end can draw; ``touch()`` shows it.

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

    def touch(self, **values: Any) -> TouchFigure | Any:
        """Return the figure to click, drag and point at, for a notebook.

        Args:
            **values: The state at first; defaults elsewhere.

        Returns:
            The figure; without anywidget the picture with its controls; without ipywidgets a still picture.

        Raises:
            InputError: A value is out of range.
        """
        try:
            from mmtutorial.widgets.touch.figure import TouchFigure
        except ImportError:
            return self._without(values)
        return TouchFigure(self, **values)

    def _without(self, values: Mapping[str, Any]) -> Any:
        try:
            shell = self.widget()
        except InputError:
            return self.static(**values)
        shell.show(self.state(**values))
        return shell


def address_of(pixels: NDArray[Any], kind: Literal["PNG", "JPEG"] = "PNG") -> str:
    """Return an image ``(3, h, w)`` or ``(h, w, 3)`` of uint8 as a ``data:`` address."""
    array = np.moveaxis(pixels, 0, -1) if pixels.shape[0] == 3 and pixels.shape[-1] != 3 else pixels
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(array, dtype=np.uint8), "RGB").save(buffer, kind)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def addresses_of(images: Iterable[NDArray[Any]]) -> list[str]:
    """Return each image as a ``data:`` address."""
    return [address_of(image) for image in images]
