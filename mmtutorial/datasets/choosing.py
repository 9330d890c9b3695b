"""Which images of a list serve for what: labelled ones to train on, some held out for choosing."""

from __future__ import annotations

import numpy as np

from mmtutorial.datasets.base import SegmentationDataset
from mmtutorial.datasets.classes import VOID
from mmtutorial.errors import InputError


def choose_labeled(dataset: SegmentationDataset, count: int | None, *, filtered: bool) -> SegmentationDataset:
    """Take the labelled images to train on, checking each mask for labels.

    Images come from a fixed shuffle of the list, so that the first 100 are among the first 437, and a curve
    over the number of labels grows one set rather than drawing several.

    Args:
        dataset: A training split.
        count: How many images; None takes all, in the order of the list.
        filtered: Whether ``classes=`` turned labels into void. If so, an image left without a label is passed
            over; otherwise its mask is a mistake.

    Raises:
        InputError: Fewer usable images than asked, none at all, or a mask that is void all over.
    """
    order = range(len(dataset)) if count is None else np.random.default_rng(0).permutation(len(dataset))
    shuffled = dataset.subset(order)
    if count is not None and not 0 < count <= len(dataset):
        raise InputError(_too_few(dataset, count, len(dataset)))
    kept: list[int] = []
    for index, (_, mask) in shuffled.decoded():
        if (mask != VOID).any():
            kept.append(index)
        elif filtered:
            shuffled.forget(index)
        else:
            raise InputError(
                f"the mask of {shuffled.image_id(index)} ({dataset.name}, {dataset.split}) is void all over; "
                "label some of it or take it off the training list"
            )
        if len(kept) == count:
            break
        if shuffled.full and not filtered:
            # What does not fit into memory is read at its use, and reported then; ``data check`` looks at all.
            wanted = len(shuffled) if count is None else count
            kept.extend(range(index + 1, min(len(shuffled), index + 1 + wanted - len(kept))))
            break
    if not kept or (count is not None and len(kept) < count):
        raise InputError(_too_few(dataset, count or 1, len(kept)))
    return shuffled.subset(kept)


def _too_few(dataset: SegmentationDataset, count: int, there: int) -> str:
    return (
        f"asked for {count} labeled images, but {dataset.name} {dataset.split} has {there} "
        f"with a label of the chosen classes; ask for 1 to {there}, or choose other classes"
    )


def hold_out(
    dataset: SegmentationDataset, share: float = 0.1, seed: int = 0
) -> tuple[SegmentationDataset, SegmentationDataset]:
    """Split off a seeded part of a training list, on which to choose hyper-parameters.

    For data sets whose spare split is spent on reporting, such as VOC, where ``val`` is what papers report.

    Args:
        dataset: The training list.
        share: Part to hold out, 0..1; at least one image is.
        seed: Seed of the choice. The same seed holds out the same images.

    Returns:
        The rest and the held-out part: disjoint, together the whole list, both in its order.

    Raises:
        InputError: The share is not between 0 and 1, or the list has fewer than two images.
    """
    if not 0 < share < 1:
        raise InputError(f"share to hold out must lie between 0 and 1, got {share}; 0.1 is usual")
    if len(dataset) < 2:
        raise InputError(f"cannot hold out from {len(dataset)} image(s) of {dataset.name}; two or more are needed")
    count = min(len(dataset) - 1, max(1, round(share * len(dataset))))
    chosen = set(np.random.default_rng(seed).permutation(len(dataset))[:count].tolist())
    rest = [i for i in range(len(dataset)) if i not in chosen]
    return dataset.subset(rest), dataset.subset(sorted(chosen))
