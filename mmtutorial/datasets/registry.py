"""Every data set by name: which split serves for what, what its folder holds, who opens it. A new one is added here.

Without torch, which takes seconds to import: a command line looks here first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmtutorial.datasets import camvid, cityscapes, folder, pets, stanford, voc
from mmtutorial.datasets.drawn import scenes, streets
from mmtutorial.datasets.drawn.base import SPLITS as DRAWN_SPLITS
from mmtutorial.datasets.source import Source
from mmtutorial.errors import unknown


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


def dataset_info(name: str) -> DatasetInfo:
    """Return what is known of a data set.

    Raises:
        InputError: There is none of that name; the nearest is suggested.
    """
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    return DATASETS[name]


def roles(name: str, root: str | Path | None = None) -> Roles:
    """Return which split serves for what. For ``voc`` without a list ``trainaug``, ``train`` trains.

    Raises:
        InputError: The data set is unknown or not at ``root``.
    """
    usual = dataset_info(name).roles
    if name == "voc" and root is not None and "trainaug" not in voc.lists(root):
        return Roles("train", usual.choose, usual.report, "train")
    return usual
