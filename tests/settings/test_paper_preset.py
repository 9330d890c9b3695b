"""The paper's preset from end to end: its networks, crops and patches, on a handful of photos and in few steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtutorial.experiment import Plan, Request, Runner, parse_arms
from mmtutorial.files import read_tensors
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import get_preset
from tests.miniatures import write_cityscapes, write_voc

# One step of each stage, one image a batch and two batches a step; what else makes the paper's schedules its own stays.
CUT = {
    f"{stage}.schedule.{setting}": value
    for stage in ("proxy", "tuning", "segmentation")
    for setting, value in (("steps", "1"), ("images", "1"), ("parts", "2"))
}


@pytest.mark.parametrize(
    ("dataset", "network", "arm"),
    [
        ("voc", "alexnet", "jigsaw+graph"),
        ("cityscapes", "alexnet", "random+graph"),
        ("voc", "vgg16", "colorization+graph"),
        ("cityscapes", "vgg16", "random"),
    ],
)
def test_every_stage_runs(dataset: str, network: str, arm: str, tmp_path: Path) -> None:
    root = write_voc(tmp_path / "data", train=3, val=2, extra=0) if dataset == "voc" else tmp_path / "data"
    if dataset == "cityscapes":
        write_cityscapes(root, count=2)
    preset = override(get_preset("paper", dataset, network), CUT)
    plan = Plan(Request(dataset, str(root)), preset, tuple(parse_arms(arm)), (0,))
    runner = Runner(plan, tmp_path / "run", Machine("cpu"), command="test", resume=False)
    finished = runner.run()[arm, 0]
    assert int(finished.confusion.sum()) > 0
    assert finished.confusion.shape == (len(runner.data.classes),) * 2
    _, about = read_tensors(tmp_path / "run/seed0/segmentation" / arm / "model.safetensors")
    assert about["network"]["encoder"] == network
    assert about["schedule"]["milestones"] == [24 / 42, 36 / 42, 40 / 42]
    assert about["budget"]["crop"] == 512
