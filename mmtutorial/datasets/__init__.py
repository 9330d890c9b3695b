"""Data sets for segmentation, behind one function: ``open_dataset``.

``scenes`` and ``streets`` are built in and need no files; ``voc``, ``camvid``, ``cityscapes``, ``stanford``, ``pets``
and ``folder`` read a folder of yours. Whatever the data set, an item is an image ``(3, H, W)`` and a mask ``(H, W)``,
both uint8, in which 255 means void.

What is known of a data set before it is opened (``registry``) is there without torch, which takes seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmtutorial.datasets.classes import VOID, VOID_COLOUR, ClassTable
from mmtutorial.datasets.registry import DATASETS, DatasetInfo, Roles, roles

if TYPE_CHECKING:
    from mmtutorial.datasets.base import SegmentationDataset
    from mmtutorial.datasets.choosing import hold_out
    from mmtutorial.datasets.opening import open_dataset
    from mmtutorial.datasets.transforms import apply, resize_long_side, training_transform

__all__ = [
    "DATASETS",
    "VOID",
    "VOID_COLOUR",
    "ClassTable",
    "DatasetInfo",
    "Roles",
    "SegmentationDataset",
    "apply",
    "hold_out",
    "open_dataset",
    "resize_long_side",
    "roles",
    "training_transform",
]


# What needs torch is imported when it is first asked for.
_LATER = {
    "SegmentationDataset": "base",
    "hold_out": "choosing",
    "open_dataset": "opening",
    "apply": "transforms",
    "resize_long_side": "transforms",
    "training_transform": "transforms",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
