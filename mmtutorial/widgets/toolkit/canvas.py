"""A small drawing surface: a frame in a few milliseconds, where a plotting library takes a tenth of a second.

Everything is drawn at twice the size and then halved, which smooths all edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mmtutorial.plots import style
from mmtutorial.widgets.toolkit.frame import TextBox

SCALE = 2
BODY = 18
"""Size of ordinary type in pixels of a frame 1200 wide."""
TITLE = 22

Point = tuple[float, float]
Font = ImageFont.FreeTypeFont


@lru_cache(maxsize=64)
def _font(size: int, bold: bool) -> Font:
    # matplotlib brings this font along, so frames look alike on every machine.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name
    return ImageFont.truetype(str(path), size * SCALE, layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """A white sheet. Coordinates are pixels of the finished frame, from the top left.

    Attributes:
        width: Pixels across.
        height: Pixels down.
        texts: Every text written so far, with its place.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.texts: list[TextBox] = []
        self._sheet = Image.new("RGB", (width * SCALE, height * SCALE), "white")
        self._pen = ImageDraw.Draw(self._sheet)

    def finished(self) -> Image.Image:
        """Return the drawing at its size."""
        return self._sheet.reduce(SCALE)

    def line(self, points: Sequence[Point], color: str = style.INK, width: float = 2) -> None:
        """Draw a line through points."""
        self._pen.line([_up(p) for p in points], fill=color, width=max(1, round(width * SCALE)), joint="curve")

    def dashes(self, start: Point, end: Point, color: str = style.INK, width: float = 2, dash: float = 8) -> None:
        """Draw a dashed straight line."""
        length = math.dist(start, end)
        pieces = max(1, round(length / (2 * dash)))
        for piece in range(pieces):
            near, far = piece / pieces, (piece + 0.6) / pieces
            self.line([_between(start, end, near), _between(start, end, far)], color, width)

    def arrow(self, start: Point, end: Point, color: str = style.INK, width: float = 3, head: float = 13) -> None:
        """Draw an arrow; one shorter than its head is only a head."""
        length = math.dist(start, end)
        if length < 1e-6:
            return
        turn = math.atan2(end[1] - start[1], end[0] - start[0])
        size = min(head, length)
        foot = (end[0] - size * math.cos(turn), end[1] - size * math.sin(turn))
        self.line([start, foot], color, width)
        side = size * 0.45
        across = (-math.sin(turn) * side, math.cos(turn) * side)
        corners = [end, (foot[0] + across[0], foot[1] + across[1]), (foot[0] - across[0], foot[1] - across[1])]
        self.polygon(corners, color)

    def circle(
        self, centre: Point, radius: float, fill: str | None = None, edge: str | None = None, width: float = 2
    ) -> None:
        """Draw a circle."""
        (x, y), r = centre, radius
        pixels = max(1, round(width * SCALE)) if edge else 0
        self._pen.ellipse([_up((x - r, y - r)), _up((x + r, y + r))], fill=fill, outline=edge, width=pixels)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        fill: str | None = None,
        edge: str | None = None,
        width: float = 2,
    ) -> None:
        """Draw a rectangle; its edge lies inside."""
        pixels = max(1, round(width * SCALE)) if edge else 0
        corners = [_up((min(left, right), min(top, bottom))), _up((max(left, right), max(top, bottom)))]
        self._pen.rectangle(corners, fill=fill, outline=edge, width=pixels)

    def polygon(self, points: Sequence[Point], fill: str, edge: str | None = None, width: float = 1) -> None:
        """Draw a filled polygon."""
        corners = [_up(p) for p in points]
        self._pen.polygon(corners, fill=fill)
        if edge:
            self._pen.line([*corners, corners[0]], fill=edge, width=max(1, round(width * SCALE)), joint="curve")

    def picture(self, pixels: NDArray[Any], left: float, top: float, width: float, height: float) -> None:
        """Put an image ``(3, h, w)`` or ``(h, w, 3)`` of uint8 into a box; small ones keep their hard pixels."""
        array = np.moveaxis(pixels, 0, -1) if pixels.shape[0] == 3 and pixels.shape[-1] != 3 else pixels
        size = (max(1, round(width * SCALE)), max(1, round(height * SCALE)))
        enlarged = size[0] >= array.shape[1]
        how = Image.Resampling.NEAREST if enlarged else Image.Resampling.BOX
        image = Image.fromarray(np.ascontiguousarray(array, dtype=np.uint8), "RGB").resize(size, how)
        self._sheet.paste(image, (round(left * SCALE), round(top * SCALE)))

    def fitted(self, pixels: NDArray[Any], left: float, top: float, side: float, *, centred: bool = False) -> Point:
        """Put an image whole and at its own proportions into a square; return how wide and high it is there."""
        height, width = pixels.shape[-2:] if pixels.shape[0] == 3 else pixels.shape[:2]
        scale = side / max(height, width)
        wide, high = scale * width, scale * height
        room = ((side - wide) / 2, (side - high) / 2) if centred else (0.0, 0.0)
        self.picture(pixels, left + room[0], top + room[1], wide, high)
        return wide, high

    def text_width(self, text: str, size: int = BODY, bold: bool = False) -> float:
        """Return the width of a text in pixels."""
        return _font(size, bold).getlength(text) / SCALE

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int = BODY,
        color: str = style.INK,
        bold: bool = False,
        anchor: str = "ls",
        fit: float | None = None,
    ) -> float:
        """Write one line and return its width.

        Args:
            x: Place across.
            y: Place down.
            text: What to write.
            size: Height of the type in pixels.
            color: Colour of the type.
            bold: Whether it is bold.
            anchor: What lies at the place, as Pillow has it: ``ls`` the left end of the base line, ``mm`` the
                middle, ``rs`` the right end of the base line.
            fit: Most pixels across; a longer text ends in an ellipsis.
        """
        font = _font(size, bold)
        if fit is not None:
            text = self._shortened(text, size, bold, fit)
        if not text:
            return 0.0
        at = _up((x, y))
        left, top, right, bottom = (v / SCALE for v in self._pen.textbbox(at, text, font=font, anchor=anchor))
        self.texts.append(TextBox(text, left, top, right, bottom))
        self._pen.text(at, text, fill=color, font=font, anchor=anchor)
        return right - left

    def paragraph(
        self, x: float, y: float, width: float, text: str, *, size: int = BODY, color: str = style.INK, lines: int = 9
    ) -> float:
        """Write lines of at most a width, the first with its base at ``y``; returns the base of the next line."""
        for line in self._wrapped(text, size, width)[:lines]:
            self.text(x, y, line, size=size, color=color, fit=width)
            y += round(size * 1.4)
        return y

    def _wrapped(self, text: str, size: int, width: float) -> list[str]:
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.text_width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def _shortened(self, text: str, size: int, bold: bool, width: float) -> str:
        if self.text_width(text, size, bold) <= width:
            return text
        while text and self.text_width(f"{text}…", size, bold) > width:
            text = text[:-1]
        return f"{text.rstrip()}…" if text else ""


def _up(point: Point) -> Point:
    return point[0] * SCALE, point[1] * SCALE


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
