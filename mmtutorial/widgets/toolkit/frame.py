"""One drawn state of an explorer: a picture and the words that stand for it."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from functools import cached_property

from PIL import Image


@dataclass(frozen=True)
class TextBox:
    """Where a text stands in a frame, in pixels; tests look here whether anything is cut off or overlaps."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: TextBox) -> bool:
        """Tell whether two boxes share more than a pixel's edge."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 1 and down > 1


@dataclass(frozen=True, repr=False)
class Frame:
    """One frame.

    A notebook shows it as a picture with alt text; so does a page that is printed.

    Attributes:
        image: The picture.
        alt: What it shows, in words, with its numbers.
        texts: Every text in it, with its place.
    """

    image: Image.Image
    alt: str
    texts: tuple[TextBox, ...] = ()

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        buffer = io.BytesIO()
        # The lowest effort: a frame must be there while the reader still drags the slider.
        self.image.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"Frame({self.image.width}x{self.image.height}: {self.alt})"

    def _repr_png_(self) -> bytes:
        return self.png

    def _repr_html_(self) -> str:
        address = "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")
        return f'<img src="{address}" alt="{html.escape(self.alt, quote=True)}" style="max-width:100%">'
