"""``stanford``: the Stanford Background data set, outdoor scenes of 8 classes and no background.

Source: Gould, Fulton and Koller, "Decomposing a Scene into Geometric and Semantically Consistent Regions", ICCV 2009.
The layout is that of its archive, ``iccv09Data.tar.gz``, and of the README in it: ``images/*.jpg`` and, for each,
``labels/*.regions.txt``, a matrix of class ids as text in which a negative number means unknown.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.files import PHOTO_SUFFIXES, FileSource, by_stem, composed, need_root, pair
from mmtutorial.errors import InputError, unknown

SPLITS = ("train", "test", "unlabeled")

LAYOUT = "images/*.jpg and labels/*.regions.txt"

REGIONS = ".regions.txt"

TESTED = 5
"""One image in so many is in the test, as in the five folds of the paper: 143 of 715."""

CLASSES = ClassTable(
    names=("sky", "tree", "road", "grass", "water", "building", "mountain", "foreground"),
    # The data set has no colours of its own.
    palette=(
        (130, 180, 220),
        (50, 100, 30),
        (110, 110, 115),
        (140, 190, 70),
        (20, 60, 160),
        (150, 60, 50),
        (125, 95, 65),
        (240, 150, 30),
    ),
    background_ids=(),
)


def find_stanford(root: str | Path | None) -> Path:
    """Return the folder with ``images`` and ``labels``, given itself or the one that holds it as ``iccv09Data``.

    Raises:
        InputError: Neither holds the layout.
    """
    path = need_root("stanford", root, LAYOUT)
    for folder in (path, path / "iccv09Data"):
        if (folder / "images").is_dir() and any((folder / "labels").glob(f"*{REGIONS}")):
            return folder
    raise InputError(f"no Stanford Background under {path}; give the folder with {LAYOUT}")


def open_stanford(root: str | Path | None, split: str) -> FileSource:
    """Open one split.

    The data set has no lists. A fixed shuffle of the sorted names puts a fifth into ``test``, the rest into ``train``,
    which are the sizes of the paper's folds, 143 and 572. ``unlabeled`` is every photo of ``train`` with a void mask.

    Args:
        root: See ``find_stanford``.
        split: ``train``, ``test`` or ``unlabeled``.

    Raises:
        InputError: The split is unknown, the layout is not there, or images and labels do not pair up.
    """
    if split not in SPLITS:
        raise unknown("split of stanford", split, SPLITS)
    folder = find_stanford(root)
    photos = by_stem(folder / "images", PHOTO_SUFFIXES)
    labels = {composed(path.name.removesuffix(REGIONS)): path for path in sorted(folder.glob(f"labels/*{REGIONS}"))}
    paired = pair(photos, labels)
    shuffled = np.random.default_rng(0).permutation(len(photos)).tolist()
    tested = max(1, len(photos) // TESTED)
    stems = list(photos)
    chosen = [stems[i] for i in sorted(shuffled[:tested] if split == "test" else shuffled[tested:])]
    masks = [None if split == "unlabeled" else paired[stem] for stem in chosen]
    return FileSource("stanford", split, CLASSES, [photos[stem] for stem in chosen], masks, read=read_regions)


def read_regions(path: Path) -> NDArray[np.uint8]:
    """Read class ids ``(H, W)`` from a text with a row of numbers for each row of pixels; negative ones are void.

    Raises:
        InputError: The file cannot be read, or is no such matrix.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # That a file is empty, which is said below.
            ids = np.loadtxt(path, dtype=np.int64, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read mask {path}: {error}; replace the file") from None
    if not ids.size or ids.max() > VOID:
        what = f"holds the id {ids.max()}" if ids.size else "is empty"
        raise InputError(f"mask {path} {what}, expected rows of ids 0..{len(CLASSES) - 1}, or -1; replace the file")
    return np.where(ids < 0, VOID, ids).astype(np.uint8)
