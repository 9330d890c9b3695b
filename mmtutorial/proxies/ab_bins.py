"""Colour as a choice among bins: the ab plane in cells of 10 by 10 (Zhang et al., 2016a, section 2).

A network that predicts one colour hedges: between a red and a green car it paints brown. A distribution over
bins can say "red or green". Three parts make it work: soft targets, so that a near miss costs less than a far
one; weights that lift rare colours, or all would be dull; and a decoder between the mean and the likeliest.

Source: the paper's equations 2 to 5; ``resources/caffe_traininglayers.py`` of richzhang/colorization.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from mmtutorial.networks.lab_colours import to_lab
from mmtutorial.settings.budgets import Schedule

STEP = 10.0
NEIGHBOURS = 5
SIGMA = 5.0
UNIFORM_SHARE = 0.5
TEMPERATURE = 0.38
# Crops from which frequencies are counted before training: enough for every colour that is not very rare.
_CROPS_TO_COUNT = 512
_CANDIDATES = 16


@cache
def ab_centres() -> Tensor:
    """Return (Q, 2) centres a*, b* of the cells that hold at least one colour of the screen; Q is 261.

    A cell counts if any 8-bit colour rounds to its centre. Only the six faces of the colour cube are looked
    at: a line of constant a* and b* through a colour inside leaves the cube through a face.

    The authors' list, which comes as a file, has 313 centres. On the same grid 52 of them or more are the
    nearest centre of no colour at all. Ours has a cell for every colour and no empty one.
    """
    levels = torch.arange(256) / 255
    rows, columns = torch.meshgrid(levels, levels, indexing="ij")
    faces = []
    for channel in range(3):
        for end in (torch.zeros_like(rows), torch.ones_like(rows)):
            face = [rows, columns]
            face.insert(channel, end)
            faces.append(torch.stack(face))
    colours = to_lab(torch.stack(faces))[:, 1:].transpose(0, 1).flatten(1).T
    cells: Tensor = torch.unique((colours / STEP).round(), dim=0)
    return cells * STEP


def nearest_bins(colours: Tensor, centres: Tensor) -> Tensor:
    """Return (P,) bin whose centre lies nearest to each colour (P, 2), of bins (Q, 2)."""
    return _squared_distances(colours, centres).argmin(dim=1)


def soft_encode(colours: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Colours as distributions over their five nearest bins, by a Gaussian of the distance (section 2.1).

    Args:
        colours: (P, 2) a* and b*.
        centres: (Q, 2) of the bins.

    Returns:
        Bins (P, 5), the nearest first, and their shares (P, 5), which sum to 1. All other bins have none.
    """
    squared = _squared_distances(colours, centres)
    # The five nearest are near the nearest: a search among all bins would take twice as long.
    around = _squared_distances(centres, centres).topk(_CANDIDATES, dim=1, largest=False).indices
    candidates = around[squared.argmin(dim=1)]
    squared, places = squared.gather(1, candidates).topk(NEIGHBOURS, dim=1, largest=False)
    return candidates.gather(1, places), (-squared / (2 * SIGMA**2)).softmax(dim=1)


def rebalancing_weights(prior: Tensor, centres: Tensor) -> Tensor:
    """Return how much a pixel of each bin shall count: the rarer, the more (equation 4).

    The prior is smoothed by a Gaussian over the ab plane, mixed half and half with a uniform distribution,
    which keeps weights of very rare colours in bounds, and inverted.

    Args:
        prior: (Q,) share of the training pixels in each bin.
        centres: (Q, 2) of the bins.

    Returns:
        (Q,) weights, whose mean under the smoothed prior is 1.
    """
    spread = (-_squared_distances(centres, centres) / (2 * SIGMA**2)).softmax(dim=1)
    smoothed = prior @ spread
    weights = 1 / ((1 - UNIFORM_SHARE) * smoothed + UNIFORM_SHARE / len(prior))
    return weights / (smoothed @ weights)


def batches_to_count(schedule: Schedule) -> int:
    """How many batches to count frequencies from before training: 512 crops, or as many as training sees if fewer."""
    return min(schedule.steps, -(-_CROPS_TO_COUNT // schedule.images))


def first_scores(shares: Tensor) -> Tensor:
    """Return (Q,) scores of a constant guess with these shares (Q,), for the bias with which a classifier starts.

    Then no step is spent on learning how frequent the bins are. One part in a hundred is spread evenly: a bin
    that was never seen starts low, not out of reach.
    """
    return (0.99 * shares / shares.sum() + 0.01 / len(shares)).log()


def annealed_mean(scores: Tensor, centres: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Colours (..., 2) of scores (..., Q): the mean of a sharpened distribution (equation 5).

    Temperature 1 is the mean, which is dull; temperature 0 would be the likeliest bin, which is patchy.
    """
    return (scores / temperature).softmax(dim=-1) @ centres


def _squared_distances(colours: Tensor, centres: Tensor) -> Tensor:
    """Return (P, Q) squared distances of colours (P, 2) from centres (Q, 2)."""
    return torch.cdist(colours, centres).square()
