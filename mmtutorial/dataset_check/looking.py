"""One look at every image and mask of a split: what is counted, what is wrong, and a few to show."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from mmtutorial.datasets import VOID, ClassTable
from mmtutorial.datasets.base import WORKERS
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair, Pixels
from mmtutorial.errors import InputError

SHOWN = 24
"""Images of a split on the contact sheet."""


@dataclass
class SplitCheck:
    """What a look at a split found.

    Attributes:
        name: Name of the split.
        classes: The class table.
        images: How many it lists.
        broken: One line for each file that cannot be used.
        void: Names of images whose mask is void all over; not filled where masks are void by nature.
        sizes: How many images have each size (width, height).
        pixels: ``(256,)`` pixels of each id.
        occurs: ``(256,)`` images in which each id occurs.
        digests: Name of an image by the hash of its decoded pixels.
        shown: A few images with their masks, evenly spread, by name.
    """

    name: str
    classes: ClassTable
    images: int = 0
    broken: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, dtype=np.int64))
    occurs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, dtype=np.int64))
    digests: dict[str, list[str]] = field(default_factory=dict)
    shown: dict[str, Pair] = field(default_factory=dict)

    @property
    def labelled(self) -> bool:
        """Whether any pixel has a label."""
        return bool(self.pixels[:VOID].any())

    def share(self, label: int) -> float:
        """Share of all pixels that has an id, 0 to 1."""
        return float(self.pixels[label] / max(1, self.pixels.sum()))


def look(source: Source, classes: ClassTable, lookup: Pixels | None) -> SplitCheck:
    """Reads every image and mask of a split, one after the other; nothing is kept but what is shown.

    Args:
        source: The split.
        classes: The table after renumbering.
        lookup: New id of each old one, or None.
    """
    found = SplitCheck(source.split, classes, images=len(source))
    chosen = set(np.linspace(0, len(source) - 1, min(SHOWN, len(source))).round().astype(int).tolist())
    for index, pair in _read(source):
        name = source.image_id(index)
        if isinstance(pair, InputError):
            found.broken.append(str(pair))
            continue
        image, mask = pair
        mask = mask if lookup is None else lookup[mask]
        _count(found, name, image, mask)
        if index in chosen:
            found.shown[name] = image, mask
    return found


def _count(found: SplitCheck, name: str, image: Pixels, mask: Pixels) -> None:
    counts = np.bincount(mask.ravel(), minlength=256)
    found.pixels += counts
    found.occurs += counts > 0
    found.sizes[mask.shape[1], mask.shape[0]] += 1
    if counts[VOID] == mask.size:
        found.void.append(name)
    # Of the pixels, not of the file: the same photo saved anew, under another name, is still the same photo.
    digest = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()
    found.digests.setdefault(digest, []).append(name)


def _read(source: Source) -> Iterator[tuple[int, Pair | InputError]]:
    """Every pair, or what is wrong with it, in order; a few are decoded ahead."""

    def load(index: int) -> Pair | InputError:
        try:
            return source.load(index)
        except InputError as error:
            return error

    waiting = iter(range(len(source)))
    bar = tqdm(total=len(source), desc=f"{source.name} {source.split}", unit="image", delay=1.0, leave=False)
    with bar, ThreadPoolExecutor(WORKERS) as pool:
        while batch := list(islice(waiting, 8 * WORKERS)):
            for index, pair in zip(batch, pool.map(load, batch), strict=True):
                bar.update()
                yield index, pair
