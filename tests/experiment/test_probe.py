"""The linear probe: features stay as they are, whatever the preset says of the encoder's rate."""

from __future__ import annotations

from pathlib import Path

import torch

from mmtutorial.experiment import ARMS
from mmtutorial.networks import LinearSegmenter
from mmtutorial.reports.run import arm_row
from mmtutorial.results import read_results
from mmtutorial.settings.presets import get_preset
from tests.tiny_run import finish, preset, runner


def test_a_probe_trains_its_head_alone(tmp_path: Path) -> None:
    tiny = runner(tmp_path, arms="random+probe,random")
    written = finish(tiny)
    assert [(arm["name"], arm["head"]) for arm in written["arms"]] == [("random+probe", "linear"), ("random", "fcn")]
    said = [arm_row(arm)["tuning"] for arm in read_results(tmp_path).arms]
    assert said == ["none; a linear head on features as they are", "none"]
    arm = ARMS["random+probe"]
    before = tiny.stages.first_encoder(arm, 0)
    network, _ = tiny.stages.network(arm, 0)
    assert isinstance(network, LinearSegmenter)
    after = network.encoder.state_dict()
    assert any("running_mean" in name for name in after)  # Batch norm stays as it is too.
    for name, value in before.state_dict().items():
        torch.testing.assert_close(after[name], value, atol=0, rtol=0)
    assert not any(weight.requires_grad for weight in network.encoder.parameters())
    plain, _ = tiny.stages.network(ARMS["random"], 0)
    assert any((dict(plain.encoder.named_parameters())[n] != w).any() for n, w in before.named_parameters())


def test_a_probe_shares_the_proxy_task_of_other_arms(tmp_path: Path) -> None:
    tiny = runner(tmp_path, arms="colorization+probe,colorization")
    written = finish(tiny)
    assert [arm["name"] for arm in written["arms"]] == ["colorization+probe", "colorization"]
    assert len(list(tmp_path.glob("seed*/proxy/*/stage.json"))) == 1


def test_a_probe_costs_what_plain_fine_tuning_costs() -> None:
    arm, small = ARMS["random+probe"], preset()
    assert arm.steps(small) == ARMS["random"].steps(small)
    assert not arm.tuned
    assert arm.segmentation_budget(small).encoder_lr == 0


def test_the_control_on_photos_gets_the_pixels_that_the_network_sees() -> None:
    """Photos are enlarged twice before they are segmented, and patches are not: so a crop counts four times."""
    photos = get_preset("class", "voc", "lite0")
    tuned = photos.tuning.schedule.images * photos.tuning.patches * photos.tuning.output_size**2
    plain = photos.segmentation.schedule.images * (2 * photos.segmentation.crop) ** 2
    extra = ARMS["imagenet+more"].steps(photos)["segmentation"] - photos.segmentation.schedule.steps
    assert tuned / plain <= extra / photos.tuning.schedule.steps < tuned / plain + 0.01
