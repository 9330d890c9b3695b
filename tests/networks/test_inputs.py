from __future__ import annotations

import pytest
import torch

from mmtutorial.networks.inputs import prepare, to_grey, to_unit_range
from mmtutorial.randomness import seeded


def test_unit_range() -> None:
    assert to_unit_range(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx([0, 0.2, 1])
    floats = torch.tensor([0.0, 0.3, 1.0], dtype=torch.float64)
    assert to_unit_range(floats).dtype == torch.float32
    assert to_unit_range(floats).tolist() == pytest.approx([0, 0.3, 1])


def test_grey_is_the_plain_mean_of_the_colours() -> None:
    colours = torch.tensor([0.1, 0.2, 0.6]).reshape(1, 3, 1, 1)
    assert to_grey(colours).shape == (1, 1, 1, 1)
    assert float(to_grey(colours)) == pytest.approx(0.3)


@pytest.mark.parametrize("channels", [1, 3])
def test_inputs_are_centred_whatever_the_type(channels: int) -> None:
    images = torch.randint(0, 256, (2, 3, 4, 5), generator=seeded(0), dtype=torch.uint8)
    prepared = prepare(images, channels)
    assert prepared.shape == (2, channels, 4, 5)
    torch.testing.assert_close(prepared, prepare(images.float() / 255, channels))
    grey = prepare(torch.full((1, 3, 2, 2), 0.45), channels)
    torch.testing.assert_close(grey, torch.zeros(1, channels, 2, 2), atol=1e-6, rtol=0)
    assert float(prepare(torch.ones(1, 3, 1, 1), channels).max()) == pytest.approx(2.2)
