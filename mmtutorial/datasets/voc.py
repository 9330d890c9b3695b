"""``voc``: PASCAL VOC 2012 in the layout of its development kit.

Source: Everingham et al., "The PASCAL Visual Object Classes Challenge: A Retrospective", IJCV 2015. The split
``trainaug`` adds the masks of Hariharan et al., "Semantic Contours from Inverse Detectors", ICCV 2011 (SBD).
"""

from __future__ import annotations

from pathlib import Path

from mmtutorial.datasets.classes import ClassTable, voc_palette
from mmtutorial.datasets.files import (
    MASK_SUFFIXES,
    PHOTO_SUFFIXES,
    FileSource,
    by_stem,
    listed,
    need_root,
    read_list,
)
from mmtutorial.errors import InputError, unknown

SPLITS = ("train", "val", "trainaug", "unlabeled")

LAYOUT = "VOCdevkit/VOC2012/{JPEGImages,SegmentationClass,ImageSets/Segmentation}"

NAMES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)

CLASSES = ClassTable(names=NAMES, palette=voc_palette(len(NAMES)), background_ids=(0,))


def find_devkit(root: str | Path | None) -> Path:
    """Return the folder ``VOC2012``, given itself, ``VOCdevkit``, or the folder that holds ``VOCdevkit``.

    Raises:
        InputError: None of them holds the layout.
    """
    path = need_root("voc", root, LAYOUT)
    for candidate in (path, path / "VOC2012", path / "VOCdevkit" / "VOC2012"):
        if (candidate / "JPEGImages").is_dir() and (candidate / "ImageSets" / "Segmentation").is_dir():
            return candidate
    raise InputError(f"no PASCAL VOC under {path}; give the folder with {LAYOUT}")


def lists(root: str | Path | None) -> tuple[str, ...]:
    """Return which of the lists train, val and trainaug the development kit at ``root`` has."""
    folder = find_devkit(root) / "ImageSets" / "Segmentation"
    return tuple(split for split in ("train", "val", "trainaug") if (folder / f"{split}.txt").is_file())


def open_voc(root: str | Path | None, split: str) -> FileSource:
    """Open one split.

    ``unlabeled`` is every photo of ``trainaug`` (of ``train`` where there is no such list), and those of a
    folder ``unlabeled`` beside ``VOCdevkit``, if there is one, all with void masks.

    Args:
        root: See ``find_devkit``.
        split: ``train``, ``val``, ``trainaug`` or ``unlabeled``.

    Raises:
        InputError: The split is unknown or its list is not there, or a listed photo or mask is missing.
    """
    if split not in SPLITS:
        raise unknown("split of voc", split, SPLITS)
    devkit = find_devkit(root)
    there = lists(root)
    source = ("trainaug" if "trainaug" in there else "train") if split == "unlabeled" else split
    if source not in there:
        raise InputError(
            f"split '{source}' of voc needs {devkit / 'ImageSets' / 'Segmentation' / (source + '.txt')}, "
            "which is missing; mmtutorial data get sbd makes trainaug. Or choose a split that is there: "
            f"{', '.join(there) or 'none'}"
        )
    stems = read_list(devkit / "ImageSets" / "Segmentation" / f"{source}.txt")
    folder = devkit / "JPEGImages"
    photos = listed(stems, by_stem(folder, PHOTO_SUFFIXES), "photo", folder)
    if split == "unlabeled":
        beside = (devkit.parent.parent if devkit.parent.name == "VOCdevkit" else devkit.parent) / "unlabeled"
        if beside.is_dir():
            photos += by_stem(beside, PHOTO_SUFFIXES).values()
        return FileSource("voc", split, CLASSES, photos, [None] * len(photos))
    folder = devkit / ("SegmentationClassAug" if split == "trainaug" else "SegmentationClass")
    masks = listed(stems, by_stem(folder, MASK_SUFFIXES), "mask", folder)
    return FileSource("voc", split, CLASSES, photos, masks)
