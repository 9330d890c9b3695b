from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.color import rgb2lab
from torch import Tensor

from mmtutorial.proxies.ab_bins import ab_centres, annealed_mean, nearest_bins, rebalancing_weights, soft_encode


def screen_colours(count: int = 20_000) -> Tensor:
    """(count, 2) a* and b* of random 8-bit colours, half of them on the faces of the cube."""
    pixels = np.random.default_rng(0).integers(0, 256, (1, count, 3))
    pixels[0, : count // 2, 0] = np.where(pixels[0, : count // 2, 0] < 128, 0, 255)
    pixels = np.take_along_axis(pixels, np.random.default_rng(1).random(pixels.shape).argsort(-1), -1)
    return torch.from_numpy(rgb2lab(pixels.astype(np.uint8))[0, :, 1:]).float()


def test_centres_are_a_part_of_the_grid() -> None:
    centres = ab_centres()
    assert centres.shape == (261, 2)
    assert torch.equal(centres, (centres / 10).round() * 10)
    assert len(torch.unique(centres, dim=0)) == len(centres)
    assert [0, 0] in centres.tolist()


def test_every_colour_of_a_screen_has_its_own_cell() -> None:
    """scikit-image's colours, those of the cube's corners and random ones: the nearest centre is the rounded colour."""
    colours, centres = screen_colours(), ab_centres()
    expected = (colours / 10).round() * 10
    # On the border between two cells either is nearest.
    clear = ((colours / 10) % 1 - 0.5).abs().amin(dim=1) > 1e-4
    assert torch.equal(centres[nearest_bins(colours, centres)][clear], expected[clear])


def test_every_cell_has_a_colour() -> None:
    levels = np.arange(0, 256, 3, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)
    colours = torch.from_numpy(rgb2lab(cube.reshape(1, -1, 3))[0, :, 1:]).float()
    hit = torch.unique((colours / 10).round() * 10, dim=0)
    # Slivers of gamut in the corner of a cell may fall between every third level, not more.
    missed = {tuple(c) for c in ab_centres().tolist()} - {tuple(c) for c in hit.tolist()}
    assert len(missed) <= 5
    assert {tuple(c) for c in hit.tolist()} <= {tuple(c) for c in ab_centres().tolist()}


def slow_encode(colour: Tensor, centres: Tensor) -> np.ndarray:
    """(Q,) distribution of one colour, by sorting all distances."""
    away = np.linalg.norm(centres.double().numpy() - colour.double().numpy(), axis=1)
    shares = np.zeros(len(centres))
    for place in np.argsort(away)[:5]:
        shares[place] = np.exp(-(away[place] ** 2) / (2 * 5**2))
    return shares / shares.sum()


def test_soft_encoding_agrees_with_a_slow_one() -> None:
    colours, centres = screen_colours()[::50], ab_centres()
    bins, shares = soft_encode(colours, centres)
    assert bins.shape == shares.shape == (len(colours), 5)
    dense = torch.zeros(len(colours), len(centres)).scatter_(1, bins, shares)
    for colour, found in zip(colours, dense, strict=True):
        assert np.abs(found.numpy() - slow_encode(colour, centres)).max() < 1e-4


def test_the_five_nearest_are_found_wherever_the_colour_lies() -> None:
    """Against a search among all bins, which the encoding saves itself."""
    colours, centres = screen_colours(), ab_centres()
    bins, _ = soft_encode(colours, centres)
    found = (colours[:, None] - centres[bins]).norm(dim=2)
    expected = torch.cdist(colours.double(), centres.double()).sort(dim=1).values[:, :5]
    torch.testing.assert_close(found.double(), expected, atol=0.01, rtol=0)


def test_the_nearest_bin_comes_first() -> None:
    colours, centres = screen_colours(2000), ab_centres()
    bins, shares = soft_encode(colours, centres)
    assert bool((shares.diff(dim=1) <= 1e-6).all())
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2000))
    away = (colours - centres[bins[:, 0]]).norm(dim=1)
    torch.testing.assert_close(away, (colours - centres[nearest_bins(colours, centres)]).norm(dim=1))


def test_a_colour_on_a_centre() -> None:
    """Four neighbours at distance 10 have exp(-2) of its share."""
    _, shares = soft_encode(torch.zeros(1, 2), ab_centres())
    nearest = 1 / (1 + 4 * np.exp(-2))
    assert shares[0].tolist() == pytest.approx([nearest, *[nearest * np.exp(-2)] * 4], rel=1e-4)


def test_weights_by_hand() -> None:
    """Three bins in a row, 10 apart, all pixels in the first: smoothed, mixed with thirds, inverted, scaled."""
    centres = torch.tensor([[0.0, 0.0], [0.0, 10.0], [0.0, 20.0]])
    e2, e8 = np.exp(-2), np.exp(-8)
    smoothed = np.array([1, e2, e8]) / (1 + e2 + e8)
    inverted = 1 / (smoothed / 2 + 1 / 6)
    weights = rebalancing_weights(torch.tensor([1.0, 0, 0]), centres)
    assert weights.tolist() == pytest.approx((inverted / (smoothed * inverted).sum()).tolist(), rel=1e-5)
    # Nearly all pixels are of the first bin, so its weight is a little below 1 and the others' far above.
    assert weights[0] < 1 < weights[1] < weights[2]


@given(arrays.arrays(np.float64, 261, elements=st.floats(0, 1)))
def test_the_rarer_the_heavier_but_within_bounds(amounts: np.ndarray) -> None:
    amounts = amounts + 1e-9
    prior, centres = torch.from_numpy(amounts / amounts.sum()), ab_centres().double()
    weights = rebalancing_weights(prior, centres)
    away = torch.cdist(centres, centres)
    spread = torch.exp(-away.square() / 50)
    smoothed = (prior[:, None] * spread / spread.sum(dim=1, keepdim=True)).sum(dim=0)
    assert float(smoothed.sum()) == pytest.approx(1)
    assert float(smoothed @ weights) == pytest.approx(1)
    order = smoothed.argsort()
    assert bool((weights[order].diff() <= 1e-9 * weights.max()).all())
    # The uniform half bounds the ratio of any two weights.
    assert float(weights.max() / weights.min()) <= float(smoothed.max()) * 261 + 1 + 1e-6


def test_equal_colours_have_weight_one() -> None:
    """Far apart, so that smoothing changes nothing."""
    centres = torch.tensor([[0.0, 0.0], [0.0, 100.0], [100.0, 0.0]])
    torch.testing.assert_close(rebalancing_weights(torch.full((3,), 1 / 3), centres), torch.ones(3))


def test_decoding_lies_between_the_mean_and_the_likeliest() -> None:
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    scores = torch.tensor([[0.6, 0.4]]).log()
    assert annealed_mean(scores, centres, temperature=1.0)[0, 0].item() == pytest.approx(4)
    assert annealed_mean(scores, centres, temperature=1e-4)[0].tolist() == pytest.approx([0, 0], abs=1e-4)
    sharpened = 0.4 ** (1 / 0.38) / (0.4 ** (1 / 0.38) + 0.6 ** (1 / 0.38))
    assert annealed_mean(scores, centres)[0].tolist() == pytest.approx([10 * sharpened, 0], rel=1e-4)
    assert annealed_mean(torch.zeros(2, 3, 4, 2), centres).shape == (2, 3, 4, 2)


def test_a_sure_prediction_is_decoded_to_its_centre() -> None:
    centres = ab_centres()
    sure = torch.full((len(centres), len(centres)), -50.0).fill_diagonal_(0.0)
    torch.testing.assert_close(annealed_mean(sure, centres), centres)
