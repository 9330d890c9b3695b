from __future__ import annotations

import sys

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mmtutorial.errors import InputError
from mmtutorial.networks import NetworkSpec, TimmEncoder, make_encoder, make_network
from mmtutorial.randomness import global_seed, seeded


def encoder(name: str, input: str = "rgb") -> TimmEncoder:
    with global_seed(0, "weights"):
        made = make_encoder(NetworkSpec(name, "multiscale", input))  # type: ignore[arg-type]
    assert isinstance(made, TimmEncoder)
    return made.eval()


LITE0 = encoder("lite0")


@pytest.mark.parametrize(
    ("name", "strides", "widths"),
    [
        ("lite0", (8, 16, 32), (40, 112, 320)),
        ("timm:resnet18", (8, 16, 32), (128, 256, 512)),
        ("timm:test_convnext", (8, 16, 32), (32, 48, 64)),
        ("timm:test_vit", (16, 16, 16), (64, 64, 64)),
        ("timm:swin_tiny_patch4_window7_224", (8, 16, 32), (192, 384, 768)),
    ],
)
def test_maps_lie_on_one_another_at_any_size(name: str, strides: tuple[int, ...], widths: tuple[int, ...]) -> None:
    made = encoder(name)
    assert (made.strides, made.widths, made.stride, made.width) == (strides, widths, strides[-1], widths[-1])
    with torch.no_grad():
        maps = made.feature_maps(torch.rand(1, 3, 45, 70, generator=seeded(0)))
    coarsest = max(strides)
    sides = [-(-side // coarsest) * coarsest for side in (45, 70)]
    assert [m.shape for m in maps] == [
        (1, w, sides[0] // s, sides[1] // s) for w, s in zip(widths, strides, strict=True)
    ]


@settings(max_examples=5)
@given(st.integers(1, 70), st.integers(1, 70))
def test_maps_are_timm_s_of_normalised_and_padded_photos(height: int, width: int) -> None:
    made = LITE0
    theirs = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    theirs.load_state_dict(made.body.state_dict())
    photo = torch.randint(0, 256, (1, 3, height, width), generator=seeded(height), dtype=torch.uint8)
    padded = torch.zeros(1, 3, -(-height // 32) * 32, -(-width // 32) * 32)
    padded[..., :height, :width] = (photo / 255 - 0.5) / 0.5
    with torch.no_grad():
        for ours, expected in zip(made.feature_maps(photo), theirs(padded)[2:], strict=True):
            # The last places of single precision: ours normalises in two steps, and features go up to 30 or so.
            torch.testing.assert_close(ours, expected, atol=2e-5, rtol=1e-5)


def test_colours_are_normalised_as_timm_says() -> None:
    made = encoder("timm:resnet18")
    mean, std = torch.tensor(made.config["mean"]), torch.tensor(made.config["std"])
    assert mean.unique().numel() == 3
    photo = torch.rand(1, 3, 64, 64, generator=seeded(0))
    with torch.no_grad():
        expected = made.body((photo - mean[:, None, None]) / std[:, None, None])
        for ours, place in zip(made.feature_maps(photo), (2, 3, 4), strict=True):
            torch.testing.assert_close(ours, expected[place], atol=1e-5, rtol=1e-5)


def test_grey_photos() -> None:
    made = encoder("lite0", "grey")
    colour = torch.rand(1, 3, 32, 32, generator=seeded(0))
    grey = colour.mean(dim=1, keepdim=True).expand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(made(colour), made(grey), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("frozen", [True, False])
def test_batch_norm_that_is_frozen_keeps_its_mean_and_spread(frozen: bool) -> None:
    spec = NetworkSpec("lite0", "multiscale")
    network = make_network(encoder("lite0"), spec, 3)
    trunk = network.encoder
    assert isinstance(trunk, TimmEncoder)
    trunk.frozen_norm = frozen
    network.train()
    before = {name: tensor.clone() for name, tensor in trunk.state_dict().items()}
    scores = network(torch.rand(2, 3, 64, 64, generator=seeded(0)))
    scores.square().mean().backward()
    changed = [name for name, tensor in trunk.state_dict().items() if not torch.equal(tensor, before[name])]
    assert bool(changed) is not frozen
    assert all("running" in name or "num_batches" in name for name in changed)
    # Scale and shift are learned all the same.
    assert all(p.grad is not None for name, p in trunk.named_parameters() if "blocks.0" in name)
    assert trunk.training
    assert isinstance(trunk.body, nn.Module)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("timm:resnt50", "timm has no network 'resnt50'; did you mean resnet50"),
        ("timm:zzzzzzzzzzzzz", "timm has no network 'zzzzzzzzzzzzz'; python -c"),
        ("timm:resnet50.dino", "unknown weights of resnet50 in timm 'resnet50.dino'; did you mean 'resnet50.d_in1k'"),
        ("timm:", "unknown encoder 'timm:'"),
        ("lite1", "unknown encoder 'lite1'; did you mean 'lite0'"),
    ],
)
def test_names_that_are_not_there(name: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        make_encoder(NetworkSpec(name))
    assert str(caught.value).startswith(said)


def test_what_these_networks_have_not() -> None:
    with pytest.raises(InputError, match="lite0 cannot be had without batch norm; use the network tiny or alexnet"):
        make_encoder(NetworkSpec("lite0", batch_norm=False))
    with pytest.raises(InputError, match=r"lite0 cannot be had at share 0\.5"):
        make_encoder(NetworkSpec("lite0", input="split"))


@pytest.mark.parametrize("name", ["lite0", "timm:resnet18"])
def test_without_timm(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError) as caught:
        make_encoder(NetworkSpec(name))
    assert str(caught.value) == (
        f"the network {name} needs timm, which is not installed; pip install 'mmtutorial[photos]', "
        "or choose --network tiny"
    )
