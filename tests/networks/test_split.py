from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmtutorial.errors import InputError
from mmtutorial.networks import FCN, NetworkSpec, TinyEncoder, make_encoder
from mmtutorial.networks.lab_colours import from_lab, prepare_lab, to_lab
from mmtutorial.networks.split import SplitEncoder
from mmtutorial.randomness import global_seed, seeded


def encoder(*, batch_norm: bool = False) -> SplitEncoder:
    with global_seed(0, "weights"):
        made = make_encoder(NetworkSpec(input="split", batch_norm=batch_norm))
    assert isinstance(made, SplitEncoder)
    return made.eval()


def photos(height: int = 32, width: int = 40) -> torch.Tensor:
    generator = seeded(0)
    return torch.randint(0, 256, (2, 3, height, width), generator=generator, dtype=torch.uint8)


def muted() -> torch.Tensor:
    """Float images with L* about 50 and little colour, which may change without leaving what screens show."""
    small = torch.rand(2, 3, 8, 10, generator=seeded(1))
    lab = F.interpolate(small, (32, 40), mode="bilinear") * 30 + torch.tensor([35.0, -15.0, -15.0])[:, None, None]
    return from_lab(lab)


def changed(images: torch.Tensor, shift: tuple[float, float, float]) -> torch.Tensor:
    return from_lab(to_lab(images) + torch.tensor(shift)[:, None, None])


@pytest.mark.parametrize("batch_norm", [True, False])
def test_it_is_an_encoder_like_any_other(batch_norm: bool) -> None:
    network, whole = encoder(batch_norm=batch_norm), TinyEncoder(batch_norm=batch_norm)
    assert (network.in_channels, network.stride, network.batch_norm) == (3, 8, batch_norm)
    assert network.widths == whole.widths
    assert network.width == whole.width
    maps = network.feature_maps(photos(48, 80))
    assert [m.shape[1:] for m in maps] == [m.shape[1:] for m in whole.feature_maps(photos(48, 80))]
    assert torch.equal(network(photos(48, 80)), maps[-1])
    # Half of the channels in and out: about a quarter of the weights, twice.
    halves, full = (sum(p.numel() for p in n.parameters()) for n in (network, whole))
    assert 0.45 < halves / full < 0.55
    assert FCN(network, classes=3)(photos()).shape == (2, 3, 32, 40)


def test_maps_are_those_of_the_halves_side_by_side() -> None:
    network = encoder()
    prepared = prepare_lab(photos())
    lightness = network.lightness.maps_of_prepared(prepared[:, :1])
    colour = network.colour.maps_of_prepared(prepared[:, 1:])
    for found, left, right in zip(network.feature_maps(photos()), lightness, colour, strict=True):
        assert torch.equal(found, torch.cat((left, right), dim=1))


def test_each_half_sees_its_own_channels_alone() -> None:
    network, half = encoder(), 48
    with torch.no_grad():
        features = network(muted())
        brighter, redder = network(changed(muted(), (15.0, 0, 0))), network(changed(muted(), (0, 12.0, -9.0)))
    torch.testing.assert_close(brighter[:, half:], features[:, half:], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(redder[:, :half], features[:, :half], atol=1e-3, rtol=1e-3)
    assert float((brighter[:, :half] - features[:, :half]).abs().max()) > 0.05
    assert float((redder[:, half:] - features[:, half:]).abs().max()) > 0.05


def test_no_gradient_crosses_over() -> None:
    network = encoder()
    network(photos())[:, :48].sum().backward()
    assert all(p.grad is not None for p in network.lightness.parameters())
    assert all(p.grad is None or not bool(p.grad.any()) for p in network.colour.parameters())


def test_uint8_and_float_images_are_the_same() -> None:
    torch.testing.assert_close(encoder()(photos()), encoder()(photos().float() / 255), atol=1e-4, rtol=1e-4)


def test_weights_are_settled_by_the_global_generator() -> None:
    first, second = encoder().state_dict(), encoder().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["lightness.layers.2.0.weight"], first["colour.layers.2.0.weight"])


def test_halves_must_see_lightness_and_colour() -> None:
    with pytest.raises(InputError, match=r"see 2 and 1 channels; give a half for lightness \(1 channel\)"):
        SplitEncoder(TinyEncoder(in_channels=2), TinyEncoder(in_channels=1))


def test_halves_must_fit_together() -> None:
    other = TinyEncoder(in_channels=2)
    other.stride = 16
    with pytest.raises(InputError, match="differ in stride or layers; build both alike"):
        SplitEncoder(TinyEncoder(in_channels=1), other)


@pytest.mark.parametrize("name", ["vgg16", "alexnet-tv"])
def test_networks_without_halves_say_so(name: str) -> None:
    with pytest.raises(InputError, match=r"split|share|half"):
        make_encoder(NetworkSpec(encoder=name, input="split", batch_norm=name == "vgg16"))


def test_unknown_inputs_are_told_of_split() -> None:
    with pytest.raises(InputError, match="did you mean 'split'"):
        make_encoder(NetworkSpec(input="splt"))
