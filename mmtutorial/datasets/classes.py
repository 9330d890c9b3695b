"""The class table: which id means what, how it is coloured, and which ids are background."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmtutorial.errors import InputError, unknown

VOID = 255
"""The mask id of a pixel without a label. Losses and scores skip it."""

VOID_COLOUR = (224, 224, 192)
"""Colour of void in pictures: the cream with which PASCAL VOC draws its borders."""


@dataclass(frozen=True)
class ClassTable:
    """Names, colours and the role of the ids ``0 .. K-1`` of one data set.

    Attributes:
        names: Name of each id, K of them.
        palette: RGB colour of each id, 0-255 each, K of them.
        background_ids: Ids that are background rather than an object. It may be empty: in a street scene,
            id 0 is sky or road, a class like any other.

    Raises:
        InputError: The table is empty, names repeat, palette and names differ in length, or a background
            id is not an id of the table.
    """

    names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    background_ids: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if not 0 < len(self.names) <= VOID:
            raise InputError(f"a class table has 1 to {VOID} names, got {len(self.names)}; check the list of names")
        if len(set(self.names)) != len(self.names):
            raise InputError(f"class names must differ, got {', '.join(self.names)}; rename the repeated ones")
        if len(self.palette) != len(self.names):
            raise InputError(
                f"got {len(self.palette)} colours for {len(self.names)} class names; give one colour per name"
            )
        wrong = [i for i in self.background_ids if not 0 <= i < len(self.names)]
        if wrong:
            raise InputError(f"background ids {wrong} are not among the ids 0..{len(self.names) - 1} of the table")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def background(self) -> tuple[str, ...]:
        """Names of the background classes."""
        return tuple(self.names[i] for i in self.background_ids)

    @property
    def object_ids(self) -> tuple[int, ...]:
        """Ids that are not background, in order."""
        return tuple(i for i in range(len(self)) if i not in self.background_ids)

    def index(self, name: str) -> int:
        """Return the id of a class name.

        Raises:
            InputError: No class has that name; the nearest name is suggested.
        """
        if name not in self.names:
            raise unknown("class", name, self.names)
        return self.names.index(name)

    def keep(self, names: Iterable[str]) -> tuple[ClassTable, NDArray[np.uint8]]:
        """Restrict the table to some classes and its background, renumbered in the order of the table.

        Args:
            names: The classes to keep. Background classes are kept whether named or not.

        Returns:
            The smaller table, and a lookup ``(256,)`` from an old id to the new one: ``lookup[mask]``
            renumbers a mask, with every id that was not kept sent to void.

        Raises:
            InputError: A name is unknown, or none was given.
        """
        wanted = [self.index(name) for name in names]
        if not wanted:
            raise InputError(f"no class given to keep; name some of: {', '.join(self.names)}")
        kept = sorted({*wanted, *self.background_ids})
        lookup = np.full(256, VOID, dtype=np.uint8)
        lookup[kept] = np.arange(len(kept))
        table = ClassTable(
            names=tuple(self.names[i] for i in kept),
            palette=tuple(self.palette[i] for i in kept),
            background_ids=tuple(kept.index(i) for i in self.background_ids),
        )
        return table, lookup

    def colour(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Paint a mask ``(H, W)`` of ids as a picture ``(H, W, 3)``; void and unknown ids alike."""
        table = np.tile(np.array(VOID_COLOUR, dtype=np.uint8), (256, 1))
        table[: len(self)] = self.palette
        painted: NDArray[np.uint8] = table[mask]
        return painted


def voc_palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return the first ``count`` colours of the PASCAL VOC colour map.

    Source: ``VOClabelcolormap.m`` of the VOC development kit: the bits of the id are dealt in turn to red,
    green and blue, from the highest bit of each colour down.
    """
    colours = []
    for label in range(count):
        rgb = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                rgb[channel] |= ((label >> (3 * bit + channel)) & 1) << (7 - bit)
        colours.append((rgb[0], rgb[1], rgb[2]))
    return tuple(colours)
