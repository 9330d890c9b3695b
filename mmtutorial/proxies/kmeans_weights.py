"""Weights computed from images: filters by k-means, then one scale for all units and layers.

Krähenbühl et al. (2015), "Data-dependent initializations of convolutional neural networks"; the original is
``magic_init.py`` of philkr/magic_init with ``-t kmeans -cs``. For each convolution its input patches are whitened and
brought to length one, k-means finds as many centroids as there are filters, and each centroid is turned back into a
filter for patches that are *not* whitened. Then (sections 3.1 and 3.2) every unit is given mean 0 and deviation 1 over
the data, and the size of the gradient relative to the weights is made equal between layers, which is possible without
a change of the network's output, because ReLU lets a factor through: twice the weights here and half of them there
cancel out.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import update_bn

from mmtutorial.errors import InputError
from mmtutorial.networks import Encoder

PATCHES = 10_000
"""Patches of each layer, about, over all those images."""
_ROUNDS = 10
_CLOSE_ENOUGH = 0.01
_REGULARISER = 1e-3
"""Added to every variance, as a share of their mean: whitening must not blow up directions that are only noise."""


def initialise(encoder: Encoder, batches: list[Tensor], generator: torch.Generator) -> None:
    """Compute an encoder's weights from batches of images (N, 3, H, W), layer by layer.

    Batch norm, where there is any, works with each batch's own statistics meanwhile, as it will in training;
    at the end its running statistics are those of all batches.

    Args:
        encoder: any encoder; its convolutions may have groups.
        batches: images, on the encoder's device.
        generator: on the CPU.
    """
    was_training = encoder.training
    encoder.train()
    convolutions = convolutions_in_order(encoder, batches[0])
    for convolution in convolutions:
        set_filters(encoder, convolution, batches, generator)
        normalise_units(encoder, convolution, batches)
    equalise_layers(encoder, convolutions, batches[0], generator)
    update_bn(batches, encoder)
    encoder.train(was_training)


@torch.no_grad()
def set_filters(encoder: Encoder, convolution: nn.Conv2d, batches: list[Tensor], generator: torch.Generator) -> None:
    """Filters of one convolution from k-means of its inputs, group by group.

    A group with fewer different patches than filters keeps its random filters, as in the original.
    """
    for group, patches in enumerate(input_patches(encoder, convolution, batches, generator)):
        count = convolution.out_channels // convolution.groups
        filters = kmeans_filters(patches, count, generator)
        if filters is not None:
            rows = slice(group * count, (group + 1) * count)
            convolution.weight[rows] = filters.to(convolution.weight).view_as(convolution.weight[rows])


@torch.no_grad()
def input_patches(
    encoder: Encoder, convolution: nn.Conv2d, batches: list[Tensor], generator: torch.Generator
) -> Tensor:
    """Return (groups, P, D) about 10,000 random input patches of a convolution inside an encoder, on the CPU."""
    count = math.ceil(PATCHES / sum(len(batch) for batch in batches))
    found: list[Tensor] = []
    with watching(
        convolution, lambda inputs, _: found.append(random_patches(inputs, convolution, count, generator).cpu())
    ):
        for images in batches:
            encoder(images)
    return torch.cat(found, dim=1)


@dataclass(frozen=True)
class Whitening:
    """What makes patches have mean 0 and covariance 1 in few directions: ``(patch - mean) @ matrix``.

    Attributes:
        mean: (D,) of the patches.
        matrix: (D, R) principal directions, each over the root of its variance.
        inverse: (R, D) such that ``inverse @ matrix`` is the unit matrix.
    """

    mean: Tensor
    matrix: Tensor
    inverse: Tensor

    def unit(self, patches: Tensor) -> Tensor:
        """Return (P, R) whitened patches of length one."""
        return F.normalize((patches - self.mean) @ self.matrix)

    def filters(self, directions: Tensor) -> Tensor:
        """Return (F, D) filters that answer to a patch as directions (F, R) do to a whitened patch, up to a constant.

        ``direction . (matrix^T (patch - mean)) = (matrix direction) . patch - constant``.
        """
        return directions @ self.matrix.T

    def directions(self, filters: Tensor) -> Tensor:
        """Return (F, R): the way back from :meth:`filters`."""
        return filters @ self.inverse.T


def whitening(patches: Tensor, rank: int) -> Whitening:
    """PCA whitening of patches (P, D), kept to the ``rank`` directions of largest variance, or all D.

    The original too keeps as many directions as there are filters (``initializeWeight``).
    """
    mean = patches.mean(dim=0)
    centred = (patches - mean).double()
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(patches))
    variances, directions = variances[-rank:].clamp(min=0), directions[:, -rank:]
    spread = (variances + _REGULARISER * variances.mean()).clamp(min=1e-12).sqrt()
    return Whitening(mean, (directions / spread).to(patches), (directions * spread).T.to(patches))


def kmeans_filters(patches: Tensor, count: int, generator: torch.Generator) -> Tensor | None:
    """(count, D) filters from input patches (P, D); None where there are fewer different patches than filters."""
    white = whitening(patches, count)
    points = white.unit(patches)
    if len(points.unique(dim=0)) < count:
        return None
    seed = int(torch.randint(2**31 - 1, (), generator=generator))
    # In small batches, as in the original; unlike whole sweeps it gives the same sums on any number of threads.
    model = MiniBatchKMeans(count, batch_size=max(1024, 10 * count), n_init=1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(points.numpy())
    return white.filters(torch.from_numpy(model.cluster_centers_).to(patches))


def random_patches(inputs: Tensor, convolution: nn.Conv2d, count: int, generator: torch.Generator) -> Tensor:
    """Return what a convolution multiplies with its filters at random places of its output.

    Args:
        inputs: (N, C, H, W) inputs of the convolution.
        convolution: says kernel, stride, padding, dilation and groups.
        count: patches an image.
        generator: on the CPU.

    Returns:
        (groups, N * count, C / groups * kernel height * kernel width), on the device of ``inputs``.
    """
    padded = _pad(inputs, convolution)
    rows, columns = (
        _taps(padded.shape[2 + axis], convolution, axis, (len(inputs), count), generator).to(inputs.device)
        for axis in (0, 1)
    )
    image = torch.arange(len(inputs), device=inputs.device)[:, None, None, None]
    # Advanced indices round a slice put their own dimensions first: (N, count, kh, kw, C).
    found = padded[image, :, rows[..., :, None], columns[..., None, :]]
    patches = found.permute(4, 0, 1, 2, 3).flatten(3).flatten(1, 2)
    grouped: Tensor = patches.unflatten(0, (convolution.groups, -1)).transpose(1, 2)
    return grouped.flatten(2)


def _taps(size: int, convolution: nn.Conv2d, axis: int, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return (N, count, kernel) input rows, or columns, that random outputs look at along one axis."""
    kernel, stride, dilation = (
        values[axis] for values in (convolution.kernel_size, convolution.stride, convolution.dilation)
    )
    outputs = (size - dilation * (kernel - 1) - 1) // stride + 1
    first = stride * torch.randint(outputs, shape, generator=generator)
    return first[..., None] + dilation * torch.arange(kernel)


def _pad(inputs: Tensor, convolution: nn.Conv2d) -> Tensor:
    """Inputs padded as the convolution pads them.

    Raises:
        InputError: the padding is given in words.
    """
    if isinstance(convolution.padding, str):
        raise InputError(
            f"k-means initialisation needs padding in pixels, got a convolution with padding='{convolution.padding}'; "
            "build the encoder with numbers"
        )
    vertical, horizontal = convolution.padding
    mode = "constant" if convolution.padding_mode == "zeros" else convolution.padding_mode
    return F.pad(inputs, (horizontal, horizontal, vertical, vertical), mode=mode)


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
    """Return the convolutions of an encoder in the order in which they run on images (N, 3, H, W)."""
    order: list[nn.Conv2d] = []
    found = [module for module in encoder.modules() if isinstance(module, nn.Conv2d)]
    hooks = [c.register_forward_pre_hook(lambda module, _: order.append(module)) for c in found]
    encoder(images)
    for hook in hooks:
        hook.remove()
    return order


@torch.no_grad()
def unit_statistics(encoder: Encoder, convolution: nn.Conv2d, batches: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (F,) of each unit's output, before batch norm and ReLU, over all batches."""
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
    """Return (L,) size of each layer's gradient over the size of its weights, root mean squares, in float64.

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
    """Return mean absolute input of a convolution."""
    sizes: list[float] = []
    with watching(convolution, lambda inputs, _: sizes.append(float(inputs.abs().mean()))):
        encoder(images)
    return sizes[0]
