"""What an experiment is computed on. It decides how long that takes, and on one kind of device not the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mmtutorial.settings.bounds import Bounded, Within

ACCELERATORS = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
MOST_PROCESSES = 256
"""More than any one machine has cores or GPUs to give; a slip such as 9999 would bring it to a standstill."""


@dataclass(frozen=True)
class Node:
    """A machine among several that train one network together.

    Attributes:
        rank: its number; 0 is the first, which does all but a share of the steps.
        count: how many there are.
        address: of the first.
        port: of the first, for messages.
        hosted: whether torchrun listens there already.
    """

    rank: int
    count: int
    address: str
    port: int
    hosted: bool = False


@dataclass(frozen=True)
class Machine(Bounded):
    """The devices that train, and what helps them.

    Attributes:
        accelerator: name in :data:`ACCELERATORS`; ``auto`` is a GPU where there is one, else the processor.
        precision: name in :data:`PRECISIONS`.
        devices: how many share the batches of each step.
        loaders: processes that read and crop images ahead of training; 0 for none. A notebook on Windows or macOS
            hangs with them.
        node: where it stands among several machines; None where it is alone.
    """

    accelerator: str = "auto"
    precision: str = "32-true"
    devices: Annotated[int, Within(1, MOST_PROCESSES)] = 1
    loaders: Annotated[int, Within(0, MOST_PROCESSES)] = 0
    node: Node | None = None
