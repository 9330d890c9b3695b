"""One look at every image and mask of a split: what is counted, what is wrong, and a few to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from tqdm.auto import tqdm

from mmtutorial.datasets import VOID, ClassTable
from mmtutorial.datasets.base import WORKERS
from mmtutorial.datasets.labels import Counts
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair, Pixels
from mmtutorial.errors import InputError

SHOWN = 24
"""Images of a split on the contact sheet."""


@dataclass(kw_only=True)
class SplitCheck(Counts):
    """What a look at a split found, besides what its images and masks hold.

    Attributes:
        name: Name of the split.
        classes: The class table.
        images: How many it lists.
        broken: One line for each file that cannot be used.
        void: Names of images whose mask is void all over; not filled where masks are void by nature.
        sizes: How many images have each size (width, height).
        shown: A few images with their masks, evenly spread, by name.
    """

    name: str
    classes: ClassTable
    images: int = 0
    broken: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    shown: dict[str, Pair] = field(default_factory=dict)

    def share(self, label: int) -> float:
        """Share of all pixels that has an id, 0 to 1."""
        return float(self.pixels[label] / max(1, self.pixels.sum()))


def look(source: Source, classes: ClassTable, lookup: Pixels | None) -> SplitCheck:
    """Read every image and mask of a split, one after the other; nothing is kept but what is shown.

    Args:
        source: The split.
        classes: The table after renumbering.
        lookup: New id of each old one, or None.
    """
    found = SplitCheck(name=source.split, classes=classes, images=len(source))
    chosen = set(np.linspace(0, len(source) - 1, min(SHOWN, len(source))).round().astype(int).tolist())
    for index, pair in _read(source):
        name = source.image_id(index)
        if isinstance(pair, InputError):
            found.broken.append(str(pair))
            continue
        image, mask = pair
        mask = mask if lookup is None else lookup[mask]
        found.add(name, image, mask)
        found.sizes[mask.shape[1], mask.shape[0]] += 1
        if (mask == VOID).all():
            found.void.append(name)
        if index in chosen:
            found.shown[name] = image, mask
    return found


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
