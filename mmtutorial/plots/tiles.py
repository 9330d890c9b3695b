"""Images and masks side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled


@styled
def tiles(title: str, classes: ClassTable, *rows: Mapping[str, Any]) -> Picture:
    """Draw rows of images and masks, each with its name above.

    Args:
        title: What is shown; it begins the alt text.
        classes: The class table of the masks.
        *rows: By name: images ``(3, H, W)`` uint8, and masks ``(H, W)`` of class ids. All rows have the names of the
            first.

    Raises:
        InputError: There is no row, or one has other names.

    Example:
        >>> from mmtutorial.datasets import open_dataset
        >>> scenes = open_dataset("scenes")
        >>> image, mask = scenes[0]
        >>> tiles("A scene", scenes.classes, {"image": image, "mask": mask}).alt
        'A scene: image, mask.'
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise InputError("tiles need one row or more, all with the same names; give dictionaries with the same keys")
    names = list(rows[0])
    figure = style.new_figure(2 * len(names), 2 * len(rows) + 0.9)
    panels = figure.subplots(len(rows), len(names), squeeze=False)
    styles, seen = style.class_styles(classes), np.empty(0, dtype=np.int64)
    for place, row in enumerate(rows):
        for axes, (name, tile) in zip(panels[place], row.items(), strict=True):
            values = np.asarray(tile)
            if values.ndim == 2:
                seen = np.append(seen, np.unique(values))
                values = style.paint(values, styles)
            else:
                values = values.transpose(1, 2, 0)
            axes.imshow(values, interpolation="nearest")
            axes.set_title(name if place == 0 else "", fontsize=10.5, fontweight="normal", loc="center")
            style.hide_axes(axes)
    style.patch_legend(figure, style.styles_in(styles, seen))
    return Picture(figure, f"{title}: {', '.join(names)}.")
