"""``mmtutorial data check``: read a data set as training would, and say what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmtutorial.datasets import DATASETS, VOID, SegmentationDataset, open_dataset, roles
from mmtutorial.errors import unknown


def check_dataset(name: str, root: Path | None, classes: Sequence[str] | None) -> Iterator[str]:
    """Lines about each split that the program uses: images, sizes, share of each class.

    Raises:
        InputError: a file cannot be used; the message names it.
    """
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    used = roles(name, root)
    for split in dict.fromkeys((used.train, used.choose, used.report)):
        if split is not None:
            yield from _describe(open_dataset(name, root, split, classes))


def _describe(images: SegmentationDataset) -> Iterator[str]:
    pixels = np.zeros(256, dtype=np.int64)
    sizes: dict[tuple[int, ...], int] = {}
    for index in range(len(images)):
        mask = images.arrays(index)[1]
        pixels += np.bincount(mask.ravel(), minlength=256)
        sizes[mask.shape] = sizes.get(mask.shape, 0) + 1
    height, width = max(sizes, key=lambda size: sizes[size])
    yield f"{images.name} {images.split}: {len(images)} images, {len(sizes)} sizes, most often {width} x {height}"
    for label, class_name in enumerate(images.classes.names):
        yield f"  {label:3d} {class_name:14s} {pixels[label] / pixels.sum():7.2%} of pixels"
    yield f"  {VOID} {'void':14s} {pixels[VOID] / pixels.sum():7.2%} of pixels"
