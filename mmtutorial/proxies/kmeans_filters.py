"""Filters from data: k-means of whitened patches (Krähenbühl et al., 2015, "Data-dependent initializations").

The steps of ``magic_init.py`` of philkr/magic_init with ``-t kmeans``, for one convolution: its input patches
are whitened and brought to length one, k-means finds as many centroids as there are filters, and each centroid
is turned back into a filter for patches that are *not* whitened.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.errors import InputError

_REGULARISER = 1e-3
"""Added to every variance, as a share of their mean: whitening must not blow up directions that are only noise."""


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
        """(P, R) whitened patches of length one."""
        return F.normalize((patches - self.mean) @ self.matrix)

    def filters(self, directions: Tensor) -> Tensor:
        """(F, D) filters that answer to a patch as directions (F, R) do to a whitened patch, up to a constant.

        ``direction . (matrix^T (patch - mean)) = (matrix direction) . patch - constant``.
        """
        return directions @ self.matrix.T

    def directions(self, filters: Tensor) -> Tensor:
        """(F, R): the way back from :meth:`filters`."""
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
    """What a convolution multiplies with its filters at random places of its output.

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
    """(N, count, kernel) input rows, or columns, that random outputs look at along one axis."""
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
