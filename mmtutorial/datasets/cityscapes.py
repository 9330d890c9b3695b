"""``cityscapes``: street scenes of Cityscapes in the layout of its own archives, 19 classes and no background.

Source: Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR 2016. The ids, names
and colours are those of ``cityscapesscripts/helpers/labels.py``, https://github.com/mcordts/cityscapesScripts
"""

from __future__ import annotations

from pathlib import Path

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.files import FileSource, need_root, pair
from mmtutorial.errors import InputError, unknown

SPLITS = ("train", "val", "unlabeled")

LAYOUT = "leftImg8bit/{train,val}/CITY/*_leftImg8bit.png and gtFine/{train,val}/CITY/*_gtFine_labelIds.png"

SITE = "https://www.cityscapes-dataset.com"

HOW = f"Cityscapes may not be passed on: register at {SITE}/register/, log in and unpack"
"""The remedy for what is missing; the name of an archive follows."""

PHOTO, LABELS, TRAIN_LABELS = "_leftImg8bit.png", "_gtFine_labelIds.png", "_gtFine_labelTrainIds.png"

_TABLE: tuple[tuple[str, int, tuple[int, int, int]], ...] = (
    ("road", 7, (128, 64, 128)),
    ("sidewalk", 8, (244, 35, 232)),
    ("building", 11, (70, 70, 70)),
    ("wall", 12, (102, 102, 156)),
    ("fence", 13, (190, 153, 153)),
    ("pole", 17, (153, 153, 153)),
    ("traffic light", 19, (250, 170, 30)),
    ("traffic sign", 20, (220, 220, 0)),
    ("vegetation", 21, (107, 142, 35)),
    ("terrain", 22, (152, 251, 152)),
    ("sky", 23, (70, 130, 180)),
    ("person", 24, (220, 20, 60)),
    ("rider", 25, (255, 0, 0)),
    ("car", 26, (0, 0, 142)),
    ("truck", 27, (0, 0, 70)),
    ("bus", 28, (0, 60, 100)),
    ("train", 31, (0, 80, 100)),
    ("motorcycle", 32, (0, 0, 230)),
    ("bicycle", 33, (119, 11, 32)),
)
"""Name, label id and colour of each class; its place in the list is its train id."""

CLASSES = ClassTable(
    names=tuple(name for name, _, _ in _TABLE),
    palette=tuple(colour for _, _, colour in _TABLE),
    # In train ids, 0 is road, a class like any other.
    background_ids=(),
)

LABEL_IDS = dict.fromkeys(range(34), VOID) | {label: train for train, (_, label, _) in enumerate(_TABLE)}
"""Train id, or void, of the label ids 0..33. Number plates have the label id -1, which 8 bits hold as 255: void."""


def find_cityscapes(root: str | Path | None) -> Path:
    """Return the folder with ``leftImg8bit``, given itself or the one that holds it as ``cityscapes``.

    Raises:
        InputError: Neither holds the layout.
    """
    path = need_root("cityscapes", root, LAYOUT)
    for folder in (path, path / "cityscapes", path / "Cityscapes"):
        if (folder / "leftImg8bit").is_dir():
            return folder
    raise InputError(
        f"no Cityscapes under {path}; give the folder with {LAYOUT}. {HOW} leftImg8bit_trainvaltest.zip "
        "and gtFine_trainvaltest.zip there"
    )


def open_cityscapes(root: str | Path | None, split: str) -> FileSource:
    """Open one split.

    ``unlabeled`` is every photo of ``train``, and those of ``leftImg8bit/train_extra`` where they are there, all
    with void masks. Masks are read from the files of label ids, or, where there is none of those, from the files
    of train ids that cityscapesScripts makes of them. (Label ids come first: train ids may have been made with a
    table of somebody's own.)

    Args:
        root: See ``find_cityscapes``.
        split: ``train``, ``val`` or ``unlabeled``. The labels of Cityscapes' own ``test`` are not public.

    Raises:
        InputError: The split is unknown, the layout is not there, or images and masks do not pair up.
    """
    if split not in SPLITS:
        raise unknown("split of cityscapes", split, SPLITS)
    folder = find_cityscapes(root)
    part = "train" if split == "unlabeled" else split
    photos = _frames(folder / "leftImg8bit" / part, PHOTO)
    if not photos:
        raise InputError(
            f"no CITY/*{PHOTO} in {folder / 'leftImg8bit' / part}. {HOW} leftImg8bit_trainvaltest.zip in {folder}"
        )
    if split == "unlabeled":
        every = [*photos.values(), *_frames(folder / "leftImg8bit" / "train_extra", PHOTO).values()]
        return FileSource("cityscapes", split, CLASSES, every, [None] * len(every))
    by_label, by_train = (_frames(folder / "gtFine" / part, ending) for ending in (LABELS, TRAIN_LABELS))
    masks = by_label or by_train
    if not masks:
        raise InputError(f"no CITY/*{LABELS} in {folder / 'gtFine' / part}. {HOW} gtFine_trainvaltest.zip in {folder}")
    paired = pair(photos, masks)
    return FileSource(
        "cityscapes",
        split,
        CLASSES,
        list(photos.values()),
        list(paired.values()),
        ids=LABEL_IDS if by_label else None,
    )


def _frames(folder: Path, ending: str) -> dict[str, Path]:
    """Return the files ``CITY/NAME + ending`` below a folder by ``CITY/NAME``, sorted; none if it is missing."""
    paths = sorted(path for path in folder.glob(f"*/*{ending}") if not path.name.startswith("."))
    return {f"{path.parent.name}/{path.name.removesuffix(ending)}": path for path in paths}
