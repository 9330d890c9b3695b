"""Which photo an export means: programs write its place in their own ways, and names change on the way.

Every rule of the list :data:`_KEYS` compares names in one way, strictest first. The first rule under which any photo
fits decides, and exactly one must fit: a photo is never guessed.
"""

from __future__ import annotations

import difflib
import itertools
import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote, urlparse

from mmtutorial.datasets.files import PHOTO_KINDS, PHOTO_SUFFIXES, composed
from mmtutorial.errors import InputError

Key = Callable[[str], str]

_PICTURES = frozenset({*PHOTO_SUFFIXES, ".gif", ".heic", ".heif", ".avif"})
"""Suffixes that a name in an export may bear, whatever the photo is stored as by now."""


@dataclass(frozen=True)
class Place:
    """One reading of what an export says about where its photo is.

    Attributes:
        parts: folders, as far as they are known, and the file's name.
        uploaded: the name is one that Label Studio gave to an uploaded file: it drops signs.
    """

    parts: tuple[str, ...]
    uploaded: bool = False


@dataclass(frozen=True)
class Reference:
    """What an export says about its photo.

    Attributes:
        text: as it is written there, for messages.
        places: its readings, the likelier first.
    """

    text: str
    places: tuple[Place, ...]


def parts_of(text: str) -> tuple[str, ...]:
    r"""Return folders and name of a path of Linux or of Windows, without a drive, ``.`` and ``..``.

    Example:
        >>> parts_of(r"..\photos\a.jpg"), parts_of("C:/Users/me/a.jpg"), parts_of("set/./x/../a.jpg")
        (('photos', 'a.jpg'), ('Users', 'me', 'a.jpg'), ('set', 'a.jpg'))
    """
    plain = posixpath.normpath(re.sub(r"^[A-Za-z]:", "", text).replace("\\", "/"))
    return tuple(part for part in plain.split("/") if part not in ("", ".", ".."))


def written(text: str, beside: str | PurePath = ".") -> Reference:
    """Return the reference of a format that writes plain paths.

    Args:
        text: the path, which some programs encode as in a web address.
        beside: folder of the file that says so, within the folder of the export.

    Raises:
        TypeError: the path is no text; an export may hold anything.
    """
    if not isinstance(text, str):
        raise TypeError(f"its photo is {text!r}")
    texts = dict.fromkeys((text, unquote(text), unquote(urlparse(text).path) if "://" in text else text))
    paths = [
        parts_of(f"{folder}/{one}") for one in texts for folder in dict.fromkeys((PurePath(beside).as_posix(), "."))
    ]
    return Reference(text, tuple(Place(parts) for parts in dict.fromkeys(paths) if parts))


def hidden(path: PurePath) -> bool:
    """Return whether a path within a folder is hidden, as ``._a.jpg`` and what lies in ``.cache`` or ``__MACOSX``."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def files_below(folder: Path) -> list[Path]:
    """Return all files of a folder and its sub-folders, sorted, without hidden ones."""
    found = (path for path in folder.rglob("*") if not hidden(path.relative_to(folder)))
    return sorted(path for path in found if path.is_file())


def _same(name: str) -> str:
    return name


def _case(name: str) -> str:
    return composed(name).casefold()


def _stem(name: str) -> str:
    """Leave the suffix out: photos are often stored anew in another format, and YOLO names none."""
    stem, dot, suffix = _case(name).rpartition(".")
    return stem if dot and f".{suffix}" in _PICTURES else _case(name)


_KEYS: tuple[Key, ...] = (_same, composed, _case, _stem)


def _upload_names(name: str) -> set[str]:
    """Return what Label Studio may have made of a file's name: blanks become ``_``, other signs are dropped.

    Source: ``get_valid_filename`` of Django. An accent written as a sign of its own is dropped as well.
    """
    forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return {composed(name)} | {composed(re.sub(r"[^-\w.]", "", form.strip().replace(" ", "_"))) for form in forms}


class Photos:
    """The photos of a folder and its sub-folders.

    Attributes:
        folder: where they are.
        paths: their paths within it, sorted.
        others: files that are neither photos nor known to stand beside them.
    """

    _BESIDE = (".json", ".txt", ".xml", ".yaml", ".yml", ".csv", ".toml", ".md", ".db", ".ini")

    def __init__(self, folder: Path, without: frozenset[Path] = frozenset()) -> None:
        """List the photos.

        Args:
            folder: where they are.
            without: absolute paths of pictures that are no photos but masks.

        Raises:
            InputError: the folder is missing, holds no photos, or two of them would get one name in the data set.
        """
        if not folder.is_dir():
            raise InputError(f"--photos {folder} is not a folder; give the folder of the photos")
        there = [path.relative_to(folder) for path in files_below(folder) if path.resolve() not in without]
        self.folder = folder
        self.paths = [path for path in there if path.suffix.lower() in PHOTO_SUFFIXES]
        self.others = [path for path in there if path.suffix.lower() not in (*PHOTO_SUFFIXES, *self._BESIDE)]
        if not self.paths:
            suffixes = sorted({path.suffix.lower() or path.name for path in self.others})
            seen = f", only {', '.join(suffixes)}" if suffixes else ""
            raise InputError(f"{folder} holds no photos{seen}; they should be {PHOTO_KINDS} files")
        self._indices: dict[tuple[Key, bool], dict[str, list[Path]]] = {}

    def names(self) -> dict[Path, str]:
        """The name that each photo has in a data set, without folders: by stem, and with its folders if need be.

        Raises:
            InputError: two photos would get one name.
        """
        stems = Counter(composed(path.stem) for path in self.paths)
        names = {p: p.name if stems[composed(p.stem)] == 1 else "_".join(p.parts) for p in self.paths}
        by_name: dict[str, Path] = {}
        for path, name in names.items():
            other = by_name.setdefault(composed(Path(name).stem), path)
            if other != path:
                raise InputError(
                    f"{self.folder / other} and {self.folder / path} share a stem, so that their masks would have "
                    "one name; rename one of them"
                )
        return names

    def find(self, reference: Reference) -> list[Path]:
        """Return the photos that fit under the first rule under which any does: one if all is well, none or several."""
        for key, place in itertools.product(_KEYS, reference.places):
            found = self._matches(place, key)
            if found:
                return found
        return []

    def nearest(self, reference: Reference) -> Path | None:
        """Return the photo whose name is most like a reference's, for messages; None if none is."""
        by_name = {path.name: path for path in self.paths}
        near = difflib.get_close_matches(
            reference.places[-1].parts[-1] if reference.places else "", by_name, n=1, cutoff=0.7
        )
        return by_name[near[0]] if near else None

    def _matches(self, place: Place, key: Key) -> list[Path]:
        index = self._index(key, place.uploaded)
        wanted = [key(composed(part) if place.uploaded else part) for part in place.parts]
        if place.uploaded:  # Its folder is Label Studio's.
            return index.get(wanted[-1], [])
        common = {path: _overlap([key(part) for part in path.parts], wanted) for path in index.get(wanted[-1], [])}
        exact = [path for path, depth in common.items() if depth == len(wanted) == len(path.parts)]
        return exact or [path for path, depth in common.items() if depth == max(common.values()) > 0]

    def _index(self, key: Key, uploaded: bool) -> dict[str, list[Path]]:
        """Return the photos by the key of their name."""
        if (key, uploaded) not in self._indices:
            index: dict[str, list[Path]] = defaultdict(list)
            for path in self.paths:
                for name in {key(form) for form in (_upload_names(path.name) if uploaded else (path.name,))}:
                    index[name].append(path)
            self._indices[key, uploaded] = dict(index)
        return self._indices[key, uploaded]


def _overlap(mine: list[str], wanted: list[str]) -> int:
    """Return how many parts two paths have in common from their ends; 0 if both go on and differ there."""
    same = _equal_ends(mine, wanted)
    return same if same == min(len(mine), len(wanted)) else 0


def _equal_ends(mine: Iterable[str], wanted: Iterable[str]) -> int:
    pairs: Iterator[tuple[str, str]] = zip(reversed(list(mine)), reversed(list(wanted)), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
