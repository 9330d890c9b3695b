from __future__ import annotations

import pytest
import torch
from torch import nn

from mmtutorial.networks import TinyEncoder
from mmtutorial.randomness import global_seed, seeded


def encoder(*, in_channels: int = 3, batch_norm: bool = True) -> TinyEncoder:
    with global_seed(0, "weights"):
        return TinyEncoder(in_channels=in_channels, batch_norm=batch_norm)


def photos(height: int = 32, width: int = 32) -> torch.Tensor:
    generator = seeded(0)
    return torch.randint(0, 256, (2, 3, height, width), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_size_and_shape(in_channels: int, batch_norm: bool) -> None:
    network = encoder(in_channels=in_channels, batch_norm=batch_norm)
    assert sum(p.numel() for p in network.parameters()) < 500_000
    assert any(isinstance(m, nn.BatchNorm2d) for m in network.modules()) == batch_norm
    features = network(photos(48, 80))
    assert network.stride == 8
    assert features.shape == (2, network.width, 48 // network.stride, 80 // network.stride)
    assert float(features.detach().min()) >= 0
    maps = network.feature_maps(photos(48, 80))
    assert [m.shape[1] for m in maps] == list(network.widths)
    assert [m.shape[2] for m in maps] == [24, 12, 6, 6, 6]


@pytest.mark.parametrize("side", [1, 7, 9, 16, 17])
def test_sizes_that_are_no_multiple_of_the_stride_are_rounded_up(side: int) -> None:
    assert encoder(batch_norm=False)(photos(side, side)).shape[-2:] == (-(-side // 8), -(-side // 8))


def test_batch_norm_replaces_biases() -> None:
    for batch_norm in (True, False):
        convolutions = [m for m in encoder(batch_norm=batch_norm).modules() if isinstance(m, nn.Conv2d)]
        assert len(convolutions) == 5
        assert all((m.bias is None) == batch_norm for m in convolutions)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_uint8_and_float_images_are_the_same(batch_norm: bool) -> None:
    network = encoder(batch_norm=batch_norm).eval()
    torch.testing.assert_close(network(photos()), network(photos().float() / 255))


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_grey_network_sees_no_colour(batch_norm: bool) -> None:
    network = encoder(in_channels=1, batch_norm=batch_norm).eval()
    features = network(photos())
    assert float(features.detach().std()) > 0.01
    for order in ([1, 2, 0], [2, 1, 0]):
        torch.testing.assert_close(network(photos()[:, order]), features, atol=1e-4, rtol=1e-4)
    grey = photos().float().mean(dim=1, keepdim=True).expand(-1, 3, -1, -1) / 255
    torch.testing.assert_close(network(grey), features, atol=1e-4, rtol=1e-4)


def test_a_colour_network_sees_colour() -> None:
    network = encoder().eval()
    assert not torch.allclose(network(photos()[:, [1, 2, 0]]), network(photos()), atol=0.01)


def test_one_output_sees_47_pixels() -> None:
    network = encoder(batch_norm=False)
    for parameter in network.parameters():
        # Positive weights and biases: nothing is cut off by a ReLU and no two paths cancel.
        nn.init.constant_(parameter, 0.01)
    image = torch.full((1, 3, 96, 96), 0.9, requires_grad=True)
    network(image)[0, 0, 6, 6].backward()
    seen = torch.nonzero(image.grad[0, 0])
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [47, 47]


def test_signals_keep_their_scale_through_the_layers() -> None:
    """He initialisation: without batch norm the last layer's features are neither lost nor huge."""
    spread = [float(m.detach().square().mean()) for m in encoder(batch_norm=False).feature_maps(photos(64, 64))]
    assert 0.1 < spread[-1] / spread[0] < 10


def test_weights_are_settled_by_the_global_generator() -> None:
    first, second = encoder().state_dict(), encoder().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
