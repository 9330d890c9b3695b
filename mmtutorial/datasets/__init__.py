"""Data sets for segmentation, behind one function: ``open_dataset``.

``scenes`` and ``streets`` are built in and need no files; ``voc``, ``camvid``, ``cityscapes``, ``stanford``, ``pets``
and ``folder`` read a folder of yours. Whatever the data set, an item is an image ``(3, H, W)`` and a mask ``(H, W)``,
both uint8, in which 255 means void.

What is known of a data set before it is opened (``DATASETS``) is there without torch, which takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmtutorial.datasets import camvid, cityscapes, folder, pets, stanford, voc
from mmtutorial.datasets.classes import VOID, VOID_COLOUR, ClassTable
from mmtutorial.datasets.drawn import scenes, streets
from mmtutorial.datasets.drawn.base import SPLITS as DRAWN_SPLITS
from mmtutorial.datasets.source import Source
from mmtutorial.errors import InputError, unknown

if TYPE_CHECKING:
    from mmtutorial.datasets.base import SegmentationDataset
    from mmtutorial.datasets.choosing import hold_out
    from mmtutorial.datasets.transforms import apply, resize_long_side, training_transform

__all__ = [
    "DATASETS",
    "VOID",
    "VOID_COLOUR",
    "ClassTable",
    "DatasetInfo",
    "Roles",
    "SegmentationDataset",
    "apply",
    "hold_out",
    "open_dataset",
    "resize_long_side",
    "roles",
    "training_transform",
]


# What needs torch is imported when it is first asked for.
_LATER = {
    "SegmentationDataset": "base",
    "hold_out": "choosing",
    "apply": "transforms",
    "resize_long_side": "transforms",
    "training_transform": "transforms",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


@dataclass(frozen=True)
class Roles:
    """Which split serves for what, so that nothing is chosen on the images that are reported.

    Attributes:
        train: Trains.
        choose: Serves for choosing hyper-parameters. None: no spare split, hold out a part of ``train``
            (``hold_out``).
        report: Gives the numbers that are reported.
        tagged: Gives image-level labels, that is, which classes occur in an image. Where this is the split that
            trains and ``choose`` is None, leave out the part held out there.
    """

    train: str
    choose: str | None
    report: str
    tagged: str


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is opened.

    Attributes:
        roles: Which split serves for what.
        splits: Names of the splits.
        layout: What is expected in its root folder; None for a built-in data set.
        opener: Opens one split, given root and split.
        labeled: How many training images are used by default; None for all.
    """

    roles: Roles
    splits: tuple[str, ...]
    layout: str | None
    opener: Callable[[str | Path | None, str], Source]
    labeled: int | None = None

    @property
    def training_splits(self) -> tuple[str, ...]:
        """Splits to train on: the ones for which ``labeled`` has a meaning."""
        return tuple(split for split in self.splits if split in ("train", "trainaug"))


def _open_scenes(root: str | Path | None, split: str) -> Source:
    return scenes.Scenes(split)


def _open_streets(root: str | Path | None, split: str) -> Source:
    return streets.Streets(split)


DATASETS: dict[str, DatasetInfo] = {
    "scenes": DatasetInfo(Roles("train", "val", "test", "tagged"), tuple(DRAWN_SPLITS), None, _open_scenes, 100),
    "streets": DatasetInfo(Roles("train", "val", "test", "tagged"), tuple(DRAWN_SPLITS), None, _open_streets, 100),
    "voc": DatasetInfo(Roles("trainaug", None, "val", "trainaug"), voc.SPLITS, voc.LAYOUT, voc.open_voc),
    # Not val: its frames come from a drive that is in train as well.
    "camvid": DatasetInfo(Roles("train", None, "test", "train"), camvid.SPLITS, camvid.LAYOUT, camvid.open_camvid),
    # Val is what papers report; the labels of test are not public.
    "cityscapes": DatasetInfo(
        Roles("train", None, "val", "train"), cityscapes.SPLITS, cityscapes.LAYOUT, cityscapes.open_cityscapes
    ),
    # Papers report five folds of the one and the list test of the other.
    "stanford": DatasetInfo(
        Roles("train", None, "test", "train"), stanford.SPLITS, stanford.LAYOUT, stanford.open_stanford
    ),
    "pets": DatasetInfo(Roles("train", None, "test", "train"), pets.SPLITS, pets.LAYOUT, pets.open_pets),
    "folder": DatasetInfo(Roles("train", "val", "test", "train"), folder.SPLITS, folder.LAYOUT, folder.open_folder),
}
"""The data sets by name."""


def _info(name: str) -> DatasetInfo:
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    return DATASETS[name]


def roles(name: str, root: str | Path | None = None) -> Roles:
    """Return which split serves for what. For ``voc`` without a list ``trainaug``, ``train`` trains.

    Raises:
        InputError: The data set is unknown or not at ``root``.
    """
    usual = _info(name).roles
    if name == "voc" and root is not None and "trainaug" not in voc.lists(root):
        return Roles("train", usual.choose, usual.report, "train")
    return usual


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
    from mmtutorial.datasets.base import SegmentationDataset
    from mmtutorial.datasets.choosing import choose_labeled

    info = _info(name)
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
