"""One function that opens any data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmtutorial.datasets.base import SegmentationDataset
from mmtutorial.datasets.choosing import choose_labeled
from mmtutorial.datasets.registry import dataset_info
from mmtutorial.errors import InputError, unknown


def open_dataset(
    name: str,
    root: str | Path | None = None,
    split: str = "train",
    classes: str | Sequence[str] | None = None,
    labeled: int | None = None,
    size: int | None = None,
) -> SegmentationDataset:
    """Open one split of a data set.

    Data sets of files are decoded here, once, so that a broken file is reported now and not in the middle of
    training. ``scenes`` and ``streets`` are drawn at first use.

    Args:
        name: One of ``DATASETS``.
        root: Folder of the data set; not used by ``scenes`` and ``streets``.
        split: One of ``DATASETS[name].splits``. ``unlabeled`` gives void masks.
        classes: Names of classes to keep, as a list or joined by commas. Background is kept as well, all else
            becomes void, and the kept classes are numbered anew from 0 in the order of the table. Training
            images left without a label are dropped.
        labeled: How many training images to use. They are the first of a fixed shuffle: the first 100 are
            among the first 437. By default all, and 100 for ``scenes`` and ``streets``.
        size: Longest side in pixels; larger images are shrunk, smaller ones left alone. Photos of Cityscapes are
            2048x1024.

    Returns:
        The images with their masks.

    Raises:
        InputError: A name, number or folder is wrong or a file cannot be used; the message says which and
            what to do.

    Example:
        >>> dataset = open_dataset("scenes", split="val")
        >>> dataset
        scenes, split val: 250 images, 9 classes
        >>> image, mask = dataset[0]
        >>> tuple(image.shape), tuple(mask.shape)
        ((3, 96, 96), (96, 96))
    """
    info = dataset_info(name)
    if split not in info.splits:
        raise unknown(f"split of {name}", split, info.splits)
    training = split in info.training_splits
    if labeled is not None and not training:
        raise InputError(
            f"labeled={labeled} was given with split '{split}' of {name}; "
            f"it counts training images: leave it out or take split {' or '.join(info.training_splits)}"
        )
    if size is not None and size < 1:
        raise InputError(f"size must be at least 1 pixel, got {size}; leave it out to keep the images as they are")
    source = info.opener(root, split)
    table, lookup = source.classes, None
    if classes is not None:
        names = classes.split(",") if isinstance(classes, str) else classes
        table, lookup = source.classes.keep([item.strip() for item in names if item.strip()])
    dataset = SegmentationDataset(source, classes=table, lookup=lookup, size=size)
    if training:
        return choose_labeled(dataset, info.labeled if labeled is None else labeled, filtered=lookup is not None)
    return dataset if info.layout is None else dataset.in_memory()
