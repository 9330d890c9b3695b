"""An explorer that can be touched, and how its pictures travel to the front end."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmtutorial.errors import InputError
from mmtutorial.widgets.toolkit.drawable import FactsT
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.scenic import Scenic

if TYPE_CHECKING:
    from mmtutorial.widgets.touch.figure import TouchFigure


class Touchable(Explorer[FactsT], Scenic[FactsT]):
    """An explorer whose states the front end can draw; ``touch()`` shows it."""

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
