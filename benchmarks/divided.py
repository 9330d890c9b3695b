"""Which patches have no positive edge when a batch is divided over devices that each draw a graph of their own?

No training and no chance but that of the patches: a node has no positive edge if nobody else on its device has its
class. One graph over all devices is the row of one device, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from mmtutorial.randomness import generator_for
from mmtutorial.settings.presets import get_preset
from mmtutorial.tuning import PatchBatches, patch_side

DEVICES = (1, 2, 4, 8)
BATCHES = ((8, 2), (8, 5), (40, 10))
"""Images of a step, on all devices together, and patches of each: few; preset ``class``; as many as the paper has."""


@dataclass(frozen=True)
class Divided:
    """What was counted over all steps.

    Attributes:
        images: of a step, on all devices together.
        patches: of each image.
        devices: over which they are divided.
        without: share of patches without a positive edge.
        pieces: pieces into which a class falls, the mean over the classes of a step.
    """

    images: int
    patches: int
    devices: int
    without: float
    pieces: float


def lonely(labels: Tensor, devices: int) -> Tensor:
    """Which of the patches (N,) have nobody of their class on their device, when each gets the next N / devices.

    Raises:
        InputError: the devices cannot share the patches evenly.

    Example:
        >>> labels = torch.tensor([0, 1, 0, 1])
        >>> lonely(labels, 1).tolist(), lonely(labels, 2).tolist()
        ([False, False, False, False], [True, True, True, True])
    """
    if devices < 1 or len(labels) % devices:
        raise InputError(f"{len(labels)} patches cannot be shared evenly by {devices} devices; give a divisor")
    shares = labels.view(devices, -1)
    return ((shares[:, :, None] == shares[:, None]).sum(2) == 1).flatten()


def pieces(labels: Tensor, devices: int) -> float:
    """Devices on which a class occurs, the mean over the classes: a class has one piece on each.

    Example:
        >>> pieces(torch.tensor([0, 1, 0, 2]), 1), pieces(torch.tensor([0, 1, 0, 2]), 2)
        (1.0, 1.3333333333333333)
    """
    on = sum(len(share.unique()) for share in labels.view(devices, -1))
    return on / len(labels.unique())


def count(steps: int = 500, seed: int = 0) -> list[Divided]:
    """Count over the steps of tuning at preset ``class`` on scenes."""
    scenes, budget = open_dataset("scenes"), get_preset("class").tuning
    found = []
    for images, patches in BATCHES:
        asked = replace(budget, patches=patches, output_size=8, schedule=replace(budget.schedule, images=images))
        draw = PatchBatches(scenes, asked, patch_side(scenes, budget), seed, "tuning")
        drawn = [draw(step, generator_for(seed, "tuning", "step", step)).labels for step in range(steps)]
        for devices in DEVICES:
            without = torch.cat([lonely(labels, devices) for labels in drawn]).double().mean()
            mean = sum(pieces(labels, devices) for labels in drawn) / len(drawn)
            found.append(Divided(images, patches, devices, float(without), mean))
    return found


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows, as they lie in the JSON file, as a Markdown table.

    Example:
        >>> print(table([vars(Divided(8, 5, 1, 0.25, 1.0)), vars(Divided(8, 5, 2, 0.5, 1.5))]))
        | images x patches of a step | 1 device, or one graph over all | 2 devices |
        |---|--:|--:|
        | 8 x 5 | **25.0 %**, 1.00 | **50.0 %**, 1.50 |
    """
    known = [Divided(**row) for row in rows]
    devices = sorted({one.devices for one in known})
    heads = ["1 device, or one graph over all", *(f"{n} devices" for n in devices if n > 1)]
    lines = [f"| images x patches of a step | {' | '.join(heads)} |", "|---|" + "--:|" * len(devices)]
    for images, patches in dict.fromkeys((one.images, one.patches) for one in known):
        cells = [
            f"**{100 * one.without:.1f} %**, {one.pieces:.2f}"
            for one in known
            if (one.images, one.patches) == (images, patches)
        ]
        lines.append(f"| {images} x {patches} | {' | '.join(cells)} |")
    return "\n".join(lines)
