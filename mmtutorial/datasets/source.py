"""Where pairs of image and mask come from. Without torch, so that what is known of a data set is known at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.datasets.store import Pair


class Source(ABC):
    """Where images and masks come from: files or a drawing function. Decodes afresh at every call.

    Attributes:
        name: Name of the data set.
        split: Name of the split.
        classes: The class table of the masks.
    """

    name: str
    split: str
    classes: ClassTable

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def load(self, index: int) -> Pair:
        """Decode one image and its mask. Raises InputError, naming the file, if it cannot."""

    @abstractmethod
    def image_id(self, index: int) -> str:
        """A name for the image, for messages and reports."""

    def stamp(self, index: int) -> str:
        """A text that changes where the image or its mask is exchanged; its name, unless a source knows more."""
        return self.image_id(index)

    def long_side(self, index: int) -> int:
        """Pixels of the longer side. A source of files looks into the file's head and decodes nothing."""
        return int(max(self.load(index)[1].shape))
