"""Views of images: where they lie, what they show, and that colours change alone."""

from __future__ import annotations

import colorsys
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mmtutorial.proxies.views import AREA, change_colours, cut_views, draw_parts, draw_windows, hue_turn, within
from mmtutorial.randomness import seeded

SEEDS = st.integers(0, 10_000)


def ramp(count: int, side: int) -> Tensor:
    """Images (N, 2, side, side) whose pixels say where they are: x and y of their middle, from -1 to 1."""
    middles = (torch.arange(side) + 0.5) / side * 2 - 1
    return torch.stack(torch.meshgrid(middles, middles, indexing="xy")).repeat(count, 1, 1, 1)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 5))
def test_windows_lie_in_their_images_and_have_the_area_and_aspect_asked_for(seed: int, count: int) -> None:
    windows = draw_windows(count, seeded(seed))
    width, height = windows[:, 0, 0].abs(), windows[:, 1, 1]
    assert (windows[:, 0, 1] == 0).all()
    assert (windows[:, 1, 0] == 0).all()
    for size, shift in ((width, windows[:, 0, 2]), (height, windows[:, 1, 2])):
        assert (size > 0).all()
        assert (size + shift.abs() <= 1 + 1e-6).all()
    # A side that would stick out is cut to the image, so the area may be a little less.
    assert (width * height <= AREA[1] + 1e-6).all()
    assert (width * height >= AREA[0] * 0.85).all()
    assert ((width / height).log().abs() <= math.log(4 / 3) + 1e-5).all()


def test_half_of_the_views_are_mirrored_and_windows_are_anywhere() -> None:
    windows = draw_windows(2000, seeded(0))
    assert (windows[:, 0, 0] < 0).float().mean() == pytest.approx(0.5, abs=0.04)
    assert windows[:, :, 2].mean(dim=0).abs().max() < 0.03
    assert windows[:, :, 2].std(dim=0).min() > 0.1
    assert (windows[:, 0, 0] * windows[:, 1, 1]).abs().mean() == pytest.approx(sum(AREA) / 2, abs=0.03)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_a_view_shows_what_the_image_has_in_its_window(seed: int) -> None:
    """The picture is its own map, so what a view shows says where that lies."""
    windows = draw_windows(3, seeded(seed))
    shown = cut_views(ramp(3, 240), windows, 8)
    for view, window in zip(shown, windows, strict=True):
        for row in range(8):
            for column in range(8):
                x, y = (2 * column + 1) / 8 - 1, (2 * row + 1) / 8 - 1
                expected = [window[0, 0] * x + window[0, 2], window[1, 1] * y + window[1, 2]]
                assert view[:, row, column].tolist() == pytest.approx([float(e) for e in expected], abs=0.006)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.floats(0.1, 1.0))
def test_a_window_of_a_part_shows_what_a_window_of_the_cut_part_does(seed: int, side: float) -> None:
    generator = seeded(seed)
    parts, windows = draw_parts(2, side, generator), draw_windows(2, generator)
    assert (parts[:, :, 2].abs() <= 1 - side + 1e-6).all()
    images = ramp(2, 240)
    once = cut_views(images, within(parts, windows), 8)
    twice = cut_views(cut_views(images, parts, 240), windows, 8)
    torch.testing.assert_close(once, twice, atol=0.01, rtol=0)


def test_parts_are_anywhere() -> None:
    parts = draw_parts(1000, 0.5, seeded(0))
    assert (parts[:, 0, 0] == 0.5).all()
    assert parts[:, :, 2].amin() < -0.48
    assert parts[:, :, 2].amax() > 0.48
    assert draw_parts(3, 1.0, seeded(0))[:, :, 2].abs().max() == 0


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 0.99), st.floats(-0.5, 0.5))
def test_a_turn_of_the_hue_leaves_grey_and_turns_as_far_as_it_says(hue: float, turn: float) -> None:
    turned = hue_turn(torch.tensor([2 * math.pi * turn]))[0]
    torch.testing.assert_close(turned @ torch.full((3,), 0.4), torch.full((3,), 0.4), atol=1e-6, rtol=0)
    torch.testing.assert_close(turned @ turned.T, torch.eye(3), atol=1e-5, rtol=0)
    colour = torch.tensor(colorsys.hsv_to_rgb(hue, 1.0, 1.0)) - 0.5
    across = torch.tensor([[1.0, -0.5, -0.5], [0.0, math.sqrt(3) / 2, -math.sqrt(3) / 2]])
    (a, b), (c, d) = (across @ colour).tolist(), (across @ turned @ colour).tolist()
    assert math.remainder(math.atan2(d, c) - math.atan2(b, a) - 2 * math.pi * turn, 2 * math.pi) == pytest.approx(
        0, abs=1e-4
    )


def test_colours_change_view_by_view_and_shapes_do_not() -> None:
    view = torch.rand((1, 3, 8, 8), generator=seeded(0)) * 0.5 + 0.25
    changed = change_colours(view.repeat(300, 1, 1, 1), seeded(1))
    assert changed.shape == (300, 3, 8, 8)
    assert 0 <= changed.min() <= changed.max() <= 1
    grey = (changed.amax(dim=1) - changed.amin(dim=1)).amax(dim=(1, 2)) < 1e-6
    assert grey.float().mean() == pytest.approx(0.2, abs=0.07)
    assert (changed == view).all(dim=1).all(dim=1).all(dim=1).float().mean() == pytest.approx(0.2 * 0.8, abs=0.07)
    # Where one pixel is lighter than another it stays so in nearly every view.
    light = changed.mean(dim=1).flatten(1)
    order = np.corrcoef(np.stack([view.mean(dim=1).flatten(), *light]))[0, 1:]
    assert np.quantile(order, 0.1) > 0.9


def test_the_same_generator_gives_the_same_views() -> None:
    views = torch.rand((4, 3, 6, 6), generator=seeded(0))
    first, again, other = (change_colours(views, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(draw_windows(3, seeded(1)), draw_windows(3, seeded(1)))
