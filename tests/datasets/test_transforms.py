from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import tv_tensors

from mmtutorial.datasets import VOID, apply, resize_long_side, training_transform
from mmtutorial.errors import InputError
from mmtutorial.randomness import seeded

SHADE = 60
"""The image encodes its mask: a pixel of class k has the grey value 30 + 60 k, and padding is black."""


def sample(height: int, width: int, seed: int = 0) -> tuple[tv_tensors.Image, tv_tensors.Mask]:
    """A mask of large flat areas of ids 0..3, and the image that encodes it."""
    generator = seeded(seed)
    coarse = torch.randint(0, 4, (1, 1, 2, 2), generator=generator, dtype=torch.uint8)
    mask = torch.nn.functional.interpolate(coarse, size=(height, width), mode="nearest-exact")[0, 0]
    image = (30 + SHADE * mask).expand(3, -1, -1).clone()
    return tv_tensors.Image(image), tv_tensors.Mask(mask)


def decoded(image: torch.Tensor) -> torch.Tensor:
    """The mask that the image encodes."""
    return ((image[0].float() - 30) / SHADE).round()


sides = st.integers(min_value=8, max_value=70)
seeds = st.integers(min_value=0, max_value=2**31)


@given(height=sides, width=sides, crop=st.integers(16, 64), seed=seeds, low=st.floats(0.5, 1.0))
@settings(max_examples=60, deadline=None)
def test_image_and_mask_stay_aligned(height: int, width: int, crop: int, seed: int, low: float) -> None:
    image, mask = sample(height, width, seed)
    transform = training_transform(crop, scale=(low, low + 0.8))
    moved, labels = apply(transform, image, mask, seeded(seed))
    assert moved.shape == (3, crop, crop)
    assert labels.shape == (crop, crop)
    assert moved.dtype == labels.dtype == torch.uint8
    labelled = labels != VOID
    # Blurred edges between areas may be off; each area edge is at most a few pixels wide.
    agree = (decoded(moved) == labels)[labelled].float().mean()
    edges = 4 * 2 * crop / max(1, int(labelled.sum()))
    assert agree >= min(0.99, 1 - edges)


@given(height=sides, width=sides, crop=st.integers(16, 64), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_without_scaling_every_pixel_agrees_and_void_is_padding_only(
    height: int, width: int, crop: int, seed: int
) -> None:
    image, mask = sample(height, width, seed)
    moved, labels = apply(training_transform(crop, scale=(1, 1)), image, mask, seeded(seed))
    padding = labels == VOID
    assert torch.equal(padding, (moved == 0).all(dim=0))
    assert int((~padding).sum()) == min(height, crop) * min(width, crop)
    assert bool((decoded(moved) == labels)[~padding].all())


@given(height=sides, width=sides, size=st.integers(4, 80), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_resize_keeps_proportions_and_invents_no_id(height: int, width: int, size: int, seed: int) -> None:
    image, mask = sample(height, width, seed)
    small, labels = resize_long_side(size)(image, mask)
    assert max(labels.shape) == size
    assert small.shape[1:] == labels.shape
    assert abs(labels.shape[0] * max(height, width) - height * size) <= max(height, width)
    assert set(labels.unique().tolist()) <= set(mask.unique().tolist())
    assert isinstance(labels, tv_tensors.Mask)
    assert isinstance(small, tv_tensors.Image)


def test_halving_a_mask_does_not_move_it_against_the_image() -> None:
    """Growing by an odd factor puts each pixel's copies symmetrically round its centre."""
    mask = tv_tensors.Mask(torch.arange(3, dtype=torch.uint8).expand(3, 3).clone())
    image = tv_tensors.Image(mask.expand(3, 3, 3).clone())
    _, grown = resize_long_side(15)(image, mask)
    assert grown[0].tolist() == [0] * 5 + [1] * 5 + [2] * 5
    _, shrunk = resize_long_side(3)(tv_tensors.Image(grown.expand(3, 15, 15).clone()), grown)
    assert shrunk[0].tolist() == [0, 1, 2]
    ramp = tv_tensors.Mask(torch.arange(9, dtype=torch.uint8).expand(9, 9).clone())
    _, middle = resize_long_side(3)(tv_tensors.Image(ramp.expand(3, 9, 9).clone()), ramp)
    assert middle[0].tolist() == [1, 4, 7]


def test_apply_is_settled_by_the_generator_and_leaves_the_global_one_alone() -> None:
    image, mask = sample(40, 30)
    transform = training_transform(24, scale=(0.5, 2))
    before = torch.get_rng_state()
    first = [apply(transform, image, mask, g) for g in [seeded(1)] for _ in range(4)]
    torch.rand(3)
    second = [apply(transform, image, mask, g) for g in [seeded(1)] for _ in range(4)]
    torch.set_rng_state(before)
    apply(transform, image, mask, seeded(2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in zip(first, second, strict=True))
    assert not all(torch.equal(first[0][0], other[0]) for other in first[1:])


def test_a_small_image_lands_at_different_places() -> None:
    image, mask = sample(8, 8)
    generator = seeded(0)
    transform = training_transform(32, scale=(1, 1), flip=False)
    places = {tuple((apply(transform, image, mask, generator)[1] != VOID).nonzero()[0].tolist()) for _ in range(20)}
    assert len(places) > 5


def test_flip_can_be_left_out() -> None:
    image, mask = sample(32, 32, seed=3)
    generator = seeded(0)
    plain = training_transform(32, scale=(1, 1), flip=False)
    assert all(torch.equal(apply(plain, image, mask, generator)[1], mask) for _ in range(8))
    flipping = training_transform(32, scale=(1, 1))
    seen = [torch.equal(apply(flipping, image, mask, generator)[1], mask) for _ in range(16)]
    assert any(seen)
    assert not all(seen)


@pytest.mark.parametrize("scale", [(0.0, 1.0), (2.0, 1.0)])
def test_a_wrong_scale_is_refused(scale: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="scale"):
        training_transform(32, scale=scale)


def test_a_wrong_size_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1 pixel"):
        training_transform(0)
    with pytest.raises(InputError, match="at least 1 pixel"):
        resize_long_side(0)
