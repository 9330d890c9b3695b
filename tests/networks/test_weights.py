from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import (
    AlexNet_Weights,
    VGG16_BN_Weights,
    VGG16_Weights,
    WeightsEnum,
    alexnet,
    vgg16,
    vgg16_bn,
)
from torchvision.transforms.functional import normalize

from mmtutorial.errors import InputError
from mmtutorial.networks import AlexNet, Encoder, NetworkSpec, TinyEncoder, imagenet_encoder, load_imagenet
from mmtutorial.networks.weights import fitted
from mmtutorial.randomness import global_seed, seeded

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
NETWORKS: dict[str, tuple[NetworkSpec, Callable[..., nn.Module], WeightsEnum]] = {
    "alexnet-tv": (NetworkSpec("alexnet-tv", batch_norm=False), alexnet, AlexNet_Weights.IMAGENET1K_V1),
    "vgg16": (NetworkSpec("vgg16", batch_norm=False), vgg16, VGG16_Weights.IMAGENET1K_V1),
    "vgg16_bn": (NetworkSpec("vgg16"), vgg16_bn, VGG16_BN_Weights.IMAGENET1K_V1),
}


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which torch looks for weights, and no way out to the network."""

    def refused(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


def put(network: str, hub: Path) -> tuple[NetworkSpec, nn.Sequential]:
    """A file of random weights where torchvision's would be, and torchvision's layers with those weights.

    Of the fully connected layers, which would make the file five to ten times larger, it has one number.
    """
    spec, build, weights = NETWORKS[network]
    with torch.device("meta"):
        theirs = build(weights=None).features
    generator = seeded(0)
    found: dict[str, Tensor] = {}
    for name, value in theirs.state_dict().items():
        spread = (2 / value[0].numel()) ** 0.5 if value.ndim == 4 else 0.3
        found[name] = torch.randn(value.shape, generator=generator) * spread if value.ndim else torch.tensor(3)
        if name.endswith("running_var"):
            found[name] = found[name].square() + 0.5
    theirs.load_state_dict(found, assign=True)
    saved = {f"features.{name}": value for name, value in found.items()} | {"classifier.6.bias": torch.ones(1)}
    torch.save(saved, hub / Path(weights.url).name)
    return spec, theirs.eval()


def photo(side: int) -> Tensor:
    return torch.rand(1, 3, side, side, generator=seeded(1))


def outputs(features: nn.Sequential, x: Tensor) -> list[Tensor]:
    """What torchvision's layers say after each ReLU and at the end."""
    found = []
    for layer in features:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            found.append(x.clone())
    return [*found, x]


@torch.no_grad()
def test_deep_inside_outputs_are_torchvisions(hub: Path) -> None:
    """In the middle of 448 pixels: the last pool of AlexNet sees 195 of them, so no border."""
    spec, theirs = put("alexnet-tv", hub)
    image = photo(448)
    ours = imagenet_encoder(spec).eval().feature_maps(image)
    expected = outputs(theirs, normalize(image, MEAN, STD))
    for a, b in zip(ours, expected, strict=True):
        middle = slice(a.shape[-1] * 6 // 13, a.shape[-1] * 7 // 13 + 1)
        assert float(b[..., middle, middle].std()) > 0.01
        torch.testing.assert_close(a[..., middle, middle], b[..., middle, middle], atol=1e-4, rtol=1e-4)
    # At the border padding means another grey to ours than to theirs: nearly the same, not quite.
    difference = float((ours[0] - expected[0]).abs().max())
    assert 1e-3 < difference < 0.5 * float(expected[0].max())


@pytest.mark.parametrize("network", ["vgg16", "vgg16_bn"])
@torch.no_grad()
def test_vgg16_is_torchvisions(network: str, hub: Path) -> None:
    """A value of the fourth layer sees 14 pixels; what comes later has torchvision's very weights."""
    spec, theirs = put(network, hub)
    image = photo(64)
    encoder = imagenet_encoder(spec).eval()
    ours, expected = encoder.feature_maps(image), outputs(theirs, normalize(image, MEAN, STD))
    for a, b in list(zip(ours, expected, strict=True))[:4]:
        inside = slice(8, -8)
        torch.testing.assert_close(a[..., inside, inside], b[..., inside, inside], atol=1e-4, rtol=1e-4)
    mine, other = encoder.state_dict(), theirs.state_dict()
    later = [name for name in other if name not in ("0.weight", "0.bias")]
    assert len(later) == len(mine) - 2
    assert all(torch.equal(mine[f"features.{name}"], other[name]) for name in later)


@torch.no_grad()
def test_grey_is_the_network_on_a_picture_of_three_equal_colours(hub: Path) -> None:
    _, theirs = put("alexnet-tv", hub)
    encoder = imagenet_encoder(NetworkSpec("alexnet-tv", input="grey", batch_norm=False)).eval()
    image = photo(128)
    grey = image.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    ours, expected = encoder.feature_maps(image)[0], outputs(theirs, normalize(grey, MEAN, STD))[0]
    torch.testing.assert_close(ours[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1], atol=1e-4, rtol=1e-4)
    assert encoder.features[0].weight.shape == (64, 1, 11, 11)


def test_files_of_the_older_format_are_read(hub: Path) -> None:
    """torchvision's files are years old: no zip archives, and parameters rather than plain tensors."""
    spec, theirs = put("alexnet-tv", hub)
    saved = {f"features.{name}": nn.Parameter(value) for name, value in theirs.state_dict().items()}
    torch.save(saved, hub / ALEXNET_FILE, _use_new_zipfile_serialization=False)
    assert torch.equal(imagenet_encoder(spec).state_dict()["features.3.weight"], theirs[3].weight)


@pytest.mark.parametrize("in_channels", [1, 3])
def test_a_first_layer_by_hand(in_channels: int) -> None:
    weight = torch.tensor([2.0, -1.0, 0.5]).reshape(1, 3, 1, 1)
    found, bias = fitted(weight, torch.tensor([0.25]), in_channels, MEAN, STD)
    colour = [0.6, 0.6, 0.6] if in_channels == 1 else [0.2, 0.9, 0.4]
    expected = 0.25 + sum(w * (v - m) / s for w, v, m, s in zip([2.0, -1.0, 0.5], colour, MEAN, STD, strict=True))
    ours = torch.tensor(colour[:in_channels]).sub(0.45).div(0.25)
    assert float(found.flatten() @ ours + bias) == pytest.approx(expected, abs=1e-5)


def test_loaded_weights_are_the_same_whatever_the_seed_and_can_be_trained(hub: Path) -> None:
    spec, _ = put("alexnet-tv", hub)
    with global_seed(0, "weights"):
        loaded, again = imagenet_encoder(spec), imagenet_encoder(spec)
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), again.parameters(), strict=True))
    loaded(photo(64)).sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in loaded.parameters())


def test_without_network_the_message_says_where_to_put_the_file(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError) as caught:
        imagenet_encoder(NetworkSpec("alexnet-tv", batch_norm=False))
    message = str(caught.value)
    assert "\n" not in message
    assert f"cannot download https://download.pytorch.org/models/{ALEXNET_FILE}" in message
    assert "Connection refused" in message
    assert f"try again, or fetch that file elsewhere and put it at {hub / ALEXNET_FILE}" in message
    assert list(hub.iterdir()) == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "error",
    [
        URLError("no route"),
        TimeoutError("timed out"),
        RuntimeError('invalid hash value (expected "7be5be79", got "0")'),
        PermissionError(13, "Permission denied"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_ends_a_download(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(torch.hub, "download_url_to_file", fails)
    with pytest.raises(InputError, match=r"cannot download .*put it at"):
        imagenet_encoder(NetworkSpec("alexnet-tv", batch_norm=False))


def test_the_checksum_of_a_download_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    prefixes = []

    def fetched(url: str, dst: str, hash_prefix: str | None, progress: bool) -> None:
        prefixes.append(hash_prefix)
        raise URLError("enough seen")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetched)
    for spec, _, _ in NETWORKS.values():
        with pytest.raises(InputError):
            imagenet_encoder(spec)
    assert prefixes == ["7be5be79", "397923af", "6c64b313"]


def _page(file: Path) -> None:
    file.write_text("<html>Too many requests</html>")


def _cut(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _other(file: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(2, 3, 3, 3), "features.0.bias": torch.zeros(2)}, file)


def _no_weights(file: Path) -> None:
    torch.save({"numbers": torch.zeros(2)}, file)


@pytest.mark.parametrize("damage", [_page, _cut, _empty, _other, _no_weights], ids=lambda f: f.__name__)
def test_a_damaged_file(damage: Callable[[Path], None], hub: Path) -> None:
    spec, _ = put("alexnet-tv", hub)
    damage(hub / ALEXNET_FILE)
    with pytest.raises(InputError) as caught:
        imagenet_encoder(spec)
    message = str(caught.value)
    assert "\n" not in message
    assert f"{hub / ALEXNET_FILE} is damaged" in message
    assert f"delete it and try again: it is downloaded anew from {AlexNet_Weights.IMAGENET1K_V1.url}" in message


@pytest.mark.parametrize("encoder", [AlexNet, TinyEncoder])
def test_encoders_without_imagenet_weights(encoder: Callable[[], Encoder]) -> None:
    with pytest.raises(InputError, match=r"no ImageNet weights for .*; use the encoder alexnet-tv or vgg16"):
        load_imagenet(encoder())
