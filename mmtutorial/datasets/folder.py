"""``folder``: your own images, as ``images/`` and ``masks/`` with the same file stems.

::

    my_data/
        images/      leaf_01.jpg, leaf_02.png, ...     JPEG, PNG, WebP, TIFF or BMP
        masks/       leaf_01.png, leaf_02.png, ...     one class id a pixel; palette or 8-bit grey
        unlabeled/   optional: more images, without masks
        classes.toml optional, see below
        train.txt, val.txt, test.txt   optional: one stem a line

``classes.toml`` says what the ids mean; only ``names`` is needed::

    names = ["background", "leaf", "stem"]         # ids 0, 1, 2
    palette = [[0, 0, 0], [0, 160, 0], [160, 80, 0]]
    background = ["background"]                    # by default the class of that name, if there is one
    void = 255                                     # id of pixels without a label

Without it, classes are ``class 0`` to the largest id that any mask holds, and ``class 0`` is background.
Without lists, a fixed shuffle of the sorted stems deals about 80 % to ``train``, 10 % to ``val`` and 10 % to
``test``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from mmtutorial.datasets.classes import VOID, ClassTable, voc_palette
from mmtutorial.datasets.files import (
    LOSSY_SUFFIXES,
    MASK_SUFFIXES,
    PHOTO_KINDS,
    PHOTO_SUFFIXES,
    FileSource,
    by_stem,
    instead,
    listed,
    need_root,
    pair,
    passed_over,
    read_list,
    read_text,
)
from mmtutorial.datasets.pictures import read_mask
from mmtutorial.errors import InputError, unknown

LISTS = ("train", "val", "test")
SPLITS = (*LISTS, "unlabeled")
LAYOUT = "images/ and masks/, paired by stem"


def open_folder(root: str | Path | None, split: str) -> FileSource:
    """Open one split of a folder of your own.

    ``unlabeled`` is the images of ``unlabeled/``, if there is such a folder, and those of ``train``, with
    void masks.

    Args:
        root: The folder that holds ``images`` and ``masks``.
        split: ``train``, ``val``, ``test`` or ``unlabeled``.

    Raises:
        InputError: The split is unknown, the layout is not there, images and masks do not pair up, a list
            names a stem that is not there, or ``classes.toml`` is wrong.
    """
    if split not in SPLITS:
        raise unknown("split of folder", split, SPLITS)
    path = need_root("folder", root, LAYOUT)
    photos = by_stem(path / "images", PHOTO_SUFFIXES)
    masks = by_stem(path / "masks", MASK_SUFFIXES)
    if not photos and not masks:
        inside = instead(path / "images", PHOTO_SUFFIXES)
        raise InputError(f"{path / 'images'} has no {PHOTO_KINDS} files{inside}; put your images there")
    masks = pair(photos, masks, by_stem(path / "masks", LOSSY_SUFFIXES))
    stems = deal(path, photos, "train" if split == "unlabeled" else split)
    classes, void = read_classes(path, masks)
    chosen = listed(stems, photos, "image", path / "images")
    if split == "unlabeled":
        if (path / "unlabeled").is_dir():
            chosen += by_stem(path / "unlabeled", PHOTO_SUFFIXES).values()
        return FileSource("folder", split, classes, chosen, [None] * len(chosen))
    return FileSource("folder", split, classes, chosen, [masks[stem] for stem in stems], void_ids=(void, VOID))


def deal(path: Path, photos: dict[str, Path], split: str) -> list[str]:
    """Return the stems of one split: from its list, or, where there are no lists at all, by a fixed shuffle.

    A list may give the names of the files as well.

    Args:
        path: The folder with the lists.
        photos: All photos by stem.
        split: ``train``, ``val`` or ``test``.

    Raises:
        InputError: There are lists, but none for this split; lists overlap; or too few images for three
            splits.
    """
    there = [name for name in LISTS if (path / f"{name}.txt").is_file()]
    if not there:
        return _shuffled(path, list(photos), split)
    if split not in there:
        raise InputError(
            f"{path} has lists for {', '.join(there)} but none for '{split}'; write {path / (split + '.txt')}"
        )
    lists = {name: read_list(path / f"{name}.txt", photos) for name in there}
    for other in there:
        both = set(lists[split]) & set(lists[other]) if other != split else set()
        if both:
            raise InputError(
                f"'{min(both)}' is in both {split}.txt and {other}.txt of {path}; "
                "an image may be in one split only: remove it from one of them"
            )
    return lists[split]


def _shuffled(path: Path, stems: list[str], split: str) -> list[str]:
    if len(stems) < 3:
        raise InputError(f"{path} has {len(stems)} image(s), too few for train, val and test; add images to make 3")
    shuffled = np.random.default_rng(0).permutation(len(stems)).tolist()
    spare = max(1, round(0.1 * len(stems)))
    parts = {"val": shuffled[:spare], "test": shuffled[spare : 2 * spare], "train": shuffled[2 * spare :]}
    return [stems[i] for i in sorted(parts[split])]


def unused(root: str | Path | None) -> list[str]:
    """Return a line for whatever no split uses: files that are no photos, sub-folders, photos that no list names.

    Raises:
        InputError: There is no such folder.
    """
    path = need_root("folder", root, LAYOUT)
    kinds = {"images": PHOTO_SUFFIXES, "masks": (*MASK_SUFFIXES, *LOSSY_SUFFIXES), "unlabeled": PHOTO_SUFFIXES}
    places = [(path / part, suffixes) for part, suffixes in kinds.items() if (path / part).is_dir()]
    lines = [
        f"{one.relative_to(path)}{'/ (sub-folders are not looked into)' if one.is_dir() else ''}"
        for place, suffixes in places
        for one in passed_over(place, suffixes)
    ]
    lines += [f"{one.name} (lists are called train.txt, val.txt and test.txt)" for one in _misnamed(path)]
    there = [path / f"{name}.txt" for name in LISTS if (path / f"{name}.txt").is_file()]
    if there:
        photos = by_stem(path / "images", PHOTO_SUFFIXES)
        named = {stem for one in there for stem in read_list(one, photos)}
        lines += [f"{photo.relative_to(path)} (in no list)" for stem, photo in photos.items() if stem not in named]
    return lines


def _misnamed(path: Path) -> list[Path]:
    """Return texts that look like lists by their names, and are none: ``Train.txt``, ``validation.txt``."""
    texts = (one for one in path.glob("*.[tT][xX][tT]") if one.name not in [f"{name}.txt" for name in LISTS])
    return sorted(one for one in texts if one.name.lower().startswith(LISTS))


def read_classes(path: Path, masks: dict[str, Path]) -> tuple[ClassTable, int]:
    """Return the class table and the id of void, from ``classes.toml`` or else from the ids in the masks.

    Raises:
        InputError: The file is not TOML, lacks names or has wrong entries; or, without it, masks hold one id
            only.
    """
    file = path / "classes.toml"
    if not file.is_file():
        return _from_masks(path, masks), VOID
    try:
        table = tomllib.loads(read_text(file, "class table"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"cannot read {file}: {error}; correct the file") from error
    stray = [key for key in table if key not in ("names", "palette", "background", "void")]
    if stray:
        raise unknown(f"entry of {file}", stray[0], ("names", "palette", "background", "void"))
    names = _strings(file, table, "names")
    if not names:
        raise InputError(f'{file} lacks names; write such as names = ["background", "leaf"]')
    odd = [name for name in names if not name.strip() or not name.isprintable()]
    if odd:
        raise InputError(f"{file} has the name {odd[0]!a}, which cannot be shown; give each class a name")
    if len(names) > VOID:
        raise InputError(f"{file} has {len(names)} names, and there are ids for {VOID}; name fewer classes")
    background = _strings(file, table, "background") if "background" in table else ["background"]
    if "background" in table:
        wrong = [name for name in background if name not in names]
        if wrong:
            raise unknown(f"background class in {file}", wrong[0], names)
    void = table.get("void", VOID)
    if not isinstance(void, int) or not 0 <= void <= 255 or void < len(names):
        raise InputError(f"{file}: void is {void}, expected an id from {len(names)} to 255 that is no class")
    ids = tuple(i for i, name in enumerate(names) if name in background)
    try:
        return ClassTable(tuple(names), _palette(file, table, len(names)), ids), void
    except InputError as error:
        raise error if str(file) in str(error) else InputError(f"{file}: {error}") from None


def _strings(file: Path, table: dict[str, Any], key: str) -> list[str]:
    """Return a list of strings from the table; empty if absent."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f'{file}: {key} is {value!r}, expected a list of texts such as ["background", "leaf"]')
    return value


def _palette(file: Path, table: dict[str, Any], count: int) -> tuple[tuple[int, int, int], ...]:
    """Return the colours of the table, or VOC's where it has none."""
    if "palette" not in table:
        return voc_palette(count)
    colours = []
    for colour in table["palette"] if isinstance(table["palette"], list) else [table["palette"]]:
        if not isinstance(colour, list) or len(colour) != 3:
            raise InputError(f"{file}: colour {colour!r} in palette, expected three numbers such as [0, 160, 0]")
        if not all(isinstance(level, int) and 0 <= level <= 255 for level in colour):
            raise InputError(f"{file}: colour {colour!r} in palette, expected numbers from 0 to 255")
        colours.append((colour[0], colour[1], colour[2]))
    return tuple(colours)


def _from_masks(path: Path, masks: dict[str, Path]) -> ClassTable:
    """Name classes after the ids in the masks, which are read once more for it."""
    seen = np.zeros(256, dtype=np.bool_)
    for mask in masks.values():
        seen[read_mask(mask)] = True
    ids = np.flatnonzero(seen[:VOID])
    if len(ids) < 2:
        meant = ". Did you mean 0 and 1?" if ids.tolist() == [0] and seen[VOID] else ""
        raise InputError(
            f"masks in {path / 'masks'} hold ids {np.flatnonzero(seen).tolist()}, "
            f"expected 0 for background and 1, 2, ... for objects "
            f"({VOID} means void); save class ids, or describe them in {path / 'classes.toml'}{meant}"
        )
    count = int(ids[-1]) + 1
    return ClassTable(tuple(f"class {i}" for i in range(count)), voc_palette(count), (0,))
