from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors, write_tensors
from mmtutorial.networks import (
    FCN,
    VGG16,
    AlexNet,
    FCN32s,
    HypercolumnSegmenter,
    NetworkSpec,
    TinyEncoder,
    TorchvisionAlexNet,
    make_encoder,
    make_network,
)
from mmtutorial.networks.context import PaperContext
from mmtutorial.networks.spec import ENCODERS
from mmtutorial.networks.timm_encoder import PREFIX
from mmtutorial.randomness import global_seed, seeded
from mmtutorial.settings import names

SPECS = [
    NetworkSpec("tiny"),
    NetworkSpec("tiny", head="hypercolumn", input="grey", batch_norm=False),
    NetworkSpec("alexnet"),
    NetworkSpec("alexnet", input="grey", batch_norm=False),
    NetworkSpec("alexnet", input="split"),
    NetworkSpec("alexnet-tv", batch_norm=False),
    NetworkSpec("vgg16", input="grey"),
    NetworkSpec("lite0", head="multiscale"),
    NetworkSpec("timm:test_vit", head="multiscale"),
]


def named(spec: NetworkSpec) -> str:
    return "-".join(str(value) for value in asdict(spec).values())


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_a_saved_encoder_is_built_anew_and_loaded(spec: NetworkSpec, tmp_path: Path) -> None:
    images = torch.rand(1, 3, 64, 64, generator=seeded(0))
    with global_seed(0, "weights"):
        encoder = make_encoder(spec).eval()
    write_tensors(tmp_path / "model.safetensors", encoder.state_dict(), {"network": asdict(spec)})
    tensors, about = read_tensors(tmp_path / "model.safetensors")
    with global_seed(1, "other weights"):
        again = make_encoder(NetworkSpec(**about["network"])).eval()
    with torch.no_grad():
        expected = encoder(images)
        assert not torch.allclose(again(images), expected)
        again.load_state_dict(tensors)
        torch.testing.assert_close(again(images), expected)
    assert (again.width, again.batch_norm) == (expected.shape[1], spec.batch_norm and "vit" not in spec.encoder)


@pytest.mark.parametrize("head", ["fcn", "hypercolumn"])
def test_a_saved_network_is_built_anew_and_loaded(head: str) -> None:
    spec = NetworkSpec(head=head)  # type: ignore[arg-type]
    images = torch.rand(1, 3, 40, 40, generator=seeded(0))
    first = make_network(make_encoder(spec), spec, 4).eval()
    again = make_network(make_encoder(spec), spec, 4).eval()
    again.load_state_dict(first.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(again(images), first(images))


@pytest.mark.parametrize(
    ("name", "encoder", "batch_norm"),
    [
        ("tiny", TinyEncoder, True),
        ("alexnet", AlexNet, True),
        ("alexnet-tv", TorchvisionAlexNet, False),
        ("vgg16", VGG16, True),
    ],
)
def test_each_name_has_its_network_and_its_heads(name: str, encoder: type, batch_norm: bool) -> None:
    trunk = make_encoder(NetworkSpec(name, batch_norm=batch_norm))
    assert type(trunk) is encoder
    # Built without memory: the heads of the large networks have up to 180 million weights.
    with torch.device("meta"):
        plain = make_network(trunk, NetworkSpec(name, head="fcn", batch_norm=batch_norm), 4)
        columns = make_network(trunk, NetworkSpec(name, head="hypercolumn", batch_norm=batch_norm), 4)
    assert type(plain) is (FCN if name == "tiny" else FCN32s)
    assert isinstance(columns, HypercolumnSegmenter)
    assert isinstance(columns.head.context, PaperContext) == (name != "tiny")
    assert columns.head.hidden.out_features == (128 if name == "tiny" else 1024)
    assert plain.encoder is columns.encoder is trunk


def test_presets_know_the_same_encoders() -> None:
    assert names.ENCODERS == ENCODERS
    assert names.TIMM == PREFIX


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="unknown encoder 'alexnett'; did you mean 'alexnet'"):
        make_encoder(NetworkSpec("alexnett"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown input 'gray'; did you mean 'grey'"):
        make_encoder(NetworkSpec(input="gray"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown head 'fnc'; did you mean 'fcn'"):
        make_network(make_encoder(NetworkSpec()), NetworkSpec(head="fnc"), 2)  # type: ignore[arg-type]
