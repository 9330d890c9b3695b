"""How the patches of a map are coloured: by class, by image, by colour, or by where in the image they were."""

from __future__ import annotations

import colorsys
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.plots import style
from mmtutorial.plots.style import ClassStyle
from mmtutorial.widgets.embedding_frames import GREY, HUES

Kind = Literal["class", "image", "colour", "position"]
_CELLS = [f"{row} {column}" for row in ("top", "centre", "bottom") for column in ("left", "middle", "right")]


def looks_by(kind: Kind, values: NDArray[Any], classes: ClassTable) -> list[ClassStyle]:
    """Return the look of each patch.

    Args:
        kind: By what.
        values: ``(P,)`` class ids, image numbers, colour bins, or cells of the image, 0 to 8, row by row.
        classes: The class table.
    """
    if kind == "class":
        styles = style.class_styles(classes)
        return [style.style_of(styles, int(label)) for label in values]
    if kind == "image":
        return [_image_look(place) for place in np.unique(values, return_inverse=True)[1].tolist()]
    if kind == "colour":
        return [colour_look(min(int(index), GREY)) for index in values]
    return [ClassStyle(_CELLS[cell], style.SAFE_COLOURS[cell], style.MARKERS[cell]) for cell in map(int, values)]


def _image_look(place: int) -> ClassStyle:
    """Return the look of an image. No two of 144 look alike, and neighbours in number differ in both signs."""
    shapes, colours = style.MARKERS, style.SAFE_COLOURS
    shape = shapes[(place + place // len(colours)) % len(shapes)]
    return ClassStyle(f"image {place}", colours[place % len(colours)], shape)


def colour_look(index: int) -> ClassStyle:
    """Return the look of a colour bin: its colour, and a shape for those who cannot tell it."""
    if index == GREY:
        return ClassStyle("grey", style.FAINT, style.BACKGROUND_MARKER)
    channels = colorsys.hsv_to_rgb(index / len(HUES), 0.8, 0.9)
    return ClassStyle(HUES[index], style.to_hex(255 * v for v in channels), style.MARKERS[index])
