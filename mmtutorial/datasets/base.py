"""What all data sets have in common: decode an image once, keep it in memory, hand it out with its mask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import torch
from torch.utils.data import Dataset
from torchvision import tv_tensors
from tqdm.auto import tqdm

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair, Pixels, Store
from mmtutorial.datasets.transforms import resize_long_side

WORKERS = 2
"""Threads that decode ahead. Pillow lets go of the interpreter lock while it decodes, so threads suffice."""


class SegmentationDataset(Dataset[tuple[tv_tensors.Image, tv_tensors.Mask]]):
    """Images with their masks, held in memory as uint8 once decoded.

    Item ``i`` is ``(image, mask)``: an image ``(3, H, W)`` and a mask ``(H, W)``, both uint8 ``tv_tensors``,
    so that torchvision's v2 transforms treat each as it needs. In the mask, 255 is void. Sizes may differ
    between images. What an item returns is a copy: changing it in place leaves the data set alone.

    Attributes:
        name: Name of the data set, such as ``"voc"``.
        split: Name of the split, such as ``"train"``.
        classes: Names, colours and background ids of the masks as they are handed out.
    """

    def __init__(
        self,
        source: Source,
        *,
        indices: Sequence[int] | None = None,
        classes: ClassTable | None = None,
        lookup: Pixels | None = None,
        size: int | None = None,
        store: Store | None = None,
    ) -> None:
        """Wrap a source.

        Args:
            source: Where pairs come from.
            indices: Which images of the source, in which order; all by default.
            classes: The table after renumbering by ``lookup``; the source's by default.
            lookup: New id for each of 256 old ids, see ``ClassTable.keep``.
            size: Longest side allowed, in pixels; larger images are shrunk to it.
            store: Memory to share with another view of the same source, lookup and size.
        """
        self.name, self.split = source.name, source.split
        self.classes = classes or source.classes
        self._source = source
        self._indices = list(range(len(source))) if indices is None else [int(i) for i in indices]
        self._lookup = lookup
        self._size = size
        self._store = Store() if store is None else store

    def __len__(self) -> int:
        return len(self._indices)

    def __repr__(self) -> str:
        return f"{self.name}, split {self.split}: {len(self)} images, {len(self.classes)} classes"

    def __getitem__(self, index: int) -> tuple[tv_tensors.Image, tv_tensors.Mask]:
        image, mask = self.arrays(index)
        return tv_tensors.Image(torch.tensor(image)), tv_tensors.Mask(torch.tensor(mask))

    def __iter__(self) -> Iterator[tuple[tv_tensors.Image, tv_tensors.Mask]]:
        return (self[i] for i in range(len(self)))

    def image_id(self, index: int) -> str:
        """Return the name of image ``index``: the stem of its file, or such as ``scenes-train-00012``."""
        return self._source.image_id(self._indices[index])

    def checksum(self) -> str:
        """Return a SHA-256, in hexadecimal, that changes where images, their order or their classes do.

        Files are told apart by name and size; nothing is decoded.
        """
        lookup = None if self._lookup is None else self._lookup.tolist()
        about = (self.name, self.split, self.classes.names, self.classes.background_ids, self._size, lookup)
        stamps = (self._source.stamp(place) for place in self._indices)
        return hashlib.sha256("\n".join([repr(about), *stamps]).encode(errors="surrogateescape")).hexdigest()

    def arrays(self, index: int) -> Pair:
        """Return image ``(3, H, W)`` and mask ``(H, W)`` as the uint8 arrays held. Do not write to them.

        Raises:
            IndexError: There is no such image.
            InputError: Its files cannot be used; the message names them.
        """
        place = self._indices[index]
        pair = self._store.get(place)
        if pair is None:
            pair = self._decode(place)
            self._store.put(place, pair)
        return pair

    def subset(self, indices: Iterable[int]) -> SegmentationDataset:
        """Return a view of some of the images, in the order given. It shares the memory of this one."""
        view = SegmentationDataset(
            self._source,
            indices=[self._indices[i] for i in indices],
            classes=self.classes,
            lookup=self._lookup,
            size=self._size,
            store=self._store,
        )
        return view

    def in_memory(self) -> SegmentationDataset:
        """Decode as much as there is memory for, with a progress bar if it takes over a second. Returns itself."""
        for _ in self.decoded():
            if self.full:
                break
        return self

    @property
    def full(self) -> bool:
        """Whether there was no room for some image: those are decoded at each use."""
        return self._store.full

    def freeze(self) -> None:
        """Keep no further image in memory; see ``Store.freeze``."""
        self._store.freeze()

    def long_side(self, index: int) -> int:
        """Return the pixels of an image's longer side, without decoding what is not in memory."""
        place = self._indices[index]
        pair = self._store.get(place)
        if pair is not None:
            return int(max(pair[1].shape))
        side = self._source.long_side(place)
        return side if self._size is None else min(side, self._size)

    def decoded(self) -> Iterator[tuple[int, Pair]]:
        """Yield ``(index, pair)`` in order, decoding a few images ahead on threads and keeping them.

        Raises:
            InputError: The files of an image cannot be used.
        """
        waiting = iter(range(len(self)))
        with (
            tqdm(total=len(self), desc=f"{self.name} {self.split}", unit="image", delay=1.0, leave=False) as bar,
            ThreadPoolExecutor(WORKERS) as pool,
        ):
            # Small batches: a caller that has enough after N images has not paid for the rest of the list.
            while batch := list(islice(waiting, 8 * WORKERS)):
                for index, pair in zip(batch, pool.map(self.arrays, batch), strict=True):
                    bar.update()
                    yield index, pair

    def forget(self, index: int) -> None:
        """Free the memory of one image; it is decoded anew if asked for again."""
        self._store.drop(self._indices[index])

    def _decode(self, place: int) -> Pair:
        image, mask = self._source.load(place)
        if self._lookup is not None:
            mask = self._lookup[mask]
        if self._size is not None and max(mask.shape) > self._size:
            small = resize_long_side(self._size)(
                tv_tensors.Image(torch.from_numpy(image)), tv_tensors.Mask(torch.from_numpy(mask))
            )
            image, mask = small[0].numpy(), small[1].numpy()
        return image, mask
