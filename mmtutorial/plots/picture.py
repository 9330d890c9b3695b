"""A figure together with the words that stand for it."""

from __future__ import annotations

import base64
import functools
import html
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec

import matplotlib
from matplotlib.figure import Figure

from mmtutorial.plots.style import STYLE

Arguments = ParamSpec("Arguments")
Format = Literal["png", "svg", "jpeg"]


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the package's style, whatever a user's ``matplotlibrc`` or notebook says of fonts, TeX or colours."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


@dataclass(frozen=True)
class Picture:
    """One figure and its alt text.

    Attributes:
        figure: The matplotlib figure. It is in no list of open figures, so nothing has to be closed.
        alt: What the figure shows, in words, with its numbers.
    """

    figure: Figure
    alt: str

    def png(self, dpi: float = 110) -> bytes:
        """Return the figure as a PNG file."""
        return self._save("png", dpi)

    def jpeg(self, dpi: float = 110) -> bytes:
        """Return the figure as a JPEG file, which is far smaller where the figure holds photographs."""
        return self._save("jpeg", dpi)

    def svg(self) -> str:
        """Return the figure as SVG text, with type drawn as outlines so that no font is needed."""
        return self._save("svg", 110).decode("utf-8")

    def data_uri(self, format: Format = "png", dpi: float = 110) -> str:
        """Return the figure as a ``data:`` address, to be put into a page that stands alone."""
        kind = "svg+xml" if format == "svg" else format
        return f"data:image/{kind};base64," + base64.b64encode(self._save(format, dpi)).decode("ascii")

    def _save(self, format: Format, dpi: float) -> bytes:
        buffer = io.BytesIO()
        # Without a date, the same figure gives the same bytes. Full chroma keeps thin coloured frames sharp.
        extra: dict[str, Any] = {"metadata": {"Date": None}} if format == "svg" else {}
        if format == "jpeg":
            extra = {"pil_kwargs": {"quality": 88, "subsampling": 0}}
        with house_style():
            # "tight" keeps what a layout would cut off: names beside panels whose aspect is fixed.
            self.figure.savefig(buffer, format=format, dpi=dpi, bbox_inches="tight", pad_inches=0.08, **extra)
        return buffer.getvalue()

    def _repr_html_(self) -> str:
        alt = html.escape(self.alt, quote=True)
        return f'<img src="{self.data_uri()}" alt="{alt}" style="max-width:100%">'

    def _repr_png_(self) -> bytes:
        return self.png()


def styled(draw: Callable[Arguments, Picture]) -> Callable[Arguments, Picture]:
    """Make a drawing function use the package's style, and leave matplotlib's settings as they were."""

    @functools.wraps(draw)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Picture:
        with house_style():
            picture = draw(*args, **kwargs)
            # A layout engine moves things a little at every drawing. Laid out once and then left alone, a figure
            # is the same however often and in whatever format it is saved.
            picture.figure.draw_without_rendering()
            picture.figure.set_layout_engine("none")
            return picture

    return run
