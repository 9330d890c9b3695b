"""Images with their masks as rows of small pictures, which a page scrolls sideways with the image pinned."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.plots import style
from mmtutorial.results.reading import Arrays

SIDE = 256
"""Pixels of the longer side of a picture at most."""
HERO_ARMS = 4
"""Arms that the first picture of a page shows at most."""


@dataclass(frozen=True)
class Cell:
    """A picture as a ``data:`` address, its alt text, and what stands below it."""

    src: str
    alt: str
    below: str


@dataclass(frozen=True)
class Strip:
    """One image with the truth and the masks of some arms."""

    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Strips:
    """Some images below one another.

    Attributes:
        arms: the names of the columns after image and truth.
        ranked_by: the arm by whose mIoU the images were picked.
        rows: the images.
        legend: name and colour of each class that occurs.
    """

    arms: tuple[str, ...]
    ranked_by: str
    rows: tuple[Strip, ...]
    legend: tuple[tuple[str, str], ...]


def strips(
    arrays: Arrays, classes: ClassTable, *, arms: Sequence[str] | None = None, most: dict[str, int] | None = None
) -> Strips:
    """The predictions that a run stored.

    Args:
        arrays: of ``pictures/predictions.npz``.
        classes: the class table.
        arms: the arms to show; None: all.
        most: how many images of each kind, such as ``{"best": 1}``; None: all.

    Raises:
        KeyError: an array is missing.
    """
    names = [str(arm) for arm in arrays["arms"]]
    chosen = [place for place, name in enumerate(names) if arms is None or name in arms]
    left = None if most is None else dict(most)
    rows, seen = [], set[int]()
    for i, kind in enumerate(arrays["kinds"].tolist()):
        if left is not None:
            if left.get(kind, 0) < 1:
                continue
            left[kind] -= 1
        rows.append(Strip(str(kind), tuple(_cells(arrays, i, [(k, names[k]) for k in chosen], classes))))
        seen |= set(np.unique([arrays[f"truth_{i}"], *arrays[f"prediction_{i}"][chosen]]).tolist())
    looks = style.class_styles(classes)
    legend = [(style.style_of(looks, label).name, style.style_of(looks, label).color) for label in sorted(seen)]
    return Strips(tuple(names[k] for k in chosen), names[-1], tuple(rows), tuple(legend))


def hero_arms(names: Sequence[str]) -> list[str]:
    """The arms for the first picture: those that start as the first one does, the fair control among them."""
    start = names[0].partition("+")[0]
    alike = [name for name in names if name.partition("+")[0] == start]
    return (alike if len(alike) > 1 else list(names))[:HERO_ARMS]


def _cells(arrays: Arrays, i: int, arms: Sequence[tuple[int, str]], classes: ClassTable) -> Iterator[Cell]:
    name, kind, truth = str(arrays["ids"][i]), str(arrays["kinds"][i]), arrays[f"truth_{i}"]
    yield Cell(
        photo_uri(np.moveaxis(arrays[f"image_{i}"], 0, -1)), f"Image {name}, among the {kind} of those scored", name
    )
    yield Cell(mask_uri(truth, classes), f"True mask of image {name}: {_shown(truth, classes)}", "truth")
    for place, arm in arms:
        mask, score = arrays[f"prediction_{i}"][place], words.number(100 * float(arrays[f"miou_{i}"][place]))
        alt = f"Mask predicted for image {name}, with its mIoU in percent: {arm} {score}; {_shown(mask, classes)}"
        yield Cell(mask_uri(mask, classes), alt, score)


def _shown(mask: NDArray[Any], classes: ClassTable) -> str:
    return words.listed([look.name for look in style.styles_in(style.class_styles(classes), mask)])


def photo_uri(pixels: NDArray[Any], side: int = SIDE) -> str:
    """An ``(H, W, 3)`` uint8 photo as the address of a JPEG with at most so many pixels a side."""
    photo = Image.fromarray(np.ascontiguousarray(pixels))
    photo.thumbnail((side, side))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def mask_uri(mask: NDArray[Any], classes: ClassTable) -> str:
    """An ``(H, W)`` mask of class ids as the address of a PNG in the colours of the classes."""
    ids = Image.fromarray(np.clip(mask, 0, 255).astype(np.uint8))
    ids.thumbnail((SIDE, SIDE), Image.Resampling.NEAREST)
    painted = Image.fromarray(style.paint(np.asarray(ids), style.class_styles(classes))).quantize(256)
    buffer = io.BytesIO()
    painted.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
