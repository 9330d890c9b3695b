from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn
from torchvision.models import vgg16, vgg16_bn

from mmtutorial.errors import InputError
from mmtutorial.networks import VGG16
from mmtutorial.randomness import global_seed, seeded
from mmtutorial.tuning import Embedder

# Simonyan and Zisserman, table 1, column D.
CHANNELS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
WEIGHTS = sum(9 * i * o + o for i, o in pairwise(CHANNELS))


def network(*, in_channels: int = 3, batch_norm: bool = True) -> VGG16:
    with global_seed(0, "weights"):
        return VGG16(in_channels=in_channels, batch_norm=batch_norm)


def photos(side: int, count: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=seeded(0))


def size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_as_many_parameters_as_in_the_table() -> None:
    assert WEIGHTS == 14_714_688
    assert size(network(batch_norm=False)) == WEIGHTS
    # Batch norm has a scale and a shift a channel.
    assert size(network()) == WEIGHTS + 2 * sum(CHANNELS[1:])
    assert size(network(in_channels=1)) == size(network()) - 2 * 64 * 9


@pytest.mark.parametrize("batch_norm", [True, False])
def test_maps(batch_norm: bool) -> None:
    encoder = network(batch_norm=batch_norm).eval()
    with torch.no_grad():
        maps = encoder.feature_maps(photos(128))
    sides = [128, 128, 64, 64, 32, 32, 32, 16, 16, 16, 8, 8, 8, 4]
    assert [tuple(m.shape[1:]) for m in maps] == [(w, s, s) for w, s in zip(encoder.widths, sides, strict=True)]
    assert encoder.widths == (*CHANNELS[1:], 512)
    assert (encoder.width, encoder.stride, encoder.batch_norm) == (512, 32, batch_norm)
    assert all(float(m.min()) >= 0 for m in maps)
    torch.testing.assert_close(maps[-1], nn.functional.max_pool2d(maps[-2], 2))


def test_shapes_at_512_pixels() -> None:
    """On the meta device: shapes without numbers."""
    encoder = network().to("meta")
    assert encoder(torch.empty(1, 3, 512, 512, device="meta")).shape == (1, 512, 16, 16)


@pytest.mark.parametrize(("side", "left"), [(1, 1), (33, 2), (70, 3)])
def test_sizes_that_are_no_multiple_of_the_stride_are_rounded_up(side: int, left: int) -> None:
    with torch.no_grad():
        assert network().eval()(photos(side)).shape[-2:] == (left, left)


@pytest.mark.parametrize(("batch_norm", "build"), [(True, vgg16_bn), (False, vgg16)])
def test_torchvisions_weights_fit(batch_norm: bool, build: object) -> None:
    with torch.device("meta"):
        theirs = build(weights=None).features.state_dict()
    ours = network(batch_norm=batch_norm).features.state_dict()
    assert {name: value.shape for name, value in ours.items()} == {name: v.shape for name, v in theirs.items()}


def test_a_patch_has_the_papers_8192_dimensions() -> None:
    with torch.no_grad():
        assert Embedder(network().eval())(photos(128)).shape == (1, 8192)


def test_grey_sees_no_colour() -> None:
    encoder = network(in_channels=1).eval()
    with torch.no_grad():
        features = encoder(photos(32))
        torch.testing.assert_close(encoder(photos(32)[:, [2, 0, 1]]), features, atol=1e-4, rtol=1e-3)
    assert float(features.std()) > 0.01


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_gradient_reaches_the_first_layer(batch_norm: bool) -> None:
    encoder = network(batch_norm=batch_norm)
    encoder(photos(64, 2)).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in encoder.parameters())
    assert bool(encoder.features[0].weight.grad.any())


def test_initial_weights() -> None:
    """He's: signals keep their scale without batch norm; biases zero; norms start as nothing."""
    encoder = network(batch_norm=False)
    with torch.no_grad():
        spread = [float(m.square().mean()) for m in encoder.feature_maps(photos(64))]
    assert 0.05 < spread[-2] / spread[0] < 20
    assert not any(bool(m.bias.any()) for m in encoder.modules() if isinstance(m, nn.Conv2d))
    for norm in (m for m in network().modules() if isinstance(m, nn.BatchNorm2d)):
        assert bool((norm.weight == 1).all() and (norm.bias == 0).all())
        assert bool((norm.running_mean == 0).all() and (norm.running_var == 1).all())
    again = network(batch_norm=False).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in encoder.state_dict().items())


def test_half_precision() -> None:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        features = network()(photos(32, 2))
    assert features.dtype == torch.bfloat16
    assert bool(features.isfinite().all())


def test_there_is_no_narrow_version() -> None:
    with pytest.raises(InputError, match=r"vgg16 comes at full width only, not at share 0\.5; use alexnet or tiny"):
        VGG16(share=0.5)
