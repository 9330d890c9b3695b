"""A picture that is drawn anew while a network trains: curves, and one mask that gets better."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.plots import style
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.charts import Chart, ticks
from mmtutorial.widgets.toolkit.frame import Frame

_WIDTH, _HEIGHT, _TOP, _SIDE = 1200, 300, 52, 200
Publish = Callable[[Frame], None]


class LivePanel:
    """Curves over the steps of a training, and a mask beside its image and the truth.

    A cell shows it once and then replaces it, so that what is saved is how it ended. Without a notebook it draws for
    nobody.

    Args:
        title: What is trained.
        steps: How many steps there will be.
        curves: Names of the curves.
        chance: Height of a dashed line in the curve of purity.
        image: ``(3, H, W)`` uint8, the image whose mask is watched, if any.
        truth: ``(H, W)`` its true mask.
        classes: Class table of the masks.
        publish: Gets each frame; by default the notebook's cell.

    Raises:
        InputError: An image comes without its truth or class table.

    Example:
        >>> panel = LivePanel("Tuning", 50, ["loss"], publish=lambda frame: print(frame.alt))
        >>> panel.show(25, loss=0.5)
        Tuning, step 25 of 50. loss 0.50.
    """

    def __init__(
        self,
        title: str,
        steps: int,
        curves: Sequence[str],
        *,
        chance: float | None = None,
        image: Tensor | None = None,
        truth: Tensor | None = None,
        classes: ClassTable | None = None,
        publish: Publish | None = None,
    ) -> None:
        if image is not None and (truth is None or classes is None):
            raise InputError("an image was given without truth or class table; pass truth= and classes= as well")
        self.title, self.steps, self.chance = title, steps, chance
        self.curves: dict[str, list[tuple[int, float]]] = {name: [] for name in curves}
        self._styles = style.class_styles(classes) if classes else ()
        self._fixed = (
            [] if image is None or truth is None else [("image", _pixels(image)), ("truth", self._painted(truth))]
        )
        self._publish = publish or in_cell()

    def show(self, step: int, *, mask: Tensor | None = None, **values: float) -> None:
        """Add a value to each curve and draw.

        Args:
            step: Steps taken.
            mask: ``(H, W)`` what the network predicts now.
            **values: By name of the curve.

        Raises:
            InputError: There is no such curve.
        """
        for name, value in values.items():
            if name not in self.curves:
                raise InputError(f"there is no curve '{name}'; there are: {', '.join(self.curves)}")
            self.curves[name].append((step, float(value)))
        self._publish(self._frame(step, mask))

    def _frame(self, step: int, mask: Tensor | None) -> Frame:
        canvas = Canvas(_WIDTH, _HEIGHT)
        tiles = self._fixed + ([] if mask is None else [(f"after {step} steps", self._painted(mask))])
        room = _WIDTH - (_SIDE + 14) * len(tiles) - 20
        width = min(420.0, room / max(1, len(self.curves)))
        for place, (name, points) in enumerate(self.curves.items()):
            self._curve(canvas, 8 + place * width, width - 30, name, points)
        for place, (name, pixels) in enumerate(tiles):
            left = _WIDTH - (_SIDE + 14) * (len(tiles) - place)
            canvas.text(left, 36, name, fit=_SIDE)
            canvas.picture(pixels, left, _TOP, _SIDE, _SIDE)
        numbers = [f"{name} {points[-1][1]:.2f}" for name, points in self.curves.items() if points]
        said = f"{self.title}, step {step} of {self.steps}. {', '.join(numbers)}."
        if mask is not None:
            said += " Beside it an image, its true mask, and the mask predicted now."
        return Frame(canvas.finished(), said, tuple(canvas.texts))

    def _curve(self, canvas: Canvas, left: float, width: float, name: str, points: list[tuple[int, float]]) -> None:
        now = f" {points[-1][1]:.2f}" if points else ""
        canvas.text(left, 36, f"{self.title}: {name}{now}", size=TITLE - 2, bold=True, fit=width)
        top = max([1e-6, *(value for _, value in points)]) if name != "purity" else 1.0
        chart = Chart(canvas, left + 46, _TOP, left + width, _TOP + _SIDE, (0, self.steps), (0, 1.05 * top))
        across = [t for t in ticks(0, self.steps, 4) if t == round(t)]
        chart.axes(across, ticks(0, top, 4), digits=1 if top >= 0.4 else 2)
        if name == "purity" and self.chance is not None:
            canvas.dashes(chart.at(0, self.chance), chart.at(self.steps, self.chance), style.FAINT, 2)
        chart.curve([x for x, _ in points], [y for _, y in points], style.SAFE_COLOURS[0])
        if points:
            canvas.circle(chart.at(*points[-1]), 6, style.SAFE_COLOURS[3], style.INK)

    def _painted(self, mask: Tensor) -> NDArray[np.uint8]:
        return style.paint(mask.cpu().numpy(), self._styles)


def in_cell() -> Publish:
    """Return what shows a frame in the cell that runs now, in place of the one before; nothing outside a notebook."""
    try:
        from IPython import get_ipython
        from IPython.display import HTML, display
    except ImportError:
        return _nowhere
    if get_ipython() is None:
        return _nowhere
    handles: list[Any] = []

    def publish(frame: Frame) -> None:
        shown = HTML(_small(frame))  # type: ignore[no-untyped-call]
        if handles:
            handles[0].update(shown)
        else:
            handles.append(display(shown, display_id=True))  # type: ignore[no-untyped-call]

    return publish


def _small(frame: Frame) -> str:
    """Return a frame for a cell, as small as a photograph: a training leaves several of them in a notebook."""
    buffer = io.BytesIO()
    frame.image.save(buffer, "WEBP", quality=65)
    address = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img src="{address}" alt="{html.escape(frame.alt, quote=True)}" style="max-width:100%">'


def _nowhere(frame: Frame) -> None:
    """Show a frame to nobody."""


def _pixels(image: Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = image.cpu().numpy().astype(np.uint8)
    return pixels
