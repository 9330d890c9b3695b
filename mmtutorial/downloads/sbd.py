"""The 10,582 training masks of VOC 2012 on which papers train: VOC's own and those of the Semantic Boundaries Dataset.

Source: Hariharan et al., "Semantic Contours from Inverse Detectors", ICCV 2011. The list is the usual one, made in the
usual way: all images of VOC's ``train`` and of SBD's two lists, without those of VOC's ``val``. SBD's own division into
train and val is another than VOC's, so that SBD's list ``train`` alone would have images of VOC's ``val``.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from tqdm.auto import tqdm

from mmtutorial.datasets.classes import VOID, voc_palette
from mmtutorial.datasets.files import read_list
from mmtutorial.datasets.pictures import palette_png
from mmtutorial.datasets.voc import CLASSES, find_devkit
from mmtutorial.downloads.unpacking import Damaged, unpack
from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes

MASKS, LIST = "SegmentationClassAug", "trainaug.txt"


def target(root: Path) -> Path:
    """Return the folder for the masks.

    Raises:
        InputError: there is no VOC 2012 at ``root``, or a list ``trainaug`` of somebody else's.
    """
    first = shlex.join(["mmtutorial", "data", "get", "voc", "--root", str(root)])
    if not root.is_dir():
        raise InputError(f"SBD adds masks to VOC 2012, and {root} is no folder; first run: {first}")
    try:
        devkit = find_devkit(root)
    except InputError as error:
        raise InputError(f"SBD adds masks to VOC 2012: {error}, or first run: {first}") from None
    written = devkit / "ImageSets" / "Segmentation" / LIST
    if written.exists() and not (devkit / MASKS).exists():
        raise InputError(f"{written} is there already, though {devkit / MASKS} is not; move it away and run again")
    return devkit / MASKS


def build(archives: list[Path], folder: Path, root: Path) -> None:
    """Write a palette PNG for each image of ``trainaug``.

    Where VOC has a mask of its own it is taken: drawn by hand, with a void border, which SBD's masks lack.

    Raises:
        Damaged: the archive is cut short or its masks are not as published.
        InputError: VOC 2012 at ``root`` is not whole.
    """
    devkit = find_devkit(root)
    train, val = (read_list(devkit / "ImageSets" / "Segmentation" / f"{split}.txt") for split in ("train", "val"))
    with TemporaryDirectory(dir=folder, prefix=".") as scratch:
        work = Path(scratch)
        unpack(archives[0], work, "benchmark_RELEASE/dataset", only=("cls", "train.txt", "val.txt"))
        listed = {*read_list(work / "train.txt"), *read_list(work / "val.txt")}
        for stem in tqdm(sorted(listed - {*train, *val}), desc="SBD masks", unit="mask", delay=1.0, leave=False):
            if not (devkit / "JPEGImages" / f"{stem}.jpg").is_file():
                raise InputError(f"SBD has a mask of {stem}, whose photo {devkit / 'JPEGImages'} lacks; get voc anew")
            write_mask(read_segmentation(work / "cls" / f"{stem}.mat"), folder / f"{stem}.png")
    for stem in train:
        own = devkit / "SegmentationClass" / f"{stem}.png"
        if not own.is_file():
            raise InputError(f"VOC 2012 lacks the mask {own}; get voc anew")
        shutil.copyfile(own, folder / own.name)


def write_list(masks: Path) -> str:
    """Write ``trainaug.txt``, which makes ``open_dataset`` see the masks; does nothing if it is there."""
    path = masks.parent / "ImageSets" / "Segmentation" / LIST
    if path.exists():
        return ""
    stems = sorted(mask.stem for mask in masks.glob("*.png") if not mask.name.startswith("."))
    write_bytes(path, "".join(f"{stem}\n" for stem in stems).encode())
    return f"{path} lists {len(stems):,} photos for training"


def read_segmentation(path: Path) -> NDArray[np.uint8]:
    """Read the class ids ``(H, W)`` of one of SBD's files, the field ``Segmentation`` of its struct ``GTcls``.

    Raises:
        Damaged: the file is missing or not so made, or it holds ids that are no class of VOC.
    """
    try:
        ids: NDArray[np.uint8] = loadmat(path, variable_names=["GTcls"])["GTcls"]["Segmentation"][0, 0]
    # scipy raises a different error for each way in which a file can be broken.
    except Exception as error:
        raise Damaged(f"cannot read the mask cls/{path.name}: {error or type(error).__name__}") from None
    if ids.ndim != 2 or ids.dtype != np.uint8 or not np.isin(ids, [*range(len(CLASSES)), VOID]).all():
        raise Damaged(f"cls/{path.name} holds no mask of the {len(CLASSES)} classes of VOC")
    return ids


def write_mask(ids: NDArray[np.uint8], path: Path) -> None:
    """Write class ids ``(H, W)`` as a PNG with VOC's palette."""
    path.write_bytes(palette_png(ids, voc_palette(256)))
