"""Whether the labels of a data set can teach anything and be scored, from what its masks hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.datasets.store import Pixels


class Weight(IntEnum):
    """How much a finding counts."""

    NOTE = 0
    """To know, as a class that is not scored."""
    FAULT = 1
    """Training goes on, and its result is not what was wanted."""
    STOP = 2
    """There is nothing to score."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with the labels, in a sentence with its likely cause."""

    weight: Weight
    text: str


@dataclass
class Counts:
    """What the images and masks of one split hold.

    Attributes:
        pixels: ``(256,)`` pixels of each id.
        occurs: ``(256,)`` images in which each id occurs.
        digests: Names of images by the hash of their decoded pixels.
    """

    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, dtype=np.int64))
    occurs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, dtype=np.int64))
    digests: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, image: Pixels, mask: Pixels) -> None:
        """Count one image ``(3, H, W)`` and its mask ``(H, W)``."""
        counts = np.bincount(mask.ravel(), minlength=256)
        self.pixels += counts
        self.occurs += counts > 0
        # Of the pixels, not of the file: the same photo saved anew, under another name, is still the same photo.
        digest = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()
        self.digests.setdefault(digest, []).append(name)

    @property
    def labelled(self) -> bool:
        """Whether any pixel has a label."""
        return bool(self.pixels[:VOID].any())

    def present(self, count: int) -> list[int]:
        """Return which of the ids ``0 .. count - 1`` occur."""
        return np.flatnonzero(self.pixels[:count]).tolist()

    def both(self, other: Counts) -> list[tuple[str, str]]:
        """Return the names, here and there, of images that are in both splits."""
        same = self.digests.keys() & other.digests.keys()
        return sorted((self.digests[digest][0], other.digests[digest][0]) for digest in same)


def findings(
    classes: ClassTable, train: tuple[str, Counts] | None, scored: Mapping[str, Counts], *, own: bool = False
) -> list[Finding]:
    """Judge whether labels can teach and be scored.

    Args:
        classes: The class table.
        train: Name and counts of the split that trains; None if it cannot be opened.
        scored: Counts of the splits on which is scored, by name.
        own: Whether the table was made for these very images, so that a class that is nowhere is a mistake.
    """
    read = {name: counts for name, counts in scored.items() if counts.pixels.any()}
    found = [finding for name, counts in read.items() for finding in _of_scored(classes, name, counts)]
    if train is not None:
        name, counts = train
        wanted = set(range(len(classes))) if own else {i for one in read.values() for i in one.present(len(classes))}
        found += _of_train(classes, name, counts, wanted)
    return found


def _of_scored(classes: ClassTable, name: str, counts: Counts) -> list[Finding]:
    there = counts.present(len(classes))
    missing = [i for i in range(len(classes)) if i not in there]
    if not there:
        return [Finding(Weight.STOP, f"{name} has no labels to score on: its masks are void all over")]
    if len(there) == 1:
        only = classes.names[there[0]]
        text = f"every labelled pixel of {name} is {only}: whoever answers {only} everywhere is right"
        return [Finding(Weight.STOP, text + _cause(counts, there))]
    return [Finding(Weight.NOTE, f"{_names(classes, missing)} not in {name}: not scored")] if missing else []


def _of_train(classes: ClassTable, name: str, counts: Counts, wanted: set[int]) -> list[Finding]:
    there = counts.present(len(classes))
    missing = sorted(wanted.difference(there))
    if len(there) == 1:
        text = f"every labelled pixel of {name} is {classes.names[there[0]]}: there is nothing to tell apart"
        return [Finding(Weight.FAULT, text + _cause(counts, there))]
    if not missing or not there:
        return []
    text = f"{_names(classes, missing)} not in {name}: nothing teaches it"
    return [Finding(Weight.FAULT, text + _cause(counts, there))]


def _cause(counts: Counts, there: Sequence[int]) -> str:
    """What was perhaps done, in words that follow a finding; empty where nothing suggests itself."""
    if list(there) == [0] and counts.pixels[VOID]:
        return f". Its masks hold 0 and {VOID} alone, and {VOID} is void: did you mean 0 and 1?"
    return unlikely_ids([*there])


def unlikely_ids(ids: Sequence[int]) -> str:
    """Return what ids that are not 0, 1, 2, ... were perhaps meant to be, in words that follow a fault.

    Example:
        >>> unlikely_ids([0, 128])
        '. Are these grey levels? Ids count the classes: 0, 1'
        >>> unlikely_ids([1, 2, 3])
        '. Do your ids begin at 1? The first class has the id 0'
        >>> unlikely_ids([0, 1, 2])
        ''
    """
    first, count = min(ids), len(ids)
    if count > 1 and first == 1 and max(ids) == count:
        return ". Do your ids begin at 1? The first class has the id 0"
    if count > 1 and max(ids) >= max(20, 4 * count):
        ids_meant = ", ".join(map(str, range(min(count, 4)))) + (", ..." if count > 4 else "")
        return f". Are these grey levels? Ids count the classes: {ids_meant}"
    return ""


def _names(classes: ClassTable, ids: Sequence[int], most: int = 5) -> str:
    """Names of classes with their verb."""
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return f"{', '.join(classes.names[i] for i in ids[:most])}{more} {'is' if len(ids) == 1 else 'are'}"
