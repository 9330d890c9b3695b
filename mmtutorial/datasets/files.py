"""Images and masks from files: finding them, pairing them by name, and naming the file at fault."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.labels import unlikely_ids
from mmtutorial.datasets.pictures import read_image, read_mask, read_size
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair, Pixels
from mmtutorial.errors import InputError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
PHOTO_KINDS = "jpg, png, webp, tif or bmp"
MASK_SUFFIXES = (".png", ".tif", ".tiff", ".bmp")
_OTHER_PHOTOS = (".heic", ".heif", ".avif", ".gif", ".jp2", ".jxl", ".dng", ".cr2", ".nef", ".arw")
LOSSY_SUFFIXES = (".jpg", ".jpeg", ".webp")

_ADDED = re.compile(r"[ ._-]*(ground[ _-]?truth|segmentation|annotation|label|mask|seg|gt)s?$", re.IGNORECASE)
"""What programs add to the name of a photo to make that of its mask."""

UPRIGHT = "save the photo upright, without an EXIF tag that turns it, and draw on that, or turn what was drawn"
"""What to do where the sides of a mask are those of its photo, swapped."""

_LITTER = ("thumbs.db", "desktop.ini", "__macosx")
"""What systems leave in folders, besides files that begin with a full stop."""


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
        read: Callable[[Path], Pixels] = read_mask,
    ) -> None:
        """Take the paired lists of files.

        Args:
            name: Name of the data set.
            split: Name of the split.
            classes: The class table.
            photos: Paths of the images.
            masks: Paths of the masks, in the order of the images.
            void_ids: Ids in the files that mean void; 255 always does.
            ids: The class (or void) that each id in the files stands for; by default they are the table's own.
            read: Reads the ids of a mask's file.

        Raises:
            InputError: There are no images.
        """
        if not photos:
            raise InputError(f"split '{split}' of {name} has no images; check its list or its folder")
        self.name, self.split, self.classes = name, split, classes
        self.photos, self.masks, self._read = list(photos), list(masks), read
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
        """Return the stem of the file."""
        return self.photos[index].stem

    def stamp(self, index: int) -> str:
        """Return the names and sizes of the image's files."""
        files = (self.photos[index], self.masks[index])
        return " ".join(f"{path.name} {path.stat().st_size}" for path in files if path is not None and path.exists())

    def long_side(self, index: int) -> int:
        """Return the pixels of the longer side from the head of the photo's file.

        Raises:
            InputError: The file cannot be read.
        """
        return max(read_size(self.photos[index]))

    def load(self, index: int) -> Pair:
        """Read one image and its mask, and check that they fit together.

        Raises:
            InputError: A file cannot be read, the sizes differ, or the mask holds an id that is no class.
        """
        photo, path = self.photos[index], self.masks[index]
        image = read_image(photo)
        height, width = image.shape[1:]
        if path is None:
            return image, np.full((height, width), VOID, dtype=np.uint8)
        mask = self._read(path)
        if mask.shape != (height, width):
            swapped = mask.shape == (width, height)
            remedy = UPRIGHT if swapped else "give both the same size (resize masks with nearest neighbour only)"
            raise InputError(
                f"mask {path} is {mask.shape[1]}x{mask.shape[0]} pixels, its image {photo} is {width}x{height}; "
                f"{remedy}"
            )
        legal = self._legal[mask]
        if not legal.all():
            wrong = np.unique(mask[~legal]).tolist()
            raise InputError(
                f"mask {path} holds ids {_some(wrong)}, expected 0..{self._highest} "
                f"or {VOID} for void; correct the mask or the list of classes{unlikely_ids(np.unique(mask).tolist())}"
            )
        return image, self._ids[mask]


def _some(values: Sequence[object], most: int = 5) -> str:
    """Write out a list, cut short after a few."""
    return ", ".join(map(str, values[:most])) + (" ..." if len(values) > most else "")


def need_root(name: str, root: str | Path | None, layout: str) -> Path:
    """Return the root folder of a data set.

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
    """Return the files of a folder by stem, sorted; hidden files and other suffixes are passed over.

    A stem is composed (NFC): an accent may be written as one character or as two, and looks the same.

    Raises:
        InputError: The folder is missing, or two files share a stem.
    """
    if not folder.is_dir():
        raise InputError(f"folder {folder} is missing; create it or give another root")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if _is_one(path, suffixes):
            stem = composed(path.stem)
            if stem in found:
                raise InputError(f"{found[stem]} and {path} share a stem; rename one of them")
            found[stem] = path
    return found


def passed_over(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return what is in a folder and is none of its files, sub-folders included; not what a system leaves there."""
    strange = (path for path in folder.iterdir() if not _is_one(path, suffixes) and not path.name.startswith("."))
    return sorted(path for path in strange if path.name.lower() not in _LITTER)


def instead(folder: Path, suffixes: Sequence[str]) -> str:
    """Return what lies in a folder that has none of the files wanted, in words that follow; empty if nothing does."""
    other = next(iter(passed_over(folder, suffixes)), None)
    if other is None:
        return ""
    return f"; there is {other.name}{', to be saved as jpg or png' if other.suffix.lower() in _OTHER_PHOTOS else ''}"


def _is_one(path: Path, suffixes: Sequence[str]) -> bool:
    return path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()


def composed(name: str) -> str:
    """Return a name with each accent in its letter (NFC), whichever way it was written."""
    return unicodedata.normalize("NFC", name)


def pair(
    photos: Mapping[str, Path], masks: Mapping[str, Path], spare: Mapping[str, Path] | None = None
) -> dict[str, Path]:
    """Return the mask of each photo, by the photo's stem.

    A mask bears the name of its photo. Where it does not, one is taken that has the photo's whole name
    (``a.jpg.png``), a word such as ``_mask`` added to it, or other capitals.

    Args:
        photos: Photos by stem.
        masks: Masks by stem.
        spare: Files for photos that have none, by stem: they cannot serve, but their reader says why.

    Raises:
        InputError: An image has no mask or a mask no image, or two masks may be meant; the first such file is named.
    """
    paired = {stem: masks[stem] for stem in photos if stem in masks}
    waiting = [stem for stem in photos if stem not in paired]
    meant = {name.casefold(): stem for stem in waiting for name in (stem, composed(photos[stem].name))}
    for stem, path in masks.items():
        found = meant.get(stem.casefold(), meant.get(_ADDED.sub("", stem).casefold()))
        if stem in photos or found is None:
            continue
        if found in paired:
            raise InputError(f"{paired[found]} and {path} may both be the mask of {photos[found]}; keep one there")
        paired[found] = path
    paired |= {stem: path for stem, path in (spare or {}).items() if stem in photos and stem not in paired}
    taken = set(paired.values())
    orphan = [path for path in masks.values() if path not in taken]
    lonely = [photos[stem] for stem in waiting if stem not in paired]
    if lonely:
        hint = f", or give its name to {orphan[0]}, which has no image" if orphan else ""
        raise InputError(f"image {lonely[0]} has no mask{_more(lonely)}; add the mask or take the image out{hint}")
    if orphan:
        raise InputError(f"mask {orphan[0]} has no image{_more(orphan)}; add the image or take the mask out")
    return {stem: paired[stem] for stem in photos}


def _more(paths: Sequence[object]) -> str:
    return f" (nor have {len(paths) - 1} more)" if len(paths) > 1 else ""


def read_text(path: Path, what: str) -> str:
    """Return a text, written as UTF-8 or as editors of Windows write it: UTF-16 with its mark, or cp1252.

    Raises:
        InputError: It is missing or no text.
    """
    try:
        data = path.read_bytes()
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {what} {path}: {error}; save it as text in UTF-8") from error


def read_list(path: Path, files: Mapping[str, Path] | None = None) -> list[str]:
    """Read a list of stems, one a line; blank lines are passed over.

    Args:
        path: The list.
        files: Files by stem, which the list may call by their names as well, with or without their folder.

    Raises:
        InputError: The list is missing, not text, empty, or names a stem twice.
    """
    lines = [composed(line.strip()) for line in read_text(path, "list").splitlines() if line.strip()]
    stem_of = {composed(file.name): stem for stem, file in (files or {}).items()} | {stem: stem for stem in files or ()}
    stems = [stem_of.get(line.replace("\\", "/").split("/")[-1], line) for line in lines]
    if not stems:
        raise InputError(f"list {path} is empty; write one stem a line into it")
    if len(set(stems)) < len(stems):
        twice = next(stem for i, stem in enumerate(stems) if stem in stems[:i])
        raise InputError(f"list {path} names '{twice}' twice; remove the repeated line")
    return stems


def listed(stems: Sequence[str], files: Mapping[str, Path], what: str, folder: Path) -> list[Path]:
    """Return the file of each stem.

    Raises:
        InputError: A stem has no file; the first is named.
    """
    missing = [stem for stem in stems if stem not in files]
    if missing:
        raise InputError(
            f"'{missing[0]}' is listed but has no {what} in {folder}{_more(missing)}; "
            "add the file or take it off the list"
        )
    return [files[stem] for stem in stems]
