from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import lab2rgb, rgb2lab

from mmtutorial.networks.lab_colours import from_lab, prepare_lab, to_lab
from mmtutorial.randomness import seeded


def photos() -> torch.Tensor:
    return torch.randint(0, 256, (2, 3, 40, 30), generator=seeded(0), dtype=torch.uint8)


def test_lab_agrees_with_scikit_image() -> None:
    lab = to_lab(photos())
    assert lab.shape == (2, 3, 40, 30)
    assert lab.dtype == torch.float32
    assert np.abs(lab.numpy() - rgb2lab(photos().numpy(), channel_axis=1)).max() < 0.01


def test_the_way_back_agrees_with_scikit_image() -> None:
    lab = to_lab(photos())
    lab[:, 1:] *= 0.9
    back = from_lab(lab)
    assert np.abs(back.numpy() - lab2rgb(lab.numpy(), channel_axis=1)).max() < 1e-3
    assert float(back.min()) >= 0
    assert float(back.max()) <= 1


@given(pixel=st.tuples(*[st.integers(0, 255)] * 3))
def test_there_and_back(pixel: tuple[int, int, int]) -> None:
    colour = torch.tensor(pixel, dtype=torch.uint8).reshape(1, 3, 1, 1)
    lab = to_lab(colour)
    assert -0.01 <= float(lab[:, 0]) <= 100.01
    assert float(lab[:, 1:].abs().max()) < 110
    assert (from_lab(lab) * 255).round().flatten().tolist() == list(pixel)


def test_grey_has_no_colour_and_white_is_100() -> None:
    grey = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).expand(-1, 3, -1, -1)
    lab = to_lab(grey)
    assert float(lab[:, 1:].abs().max()) < 0.05
    assert bool((lab[0, 0].flatten().diff() > 0).all())
    assert lab[0, 0].flatten()[[0, -1]].tolist() == pytest.approx([0, 100], abs=1e-3)


def test_colours_that_no_screen_shows_are_cut_off() -> None:
    beyond = from_lab(torch.tensor([50.0, 120.0, -120.0]).reshape(1, 3, 1, 1))
    assert bool(((beyond >= 0) & (beyond <= 1)).all())


def test_uint8_and_float_images_are_the_same() -> None:
    torch.testing.assert_close(to_lab(photos()), to_lab(photos().float() / 255))


def test_half_precision_round_it_changes_nothing() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = to_lab(photos())
        back = from_lab(within)
    assert torch.equal(within, to_lab(photos()))
    assert torch.equal(back, from_lab(within))


def test_inputs_of_a_network_are_centred() -> None:
    lab = to_lab(photos())
    prepared = prepare_lab(photos())
    for channel, (mean, spread) in enumerate(((50, 25), (0, 20), (0, 20))):
        torch.testing.assert_close(prepared[:, channel], (lab[:, channel] - mean) / spread)
