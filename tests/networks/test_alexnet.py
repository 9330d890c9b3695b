from __future__ import annotations

import pytest
import torch
from torch import nn

from mmtutorial.errors import InputError
from mmtutorial.networks import AlexNet, TorchvisionAlexNet
from mmtutorial.randomness import global_seed, seeded
from mmtutorial.tuning import Embedder

# Weights and biases of the five layers, as Krizhevsky's table has them: in groups of two, a filter of the second,
# fourth and fifth layer sees half of the channels.
ORIGINAL = (
    96 * 3 * 11 * 11 + 96,
    256 * 48 * 5 * 5 + 256,
    384 * 256 * 3 * 3 + 384,
    384 * 192 * 3 * 3 + 384,
    256 * 192 * 3 * 3 + 256,
)


def alexnet(*, in_channels: int = 3, batch_norm: bool = True, share: float = 1.0) -> AlexNet:
    with global_seed(0, "weights"):
        return AlexNet(in_channels=in_channels, batch_norm=batch_norm, share=share)


def photos(side: int = 128, count: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=seeded(0))


def size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_every_layer_has_as_many_parameters_as_krizhevskys() -> None:
    network = alexnet(batch_norm=False)
    assert [size(layer) for layer in network.layers] == list(ORIGINAL)
    assert size(network) == sum(ORIGINAL) == 2_334_080


def test_batch_norm_takes_the_place_of_biases_and_learns_nothing() -> None:
    network = alexnet()
    assert size(network) == sum(ORIGINAL) - (96 + 256 + 384 + 384 + 256)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert [norm.num_features for norm in norms] == [96, 256, 384, 384, 256]
    assert not any(norm.affine for norm in norms)


@pytest.mark.parametrize(("side", "sides"), [(128, [32, 16, 8, 8, 8, 4]), (512, [128, 64, 32, 32, 32, 16])])
def test_maps(side: int, sides: list[int]) -> None:
    network = alexnet().eval()
    with torch.no_grad():
        maps = network.feature_maps(photos(side))
    assert [tuple(m.shape[1:]) for m in maps] == [(w, s, s) for w, s in zip(network.widths, sides, strict=True)]
    assert network.widths == (96, 256, 384, 384, 256, 256)
    assert side // maps[-1].shape[-1] == network.stride
    assert all(float(m.min()) >= 0 for m in maps)


def test_a_patch_has_the_papers_4096_dimensions() -> None:
    with torch.no_grad():
        assert Embedder(alexnet().eval())(photos(128, 2)).shape == (2, 4096)


def test_grey() -> None:
    network = alexnet(in_channels=1).eval()
    assert size(network.layers[0]) == 96 * 11 * 11
    with torch.no_grad():
        features = network(photos(64))
        torch.testing.assert_close(network(photos(64)[:, [2, 0, 1]]), features, atol=1e-4, rtol=1e-4)
    assert features.shape == (1, 256, 2, 2)


def test_response_normalisation_has_caffes_constants() -> None:
    found = [m for m in alexnet().modules() if isinstance(m, nn.LocalResponseNorm)]
    assert [(m.size, m.alpha, m.beta, m.k) for m in found] == [(5, 1e-4, 0.75, 1.0)] * 2


def test_response_normalisation_divides_by_the_neighbouring_channels() -> None:
    norm = next(m for m in alexnet().modules() if isinstance(m, nn.LocalResponseNorm))
    x = 100 * torch.rand(1, 7, 2, 2, generator=seeded(0))
    expected = torch.empty_like(x)
    for channel in range(7):
        window = x[:, max(0, channel - 2) : channel + 3]
        expected[:, channel] = x[:, channel] / (1 + 1e-4 / 5 * window.square().sum(dim=1)) ** 0.75
    torch.testing.assert_close(norm(x), expected)
    small = torch.rand(1, 96, 4, 4, generator=seeded(0))
    torch.testing.assert_close(norm(small), small, atol=0, rtol=1e-4)


def test_the_order_is_convolution_norm_relu_response_norm_pool() -> None:
    """Layer by layer by hand, in evaluation with running statistics that are not the identity."""
    network = alexnet().eval()
    for norm in (m for m in network.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.uniform_(norm.running_mean, -0.5, 0.5, generator=seeded(1))
        nn.init.uniform_(norm.running_var, 0.5, 2, generator=seeded(2))
    x = torch.randn(1, 3, 64, 64, generator=seeded(0))
    with torch.no_grad():
        maps = network.maps_of_prepared(x)
        for i, layer in enumerate(network.layers):
            convolution, norm = layer[0], layer[1]
            x = nn.functional.conv2d(
                x,
                convolution.weight,
                stride=4 if i == 0 else 1,
                padding=(5, 2, 1, 1, 1)[i],
                groups=(1, 2, 1, 2, 2)[i],
            )
            mean, variance = norm.running_mean[:, None, None], norm.running_var[:, None, None]
            x = ((x - mean) / (variance + 1e-5).sqrt()).clamp(min=0)
            torch.testing.assert_close(maps[i], x, atol=1e-4, rtol=1e-4)
            if i < 2:
                x = nn.functional.local_response_norm(x, 5)
            if i in (0, 1, 4):
                x = nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
    torch.testing.assert_close(maps[5], x, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_every_weight_learns(batch_norm: bool) -> None:
    network = alexnet(batch_norm=batch_norm)
    network(photos(64, 2)).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())] == []


def test_signals_keep_their_scale_without_batch_norm() -> None:
    with torch.no_grad():
        spread = [float(m.square().mean()) for m in alexnet(batch_norm=False).feature_maps(photos(128))]
    # Pools pick the largest of nine, so the scale grows a little with each.
    assert 0.1 < spread[4] / spread[0] < 10


def test_half_an_alexnet_is_one_of_its_groups() -> None:
    half, whole = alexnet(share=0.5, in_channels=1), alexnet()
    assert half.widths == (48, 128, 192, 192, 128, 128)
    assert half.share == 0.5
    assert half.layers[1][0].weight.shape == whole.layers[1][0].weight[:128].shape
    assert half.layers[4][0].weight.shape == whole.layers[4][0].weight[:128].shape
    assert half.eval()(photos(64)).shape == (1, 128, 2, 2)


@pytest.mark.parametrize(("build", "least"), [(AlexNet, 29), (TorchvisionAlexNet, 63)])
def test_images_too_small_for_the_pools(build: type[AlexNet] | type[TorchvisionAlexNet], least: int) -> None:
    network = build(batch_norm=False).eval()
    assert network(photos(least)).shape == (1, 256, 1, 1)
    with pytest.raises(InputError, match=f"at least {least} x {least} pixels, got 80 x {least - 1}; enlarge"):
        network(torch.zeros(1, 3, least - 1, 80))


def test_half_precision() -> None:
    network = alexnet()
    with torch.autocast("cpu", torch.bfloat16):
        features = network(photos(64, 2))
    assert features.dtype == torch.bfloat16
    assert bool(features.isfinite().all())
    exact = network(photos(64, 2))
    assert float((features - exact).detach().abs().mean()) < 0.05 * float(exact.detach().abs().mean())


def test_torchvisions_alexnet_is_another_network() -> None:
    network = TorchvisionAlexNet()
    sizes = [64 * 3 * 121 + 64, 192 * 64 * 25 + 192, 384 * 192 * 9 + 384, 256 * 384 * 9 + 256, 256 * 256 * 9 + 256]
    assert size(network) == sum(sizes)
    with torch.no_grad():
        maps = network.feature_maps(photos(128))
        assert Embedder(network)(photos(128)).shape == (1, 2304)
    assert [m.shape[1] for m in maps] == list(network.widths)
    assert [m.shape[2] for m in maps] == [31, 15, 7, 7, 7, 3]
    assert not network.batch_norm
    assert TorchvisionAlexNet(in_channels=1).features[0].weight.shape == (64, 1, 11, 11)
    with pytest.raises(InputError, match="no batch norm; set batch_norm to false"):
        TorchvisionAlexNet(batch_norm=True)
    with pytest.raises(InputError, match=r"full width only, not at share 0\.5"):
        TorchvisionAlexNet(share=0.5)
