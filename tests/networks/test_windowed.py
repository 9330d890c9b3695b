"""A network that sees large images in windows, against a mean taken pixel by pixel."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.networks.windowed import Windowed, starts
from mmtutorial.segmentation import predict, predict_probabilities


@given(st.integers(1, 3000), st.integers(1, 700))
def test_windows_cover_all_overlap_by_a_third_and_are_as_few_as_can_be(length: int, side: int) -> None:
    found = starts(length, side)
    assert found[0] == 0
    assert found == sorted(set(found)) or side < 3, "none twice; windows of a pixel or two have no third"
    assert max(length - side, 0) == found[-1]
    steps = [after - before for before, after in pairwise(found)]
    assert max(steps, default=0) <= side * 2 / 3 + 1
    assert (len(found) - 2) * side * 2 / 3 < max(length - side, 1)


class Pixelwise(nn.Module):
    """Knows a pixel by its own colour alone."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.convolution(images.float())
        return scores


def test_a_network_that_looks_at_single_pixels_does_not_notice() -> None:
    torch.manual_seed(0)
    network, image = Pixelwise(), torch.rand(3, 50, 77)
    [whole] = predict_probabilities(network, [image])
    [pieces] = predict_probabilities(Windowed(network, 20), [image])
    torch.testing.assert_close(pieces, whole)


@pytest.mark.parametrize("size", [(30, 41), (24, 90), (61, 24)])
def test_each_pixel_gets_the_mean_of_the_windows_that_hold_it(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network, image, side = FCN(TinyEncoder(), classes=5).eval(), torch.rand(3, *size), 24
    seen = {
        (y, x): predict_probabilities(network, [image[:, y : y + side, x : x + side]])[0]
        for y in starts(size[0], side)
        for x in starts(size[1], side)
    }
    expected = torch.empty(5, *size)
    for row in range(size[0]):
        for column in range(size[1]):
            holding = [
                found[:, row - y, column - x]
                for (y, x), found in seen.items()
                if y <= row < y + side and x <= column < x + side
            ]
            expected[:, row, column] = torch.stack(holding).mean(0)
    [found] = predict_probabilities(Windowed(network, side), [image])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    assert not torch.allclose(found, predict_probabilities(network, [image])[0], atol=1e-4), "windows do matter here"


def test_an_image_that_fits_is_seen_whole() -> None:
    torch.manual_seed(0)
    network, image = FCN(TinyEncoder(), classes=5).eval(), torch.rand(3, 40, 33)
    assert torch.equal(Windowed(network, 40)(image[None]), network(image[None]))


def test_several_images_of_several_sizes() -> None:
    torch.manual_seed(0)
    network = Windowed(FCN(TinyEncoder(), classes=5), 24)
    images = [torch.rand(3, 30, 41), torch.rand(3, 20, 20), torch.rand(3, 30, 41)]
    alone = [predict(network, [image])[0] for image in images]
    for together, one in zip(predict(network, images), alone, strict=True):
        assert torch.equal(together, one)
