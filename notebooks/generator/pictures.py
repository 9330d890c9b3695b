"""Stored pictures are made small: a palette of 256 colours is plenty for diagrams and small patches."""

from __future__ import annotations

import base64
import io
import re

from PIL import Image

_IN_HTML = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")
_WIDEST = 1000


def smaller_html(page: str) -> str:
    """HTML with its embedded PNG pictures made small."""
    return _IN_HTML.sub(lambda found: smaller(found[0]), page)


def smaller(encoded: str) -> str:
    """A PNG, in base64, at most 1000 pixels wide and with a palette; the same if that would not be smaller."""
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        image = picture.convert("RGB")
    if image.width > _WIDEST:
        image = image.resize((_WIDEST, round(image.height * _WIDEST / image.width)), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    # Maximum coverage keeps what is rare, such as the colour of a small swatch in a legend beside a photo; the usual
    # median cut gives it away. The steps of k-means then fit the palette to all pixels.
    few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(buffer, "PNG", optimize=True)
    made = base64.b64encode(buffer.getvalue()).decode("ascii")
    return min(made, encoded, key=len)
