"""Typical wrong answers to the exercises of notebook 08, and a piece of the hint each must get."""

from __future__ import annotations

import torch
from torch import Tensor

Colours = list[tuple[int, int, int]]


def steps_only(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps / (rate * (1 + (gpus - 1) * gain)) / 3600


def no_loss(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / (rate * gpus) / 3600


def loss_of_the_first_too(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / (rate * gpus * gain) / 3600 if gain else 0.0


def losses_multiplied(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / (rate * gpus * gain ** (gpus - 1)) / 3600 if gain else 0.0


def all_images_on_each(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / rate / 3600


def seconds(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / (rate * (1 + (gpus - 1) * gain))


def minutes(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / (rate * (1 + (gpus - 1) * gain)) / 60


def no_moments(weights: int, moments: int, activations: int, images: int) -> tuple[int, int]:
    return 8 * weights, 4 * activations * images


def no_gradient(weights: int, moments: int, activations: int, images: int) -> tuple[int, int]:
    return 4 * weights * (1 + moments), 4 * activations * images


def numbers(weights: int, moments: int, activations: int, images: int) -> tuple[int, int]:
    return weights * (2 + moments), activations * images


def bits(weights: int, moments: int, activations: int, images: int) -> tuple[int, int]:
    return 32 * weights * (2 + moments), 32 * activations * images


def one_image(weights: int, moments: int, activations: int, images: int) -> tuple[int, int]:
    return 4 * weights * (2 + moments), 4 * activations


def the_sum(weights: int, moments: int, activations: int, images: int) -> int:
    return 4 * weights * (2 + moments) + 4 * activations * images


def _matched(image: Tensor, colours: Colours, agree: Tensor, other: int = 255) -> Tensor:
    """(H, W) the first class of which ``agree`` (H, W, K) holds."""
    return torch.where(agree.any(-1), agree.int().argmax(-1), other)


def nearest(image: Tensor, colours: Colours) -> Tensor:
    return torch.cdist(image.flatten(0, 1).double(), torch.tensor(colours).double()).argmin(1).view(image.shape[:2])


def unknown_is_zero(image: Tensor, colours: Colours) -> Tensor:
    return _matched(image, colours, (image[:, :, None] == torch.tensor(colours)).all(-1), other=0)


def red_only(image: Tensor, colours: Colours) -> Tensor:
    return _matched(image, colours, image[:, :, None, 0] == torch.tensor(colours)[:, 0])


def wraps(image: Tensor, colours: Colours) -> Tensor:
    place = torch.tensor([0, 0, 1], dtype=torch.uint8)  # 65536 and 256 in eight bits
    codes = (torch.tensor(colours, dtype=torch.uint8) * place).sum(-1, dtype=torch.uint8)
    return _matched(image, colours, (image * place).sum(-1, dtype=torch.uint8)[:, :, None] == codes)


def any_channel(image: Tensor, colours: Colours) -> Tensor:
    return _matched(image, colours, (image[:, :, None] == torch.tensor(colours)).any(-1))


def by_the_sum(image: Tensor, colours: Colours) -> Tensor:
    return _matched(image, colours, image.int().sum(-1)[:, :, None] == torch.tensor(colours).sum(-1))


def from_one(image: Tensor, colours: Colours) -> Tensor:
    agree = (image[:, :, None] == torch.tensor(colours)).all(-1)
    return torch.where(agree.any(-1), agree.int().argmax(-1) + 1, 255)


def unchanged(image: Tensor, colours: Colours) -> Tensor:
    return image


MUTANTS = {
    "08.hours": [
        (steps_only, "several images"),
        (no_loss, "never as fast"),
        (loss_of_the_first_too, "waits for nobody"),
        (losses_multiplied, "do not multiply"),
        (all_images_on_each, "divided among the GPUs"),
        (seconds, "seconds"),
        (minutes, "minutes"),
    ],
    "08.memory": [
        (no_moments, "numbers of its own"),
        (no_gradient, "has a gradient"),
        (numbers, "four bytes"),
        (bits, "are bits"),
        (one_image, "Each image"),
        (the_sum, "shape (2,)"),
    ],
    "08.palette_mask": [
        (nearest, "not the nearest"),
        (unknown_is_zero, "a class like the others"),
        (red_only, "share their red"),
        (wraps, "wrap at 256"),
        (any_channel, "not any one"),
        (by_the_sum, "the same sum"),
        (from_one, "counted from 0"),
        (unchanged, "without channels"),
    ],
}
