from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.datasets import open_dataset
from tests.cli.calling import Call, assert_refused
from tests.tiny_run import arguments


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "out"


def test_run_writes_results_and_a_page(call: Call, out: Path) -> None:
    said = call("run", "--arms", "random,random+graph", "--seeds", "1, 0,1", "--out", out, *arguments())
    assert said.code == 0, said.err
    *table, page, use, learn = said.out.splitlines()
    assert page == f"report:    {(out / 'report.html').resolve()}"
    best = max(json.loads((out / "results.json").read_text())["arms"], key=lambda arm: arm["miou_mean"])
    words = shlex.split(use.removeprefix("use it:"))
    assert words[0:1] == ["mmtutorial"]
    assert words[1:4] == ["predict", "--checkpoint", str(out / f"seed1/segmentation/{best['name']}/model.safetensors")]
    assert Path(words[3]).is_file()
    assert learn.split() == ["learn", "it:", "make", "lab"]
    assert [line.split()[0] for line in table] == ["random", "random+graph"]
    results = json.loads((out / "results.json").read_text())
    for line, arm in zip(table, results["arms"], strict=True):
        assert arm["seeds"] == [1, 0]
        low, high = arm["miou_ci95"]
        assert f"{arm['miou_mean']:.1f} mIoU  95 % interval {low:.1f} to {high:.1f}" in line
    assert results["command"].startswith("mmtutorial run --arms random,random+graph --seeds '1, 0,1' --out ")
    html = (out / "report.html").read_text()
    assert "</html><!-- mmtutorial sha256=" in html[-200:]
    assert "random+graph" in html
    assert "t-SNE" in html


def test_the_page_again_from_the_results_alone(call: Call, out: Path, tmp_path: Path) -> None:
    shutil.copy(out / "results.json", tmp_path)
    said = call("report", tmp_path)
    assert (said.code, said.out) == (0, f"{(tmp_path / 'report.html').resolve()}\n")
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_folder_that_holds_a_run(call: Call, out: Path) -> None:
    words = ["run", "--arms", "random", "--out", out, *arguments()]
    assert_refused(call(*words), "already holds a run", "--resume")
    assert_refused(call(*words, "--resume", "--set", "tuning.margin=0.5"), "other settings (preset.tuning.margin)")


def test_report_of_no_run(call: Call, tmp_path: Path) -> None:
    assert_refused(
        call("report", tmp_path), str(tmp_path / "results.json"), "a folder in which `mmtutorial run` finished"
    )


def test_predict(call: Call, out: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    pixels = open_dataset("scenes", split="test").arrays(0)[0].transpose(1, 2, 0)
    Image.fromarray(pixels).save(photos / "scene.jpg")
    weights = out / "seed0/segmentation/random/model.safetensors"
    masks = tmp_path / "masks"
    said = call("predict", "--checkpoint", weights, "--images", photos, "--out", masks)
    page = f"which to label next: {(masks / 'predictions.html').resolve()}\n"
    assert (said.code, said.out) == (0, f"1 mask in {masks.resolve()}\n{page}")
    with Image.open(masks / "scene.png") as mask:
        assert mask.mode == "P"
        assert np.array(mask).shape == (96, 96)
    (photos / "cut.png").write_bytes(b"no picture")
    said = call("predict", "--checkpoint", out, "--arm", "random", "--images", photos, "--out", masks)
    assert (said.code, said.out) == (1, f"1 mask in {masks.resolve()}\n{page}")
    network, named, last = said.err.splitlines()
    assert network == "network: random, seed0: as asked"
    assert named.startswith(f"cannot read image {photos / 'cut.png'}")
    assert last == "mmtutorial: 1 photo without a mask, named above"
    Image.new("L", (5, 5)).save(masks / "scene.png")
    words = ["predict", "--checkpoint", weights, "--images", photos, "--out", masks]
    assert_refused(call(*words), "scene.png was not written by this program", "--force")
    assert call(*words, "--force").code == 1
    assert call(*words, "--force", "--format", "labelme").code == 1
    assert (masks / "labelme/scene.json").exists()
    assert_refused(call(*words, "--format", "labelmee"), "unknown format 'labelmee'; did you mean 'labelme'?")
    wrong = out / "seed0/tuning/random+graph/model.safetensors"
    assert_refused(call("predict", "--checkpoint", wrong, "--images", photos, "--out", masks), "holds a tuning stage")
    assert_refused(call("predict", "--checkpoint", out / "x", "--images", photos, "--out", masks), "no weights at")
