"""``pets``: the Oxford-IIIT Pet data set, cats and dogs on a background.

Source: Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs", CVPR 2012. The layout is that of its two archives and
of the README in the second; torchvision's ``OxfordIIITPet`` reads the same: ``images/*.jpg``, and
``annotations/trimaps/*.png`` in which 1 is the animal, 2 the background and 3 the border, not classified. Which animal
it is says the name: those of cats begin with a capital.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import VOID, ClassTable, voc_palette
from mmtutorial.datasets.files import PHOTO_SUFFIXES, FileSource, by_stem, listed, need_root, read_text
from mmtutorial.datasets.pictures import read_mask
from mmtutorial.errors import InputError, unknown

SPLITS = ("train", "test", "unlabeled")

LAYOUT = "images/*.jpg, annotations/trimaps/*.png, annotations/trainval.txt and test.txt"

LISTS = {"train": "trainval.txt", "test": "test.txt", "unlabeled": "trainval.txt"}

CLASSES = ClassTable(names=("background", "cat", "dog"), palette=voc_palette(3), background_ids=(0,))

ANIMAL, GROUND, BORDER = 1, 2, 3
"""The values of a trimap."""

_SUSPECT = frozenset(
    ["Abyssinian_5", "Abyssinian_34", *(f"Egyptian_Mau_{i}" for i in (14, 139, 145, 156, 167, 177, 186, 191))]
)
"""Files called ``.jpg`` that hold something else, says TensorFlow Datasets' ``oxford_iiit_pet``; some are GIFs."""


def find_pets(root: str | Path | None) -> Path:
    """Return the folder with ``images`` and ``annotations``, given itself or what holds it as ``oxford-iiit-pet``.

    Raises:
        InputError: Neither holds the layout.
    """
    path = need_root("pets", root, LAYOUT)
    for folder in (path, path / "oxford-iiit-pet"):
        if (folder / "images").is_dir() and (folder / "annotations" / "trimaps").is_dir():
            return folder
    raise InputError(f"no Oxford-IIIT Pet under {path}; give the folder with {LAYOUT}")


def open_pets(root: str | Path | None, split: str) -> FileSource:
    """Open one split. ``unlabeled`` is every photo of ``train`` with a void mask; photos that are GIFs are left out.

    Args:
        root: See ``find_pets``.
        split: ``train``, which is the list ``trainval`` of the data set, ``test`` or ``unlabeled``.

    Raises:
        InputError: The split is unknown, the layout is not there, or a listed photo or trimap is missing.
    """
    if split not in SPLITS:
        raise unknown("split of pets", split, SPLITS)
    folder = find_pets(root)
    notes = folder / "annotations"
    lines = read_text(notes / LISTS[split], "list").splitlines()
    stems = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    photos = by_stem(folder / "images", PHOTO_SUFFIXES)
    found = listed(stems, photos, "photo", folder / "images")
    found = [photo for photo in found if not (photo.stem in _SUSPECT and _is_gif(photo))]
    if split == "unlabeled":
        return FileSource("pets", split, CLASSES, found, [None] * len(found))
    trimaps = by_stem(notes / "trimaps", (".png",))
    masks = listed([photo.stem for photo in found], trimaps, "trimap", notes / "trimaps")
    return FileSource("pets", split, CLASSES, found, masks, read=read_trimap)


def read_trimap(path: Path) -> NDArray[np.uint8]:
    """Read the class ids ``(H, W)`` of a trimap; its border is void.

    Raises:
        InputError: The file cannot be read, or holds other values than 1, 2 and 3.
    """
    trimap = read_mask(path)
    if not np.isin(trimap, (ANIMAL, GROUND, BORDER)).all():
        wrong = np.setdiff1d(trimap, (ANIMAL, GROUND, BORDER)).tolist()
        raise InputError(f"mask {path} holds {wrong[:5]}, expected 1 (animal), 2 (background) and 3 (border)")
    ids = np.full(256, VOID, dtype=np.uint8)
    ids[ANIMAL] = CLASSES.index("cat" if path.name[0].isupper() else "dog")
    ids[GROUND] = CLASSES.index("background")
    return ids[trimap]


def _is_gif(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"GIF8"
