"""Scale of units and layers, so that all learn at one rate (Krähenbühl et al., 2015, sections 3.1 and 3.2).

Within a layer: every unit has mean 0 and standard deviation 1 over the data. Between layers: the size of the
gradient relative to the weights is made equal, which is possible without a change of the network's output,
because ReLU lets a factor through: twice the weights here and half of them there cancel out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mmtutorial.networks import Encoder

_ROUNDS = 10
_CLOSE_ENOUGH = 0.01


@contextmanager
def watching(convolution: nn.Conv2d, look: Callable[[Tensor, Tensor], None]) -> Iterator[None]:
    """Show a function the input and output of a convolution whenever it runs inside the ``with`` block."""
    hook = convolution.register_forward_hook(lambda _, inputs, output: look(inputs[0].detach(), output.detach()))
    try:
        yield
    finally:
        hook.remove()


@torch.no_grad()
def convolutions_in_order(encoder: Encoder, images: Tensor) -> list[nn.Conv2d]:
    """The convolutions of an encoder in the order in which they run on images (N, 3, H, W)."""
    order: list[nn.Conv2d] = []
    found = [module for module in encoder.modules() if isinstance(module, nn.Conv2d)]
    hooks = [c.register_forward_pre_hook(lambda module, _: order.append(module)) for c in found]
    encoder(images)
    for hook in hooks:
        hook.remove()
    return order


@torch.no_grad()
def unit_statistics(encoder: Encoder, convolution: nn.Conv2d, batches: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (F,) of each unit's output, before batch norm and ReLU, over all batches."""
    count, total, squares = 0, torch.zeros(()), torch.zeros(())

    def add(_: Tensor, output: Tensor) -> None:
        nonlocal count, total, squares
        values = output.double().transpose(0, 1).flatten(1).cpu()
        count, total, squares = count + values.shape[1], total + values.sum(1), squares + values.square().sum(1)

    with watching(convolution, add):
        for images in batches:
            encoder(images)
    mean = total / count
    return mean, (squares / count - mean.square()).clamp(min=0).sqrt()


@torch.no_grad()
def normalise_units(encoder: Encoder, convolution: nn.Conv2d, batches: Sequence[Tensor]) -> None:
    """Give each unit of a convolution mean 0 and standard deviation 1 over the data, by weight and bias.

    A convolution without a bias, as before batch norm, keeps its mean; batch norm takes it away. A unit that
    is constant over the data keeps its weights.
    """
    mean, deviation = unit_statistics(encoder, convolution, batches)
    deviation = torch.where(deviation > 1e-6 * (1 + mean.abs()), deviation, torch.ones_like(deviation))
    scale = (1 / deviation).to(convolution.weight)
    convolution.weight.mul_(scale[:, None, None, None])
    if convolution.bias is not None:
        convolution.bias.sub_(mean.to(convolution.bias)).mul_(scale)


def gradient_ratios(encoder: Encoder, convolutions: Sequence[nn.Conv2d], images: Tensor, gradient: Tensor) -> Tensor:
    """(L,) size of each layer's gradient over the size of its weights, root mean squares, in float64.

    Args:
        encoder: with ReLU between its convolutions.
        convolutions: all of them.
        images: (N, 3, H, W).
        gradient: of the last map, of its shape. The original draws it from a normal distribution: no loss is
            known yet.
    """
    gradients = torch.autograd.grad(encoder(images), [c.weight for c in convolutions], gradient)
    sizes = [
        (g.double().square().mean() / c.weight.detach().double().square().mean()).sqrt()
        for g, c in zip(gradients, convolutions, strict=True)
    ]
    return torch.stack(sizes).cpu()


def equalise_layers(
    encoder: Encoder, convolutions: Sequence[nn.Conv2d], images: Tensor, generator: torch.Generator
) -> None:
    """Give all layers one ratio of gradient to weights and leave the network's output as it is.

    With factors a_1 ... a_L on the weights whose product is 1, layer l's weights grow by a_l and its gradient
    by 1 / a_l. So the square root of its ratio over the geometric mean of all ratios makes the ratios equal
    (``calibrateGradientRatio`` with ``-cs`` in magic_init.py). With ReLU alone one round is exact; where a
    layer is not homogeneous (LRN, padding with a bias) the rounds come close.
    """
    output = encoder(images).detach()
    gradient = torch.randn(output.shape, generator=generator).to(output)
    for _ in range(_ROUNDS):
        ratios = gradient_ratios(encoder, convolutions, images, gradient)
        factors = (ratios / ratios.log().mean().exp()).sqrt()
        if not bool(factors.isfinite().all()) or float(factors.log().abs().max()) < _CLOSE_ENOUGH / 2:
            return
        _scale_layers(encoder, convolutions, images, factors.tolist())


@torch.no_grad()
def _scale_layers(
    encoder: Encoder, convolutions: Sequence[nn.Conv2d], images: Tensor, factors: Sequence[float]
) -> None:
    """Scale each layer's weights by its factor, and its bias by as much as its output then grows.

    By how much a layer's input has grown is measured, not taken from the factors before it: local response
    norm or batch norm may stand between.
    """
    before = [_input_size(encoder, c, images) for c in convolutions]
    for convolution, size, factor in zip(convolutions, before, factors, strict=True):
        grown = _input_size(encoder, convolution, images) / size if size > 0 else 1.0
        convolution.weight.mul_(factor)
        if convolution.bias is not None:
            convolution.bias.mul_(factor * grown)


def _input_size(encoder: Encoder, convolution: nn.Conv2d, images: Tensor) -> float:
    """Mean absolute input of a convolution."""
    sizes: list[float] = []
    with watching(convolution, lambda inputs, _: sizes.append(float(inputs.abs().mean()))):
        encoder(images)
    return sizes[0]
