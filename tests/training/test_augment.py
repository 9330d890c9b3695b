from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmtutorial.randomness import seeded
from mmtutorial.training.batches import flip_some, jitter_light


def images(count: int, seed: int = 0) -> Tensor:
    return torch.randint(0, 256, (count, 3, 7, 5), generator=seeded(seed), dtype=torch.uint8)


def test_no_strength_changes_nothing_and_draws_nothing() -> None:
    given_images, generator = images(2), seeded(0)
    assert jitter_light(given_images, 0, generator) is given_images
    assert torch.equal(generator.get_state(), seeded(0).get_state())


@given(strength=st.floats(0.01, 1), seed=st.integers(0, 2**31))
def test_light_stays_in_range_and_uint8_is_float(strength: float, seed: int) -> None:
    batch = images(6, seed)
    changed = jitter_light(batch, strength, seeded(seed))
    assert changed.dtype == torch.float32
    assert changed.shape == batch.shape
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    torch.testing.assert_close(changed, jitter_light(batch.float() / 255, strength, seeded(seed)))


def test_each_image_gets_its_own_brightness_and_contrast() -> None:
    """Grey enough not to be cut off: the mean moves by one factor, the spread by another, both within bounds."""
    batch = 0.4 + 0.2 * torch.rand(400, 3, 7, 5, generator=seeded(1))
    changed = jitter_light(batch, 0.25, seeded(2))
    brightness = changed.mean(dim=(1, 2, 3)) / batch.mean(dim=(1, 2, 3))
    contrast = changed.std(dim=(1, 2, 3)) / batch.std(dim=(1, 2, 3))
    for factor in (brightness, contrast):
        assert 0.75 - 1e-4 <= float(factor.min()) < 0.77
        assert 1.23 < float(factor.max()) <= 1.25 + 1e-4
        assert float(factor.mean()) == pytest.approx(1, abs=0.03)
    assert abs(float(torch.corrcoef(torch.stack((brightness, contrast)))[0, 1])) < 0.2
    # What is done to an image is the same for all its pixels and colours.
    middle = batch.mean(dim=(1, 2, 3), keepdim=True)
    expected = (batch - middle) * contrast.reshape(-1, 1, 1, 1) + middle * brightness.reshape(-1, 1, 1, 1)
    torch.testing.assert_close(changed, expected, atol=1e-4, rtol=0)


def test_about_half_of_the_images_are_mirrored_and_the_rest_left_alone() -> None:
    batch = images(400)
    flipped = flip_some(batch, seeded(0))
    assert flipped.dtype == torch.uint8
    same = (flipped == batch).flatten(1).all(dim=1)
    mirrored = (flipped == batch.flip(3)).flatten(1).all(dim=1)
    assert bool((same ^ mirrored).all())
    assert 150 < int(mirrored.sum()) < 250


def test_only_the_generator_given_is_used() -> None:
    before = torch.get_rng_state()
    batch = images(9)
    for change in (lambda g: jitter_light(batch, 0.3, g), lambda g: flip_some(batch, g)):
        generator = seeded(5)
        first, second = change(generator), change(generator)
        assert not torch.equal(first, second)
        assert torch.equal(first, change(seeded(5)))
    assert torch.equal(before, torch.get_rng_state())
