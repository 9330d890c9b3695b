"""The page of a prediction: each photo with its mask and where the network was sure; the least sure ones first.

What the network is least sure of is what labelling would teach it most (uncertainty sampling, Lewis and Gale, 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.datasets.pictures import read_image
from mmtutorial.plots import style
from mmtutorial.prediction import Look
from mmtutorial.reports.run import page_template
from mmtutorial.reports.strips import mask_uri, photo_uri
from mmtutorial.reports.writing import write_page

PAGE = "predictions.html"
SIDE = 320
"""Pixels of the longer side of a picture on the page."""
MOST = 60
"""Photos with pictures on the page; of more there is a table alone."""
SUGGESTED = 10
"""How many photos are named to be labelled next."""


@dataclass(frozen=True)
class Shot:
    """A picture on the page, and what stands below it."""

    src: str
    alt: str
    below: str


@dataclass(frozen=True)
class Entry:
    """A photo on the page: its name, how unsure the network was, what it found, and three pictures."""

    name: str
    unsure: str
    found: str
    shots: tuple[Shot, ...]


def write_predictions(looks: Sequence[Look], classes: ClassTable, path: Path, *, force: bool = False) -> Path:
    """Write the page; return its place.

    Args:
        looks: what was predicted, in any order.
        classes: the network's classes.
        path: where.
        force: overwrite whatever is there.

    Raises:
        InputError: the place cannot be written, or holds a page of somebody else.
    """
    ordered = sorted(looks, key=lambda look: -look.uncertainty)
    styles = style.class_styles(classes)
    page = page_template("predictions.html.j2").render(
        entries=[_entry(look, classes) for look in ordered[:MOST]],
        rest=[(look.photo.name, _unsure(look)) for look in ordered[MOST:]],
        next=[look.photo.name for look in ordered[: min(SUGGESTED, max(1, len(ordered) // 4))]],
        count=len(ordered),
        legend=[(look.name, look.color) for look in styles],
    )
    return write_page(path, page, force=force)


def _unsure(look: Look) -> str:
    return f"{100 * look.uncertainty:.0f} %"


def _entry(look: Look, classes: ClassTable) -> Entry:
    image = np.moveaxis(read_image(look.photo), 0, -1)
    with Image.open(look.mask) as opened:
        mask = np.array(opened)
    shares = np.bincount(mask.ravel(), minlength=len(classes)) / mask.size
    seen = sorted((label for label in range(len(classes)) if shares[label] >= 0.005), key=lambda label: -shares[label])
    found = words.listed([f"{classes.names[label]} {100 * shares[label]:.0f} %" for label in seen])
    name = look.photo.name
    sure = np.repeat(look.confidence[..., None], 3, axis=2)
    shots = (
        Shot(photo_uri(image, SIDE), f"the photo {name}", "photo"),
        Shot(mask_uri(mask, classes), f"its mask: {found}", "mask"),
        Shot(photo_uri(sure, SIDE), "where the network was sure", "the lighter, the surer"),
    )
    return Entry(name, _unsure(look), found, shots)
