"""The contact sheet: a page of images with the outlines of their masks, and what each class looks like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmtutorial import words
from mmtutorial.dataset_check.checking import DatasetCheck
from mmtutorial.dataset_check.looking import SplitCheck
from mmtutorial.dataset_check.words import leak_line, verdict
from mmtutorial.datasets import VOID
from mmtutorial.datasets.store import Pixels
from mmtutorial.errors import InputError
from mmtutorial.ownership import refuse_foreign, write_own
from mmtutorial.plots import style
from mmtutorial.plots.outlines import outlined
from mmtutorial.reports.run import page_template
from mmtutorial.reports.strips import photo_uri

SIDE = 320
"""Pixels of the longer side of a picture on the sheet."""


@dataclass(frozen=True)
class Tile:
    """One image on the sheet."""

    name: str
    src: str
    alt: str


def refuse_page(path: Path, *, force: bool = False) -> None:
    """Refuse a place for the page, before the long look at a data set.

    Args:
        path: Where the page is to be.
        force: Overwrite whatever file is there.

    Raises:
        InputError: It is no ``.html`` file, or one is there that the program did not write.
    """
    if path.is_dir() or path.suffix.lower() != ".html":
        what = "a folder" if path.is_dir() else "no .html file"
        raise InputError(f"--out {path} is {what}; give the name of a page such as sheet.html")
    if not force:
        refuse_foreign([path])


def write_contact_sheet(check: DatasetCheck, path: Path, *, force: bool = False) -> Path:
    """Write the page; return its place.

    Raises:
        InputError: It cannot be written; see ``refuse_page`` too.
    """
    refuse_page(path, force=force)
    splits = [
        {
            "check": split,
            "tiles": [_tile(split, name) for name in split.shown],
            "classes": _classes(split),
            "sizes": [(f"{w} x {h}", count) for (w, h), count in split.sizes.most_common(8)],
            "twice": [names for names in split.digests.values() if len(names) > 1],
        }
        for split in check.splits.values()
    ]
    leaks = [(leak_line(leak), leak.images) for leak in check.leaks]
    page = page_template("check.html.j2").render(check=check, splits=splits, leaks=leaks, verdict=verdict(check))
    write_own(path, page.encode("utf-8"), force=force)
    return path


def _classes(split: SplitCheck) -> list[tuple[str, str, float, int]]:
    """Name, colour, share of pixels in percent and number of images of each id."""
    if not split.labelled:
        return []
    styles = style.class_styles(split.classes)
    rows = [(one.name, one.color, label) for label, one in enumerate(styles)]
    rows.append(("void", style.VOID_GREY, VOID))
    return [(name, colour, 100 * split.share(label), int(split.occurs[label])) for name, colour, label in rows]


def _tile(split: SplitCheck, name: str) -> Tile:
    image, mask = split.shown[name]
    seen = [split.classes.names[i] if i < len(split.classes) else "void" for i in np.unique(mask).tolist()]
    return Tile(name, photo_uri(_outlined(split, image, mask), SIDE), f"{name}: {words.listed(seen)}")


def _outlined(split: SplitCheck, image: Pixels, mask: Pixels) -> Pixels:
    """A small image with the outlines of its mask; where the mask is void all over, the image alone."""
    photo = Image.fromarray(image.transpose(1, 2, 0))
    photo.thumbnail((SIDE, SIDE))
    small = np.asarray(photo)
    if (mask == VOID).all():
        return small
    shrunk = np.asarray(Image.fromarray(mask).resize(photo.size, Image.Resampling.NEAREST))
    return outlined(small, shrunk, style.class_styles(split.classes))
