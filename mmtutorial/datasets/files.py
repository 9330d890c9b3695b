"""Images and masks from files: finding, pairing and reading them, and naming the file at fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mmtutorial.datasets.base import Source
from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.store import Pair
from mmtutorial.errors import InputError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
MASK_SUFFIXES = (".png",)

_UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises over a file that is missing, truncated or no picture."""


def _unreadable(what: str, path: Path, error: Exception) -> InputError:
    return InputError(f"cannot read {what} {path}: {error}; replace the file or take it off the list")


def read_image(path: Path) -> NDArray[np.uint8]:
    """Reads a photo as RGB, turned upright as its EXIF tag says.

    Returns:
        ``(3, H, W)`` uint8.

    Raises:
        InputError: The file is missing, truncated or no picture.
    """
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except _UNREADABLE as error:
        raise _unreadable("image", path, error) from error
    return np.ascontiguousarray(np.array(upright).transpose(2, 0, 1))


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Reads a mask as ids: the index of a palette PNG, or the value of a grey one.

    A palette PNG is never converted to RGB: its colours only serve the eye.

    Returns:
        ``(H, W)`` uint8.

    Raises:
        InputError: The file is missing, broken, or holds colours rather than ids.
    """
    try:
        with Image.open(path) as picture:
            mode = picture.mode
            ids = np.array(picture) if mode in ("P", "L", "1") else None
    except _UNREADABLE as error:
        raise _unreadable("mask", path, error) from error
    if ids is None:
        raise InputError(
            f"mask {path} is stored as {mode}, expected one id a pixel (palette or 8-bit grey PNG); "
            "save the class ids, not their colours"
        )
    return ids.astype(np.uint8)


class FileSource(Source):
    """One split of a data set on disk.

    Attributes:
        photos: Paths of the images.
        masks: Path of each image's mask, None for an image without labels: its mask is void all over.
    """

    def __init__(
        self,
        name: str,
        split: str,
        classes: ClassTable,
        photos: Sequence[Path],
        masks: Sequence[Path | None],
        void_ids: Iterable[int] = (VOID,),
        ids: Mapping[int, int] | None = None,
    ) -> None:
        """Takes the paired lists of files.

        Args:
            name: Name of the data set.
            split: Name of the split.
            classes: The class table.
            photos: Paths of the images.
            masks: Paths of the masks, in the order of the images.
            void_ids: Ids in the files that mean void; 255 always does.
            ids: The class (or void) that each id in the files stands for; by default they are the table's own.

        Raises:
            InputError: There are no images.
        """
        if not photos:
            raise InputError(f"split '{split}' of {name} has no images; check its list or its folder")
        self.name, self.split, self.classes = name, split, classes
        self.photos, self.masks = list(photos), list(masks)
        ids = {i: i for i in range(len(classes))} if ids is None else ids
        self._ids = np.full(256, VOID, dtype=np.uint8)
        self._ids[list(ids)] = list(ids.values())
        self._ids[list(void_ids)] = VOID
        self._legal = np.zeros(256, dtype=np.bool_)
        self._legal[[*ids, *void_ids, VOID]] = True
        self._highest = max(ids)

    def __len__(self) -> int:
        return len(self.photos)

    def image_id(self, index: int) -> str:
        """Returns the stem of the file."""
        return self.photos[index].stem

    def long_side(self, index: int) -> int:
        """Returns the pixels of the longer side from the head of the photo's file.

        Raises:
            InputError: The file cannot be read.
        """
        path = self.photos[index]
        try:
            with Image.open(path) as picture:
                return max(picture.size)
        except _UNREADABLE as error:
            raise _unreadable("image", path, error) from error

    def load(self, index: int) -> Pair:
        """Reads one image and its mask, and checks that they fit together.

        Raises:
            InputError: A file cannot be read, the sizes differ, or the mask holds an id that is no class.
        """
        photo, path = self.photos[index], self.masks[index]
        image = read_image(photo)
        height, width = image.shape[1:]
        if path is None:
            return image, np.full((height, width), VOID, dtype=np.uint8)
        mask = read_mask(path)
        if mask.shape != (height, width):
            raise InputError(
                f"mask {path} is {mask.shape[1]}x{mask.shape[0]} pixels, its image {photo} is "
                f"{width}x{height}; "
                "give both the same size (resize masks with nearest neighbour only)"
            )
        legal = self._legal[mask]
        if not legal.all():
            wrong = np.unique(mask[~legal]).tolist()
            raise InputError(
                f"mask {path} holds ids {_some(wrong)}, expected 0..{self._highest} "
                f"or {VOID} for void; correct the mask or the list of classes"
            )
        return image, self._ids[mask]


def _some(values: Sequence[object], most: int = 5) -> str:
    """Writes out a list, cut short after a few."""
    return ", ".join(map(str, values[:most])) + (" ..." if len(values) > most else "")


def need_root(name: str, root: str | Path | None, layout: str) -> Path:
    """Returns the root folder of a data set.

    Raises:
        InputError: None was given, or it is no folder; the message says what is expected in it.
    """
    if root is None:
        raise InputError(f"data set '{name}' needs a root folder and got none; give the folder with {layout}")
    path = Path(root).expanduser()
    if not path.is_dir():
        raise InputError(f"root {path} of data set '{name}' is not a folder; give the folder with {layout}")
    return path


def by_stem(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Returns the files of a folder by stem, sorted; hidden files and other suffixes are passed over.

    Raises:
        InputError: The folder is missing, or two files share a stem.
    """
    if not folder.is_dir():
        raise InputError(f"folder {folder} is missing; create it or give another root")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            if path.stem in found:
                raise InputError(f"{found[path.stem]} and {path} share a stem; rename or remove one of them")
            found[path.stem] = path
    return found


def pair(photos: dict[str, Path], masks: dict[str, Path]) -> list[str]:
    """Returns the stems of two folders that hold the same stems.

    Raises:
        InputError: An image has no mask or a mask no image; the first such file is named.
    """
    lonely = [path for stem, path in photos.items() if stem not in masks]
    if lonely:
        raise InputError(f"image {lonely[0]} has no mask{_more(lonely)}; add the mask or remove the image")
    orphan = [path for stem, path in masks.items() if stem not in photos]
    if orphan:
        raise InputError(f"mask {orphan[0]} has no image{_more(orphan)}; add the image or remove the mask")
    return list(photos)


def _more(paths: Sequence[Path]) -> str:
    return f" (nor have {len(paths) - 1} more)" if len(paths) > 1 else ""


def read_list(path: Path) -> list[str]:
    """Reads a list of stems, one a line; blank lines are passed over.

    Raises:
        InputError: The list is missing, not text, empty, or names a stem twice.
    """
    try:
        stems = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read list {path}: {error}; give a text file with one stem a line") from error
    if not stems:
        raise InputError(f"list {path} is empty; write one stem a line into it")
    if len(set(stems)) < len(stems):
        twice = next(stem for i, stem in enumerate(stems) if stem in stems[:i])
        raise InputError(f"list {path} names '{twice}' twice; remove the repeated line")
    return stems


def listed(stems: Sequence[str], files: dict[str, Path], what: str, folder: Path) -> list[Path]:
    """Returns the file of each stem.

    Raises:
        InputError: A stem has no file; the first is named.
    """
    missing = [stem for stem in stems if stem not in files]
    if missing:
        more = f" (nor have {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InputError(
            f"'{missing[0]}' is listed but has no {what} in {folder}{more}; add the file or take it off the list"
        )
    return [files[stem] for stem in stems]
