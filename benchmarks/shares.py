"""Which share of the machine's own rate of convolutions does a training step reach?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from benchmarks.cases import class_stages, images_of, whole_step
from benchmarks.cost import counted
from benchmarks.growth import least_seconds
from benchmarks.pairs import short

LAYERS = ((8, 64, 56), (8, 128, 56), (4, 256, 28), (2, 64, 224))
"""Images, channels in and out, and side of the 3 x 3 convolutions that are tried for the rate."""


@dataclass(frozen=True)
class Share:
    """How a step uses the processor.

    Attributes:
        name: of the step.
        operations: of its network, forward and backward, in 10^9.
        milliseconds: of processor time for the whole step.
        share: of the machine's rate.
    """

    name: str
    operations: float
    milliseconds: float
    share: float


def rate() -> float:
    """The most operations a second, in 10^9, that a 3 x 3 convolution reaches here, forward and backward."""
    best = 0.0
    for images, channels, side in LAYERS:
        maps = torch.rand((images, channels, side, side), requires_grad=True)
        weights = torch.rand((channels, channels, 3, 3), requires_grad=True)
        seconds = least_seconds(lambda maps=maps, weights=weights: F.conv2d(maps, weights, padding=1).sum().backward())
        best = max(best, 3 * 2 * images * side**2 * channels**2 * 9 / seconds / 1e9)
    return best


def shares(of: float) -> list[Share]:
    """A tuning and a fine-tuning step of preset ``class`` against a rate in 10^9 operations a second."""
    found = []
    for name, stage in class_stages().items():
        operations = counted(stage.module, (images_of(stage),))[0] / 1e9
        seconds = least_seconds(whole_step(stage))
        found.append(Share(name, operations, 1000 * seconds, operations / seconds / of))
    return found


def table(rows: Iterable[Mapping[str, Any]], of: float) -> str:
    """Rows, as they lie in the JSON file, as a Markdown table.

    Example:
        >>> print(table([vars(Share("tuning", 0.5, 10.0, 0.5))], 100.0))
        | step | operations of its network | takes | would take at 100 x 10^9 operations a second | share |
        |---|--:|--:|--:|--:|
        | tuning | 0.50 x 10^9 | 10.0 ms | 5.00 ms | **50 %** |
    """
    lines = [
        f"| step | operations of its network | takes | would take at {short(of)} x 10^9 operations a second | share |",
        "|---|--:|--:|--:|--:|",
    ]
    for row in rows:
        one = Share(**row)
        lines.append(
            f"| {one.name} | {short(one.operations)} x 10^9 | {short(one.milliseconds)} ms | "
            f"{short(1000 * one.operations / of)} ms | **{one.share:.0%}** |".replace("%**", " %**")
        )
    return "\n".join(lines)
