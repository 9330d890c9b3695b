"""Batches for the training loop, drawn in its own process or ahead of it by others.

What a step sees is a function of its number and of a generator made for it. So it does not matter which process calls
that function, nor when, nor how many there are: the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info

from mmtutorial.errors import InputError
from mmtutorial.randomness import generator_for
from mmtutorial.training.processes import end_with_parent

Draw = Callable[[int, torch.Generator], Any]
"""What a step sees, from its number and its generator. It uses no other random number."""

Drawn = Iterator[tuple[Any, torch.Generator]]
"""The batch of each step, with the step's generator as it is after drawing."""

# Batches that each process has ready. More would only fill the memory.
_AHEAD = 2


def batches(draw: Draw, steps: range, *, seed: int, name: str, loaders: int = 0) -> Drawn:
    """The batches of some steps.

    Args:
        draw: draws a batch; its ``images``, if it has such, stop taking memory in the processes that draw ahead.
        steps: numbers of the steps.
        seed: with the name and the number of a step, the source of its random numbers.
        name: of the stage.
        loaders: processes that draw ahead; 0 draws here, when the batch is wanted. With more, a notebook on Windows
            or macOS hangs, and a script there needs ``if __name__ == "__main__":``.

    Raises:
        InputError: an image cannot be used; the message names it.
    """
    drawn = _Steps(draw, seed, name)
    if loaders == 0:
        for step in steps:
            generator = drawn.generator(step)
            yield draw(step, generator), generator
        return
    ahead: DataLoader[tuple[Any, Tensor]] = DataLoader(
        drawn,
        sampler=steps,
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=loaders,
        prefetch_factor=_AHEAD,
        worker_init_fn=_begin,
        # Of its own, as it would else take a number out of the global one.
        generator=generator_for(seed, name, "loaders"),
    )
    for batch, state in ahead:
        if isinstance(batch, InputError):
            raise batch
        generator = torch.Generator()
        generator.set_state(state)
        yield batch, generator


@dataclass
class _Steps(Dataset[tuple[Any, Tensor]]):
    """Batches by the number of their step. A generator cannot be sent to another process, but its state can."""

    draw: Draw
    seed: int
    name: str

    def generator(self, step: int) -> torch.Generator:
        return generator_for(self.seed, self.name, "step", step)

    def __getitem__(self, step: int) -> tuple[Any, Tensor]:
        generator = self.generator(step)
        try:
            batch = self.draw(step, generator)
        except InputError as error:
            # Handed over as it is: raised here, it would arrive with a traceback of this process as its message.
            return error, generator.get_state()
        return batch, generator.get_state()


def _as_it_is(item: Any) -> Any:
    return item


def _begin(worker: int) -> None:
    """End with the process that trains; keep the images decoded by now, and decode the others at each use."""
    end_with_parent()
    info = get_worker_info()
    if info is not None and isinstance(info.dataset, _Steps):
        images = getattr(info.dataset.draw, "images", None)
        if images is not None:
            images.freeze()
