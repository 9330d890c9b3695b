"""What the explorers show where the reader gives nothing: images, masks and patches of the built-in scenes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from mmtutorial.datasets import ClassTable, open_dataset
from mmtutorial.patches import PatchBatch, sample_patches
from mmtutorial.randomness import seeded


@dataclass(frozen=True)
class Labelled:
    """Images with their masks.

    Attributes:
        images: N images ``(3, H, W)`` uint8.
        masks: N masks ``(H, W)``.
        classes: The class table.
    """

    images: tuple[Tensor, ...]
    masks: tuple[Tensor, ...]
    classes: ClassTable


@lru_cache(maxsize=4)
def scene_images(count: int = 24, split: str = "train") -> Labelled:
    """Return the first scenes of a split."""
    dataset = open_dataset("scenes", split=split)
    pairs = [dataset[i] for i in range(min(count, len(dataset)))]
    images, masks = zip(*pairs, strict=True)
    return Labelled(
        tuple(i.as_subclass(Tensor) for i in images), tuple(m.as_subclass(Tensor) for m in masks), dataset.classes
    )


@lru_cache(maxsize=4)
def scene_patches(count: int = 24, per_image: int = 10, output_size: int = 48) -> PatchBatch:
    """Return patches of the first training scenes, a quarter to half an image wide; always the same ones."""
    scenes = scene_images(count)
    return sample_patches(
        scenes.images,
        scenes.masks,
        per_image=per_image,
        side=(24, 48),
        output_size=output_size,
        generator=seeded(0),
        background_ids=scenes.classes.background_ids,
    )
