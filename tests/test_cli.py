from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial import cli
from mmtutorial.datasets import DATASETS, open_dataset
from mmtutorial.errors import InputError
from tests.miniatures import write_camvid
from tests.own_images import CLASSES_TOML, write_folder, write_pair
from tests.tiny_run import arguments


@dataclass(frozen=True)
class Said:
    """Exit code and what was written."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line in this process."""

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["mmtutorial", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setenv("TERM", "dumb")
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run


def assert_refused(said: Said, *parts: str) -> None:
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("mmtutorial: ")
    assert said.err.endswith("\n")
    assert said.err.count("\n") == 1
    for part in parts:
        assert part in said.err


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (
            ["--dataset", "scnes"],
            ["unknown data set 'scnes'; did you mean 'scenes'?", "voc, camvid, cityscapes, folder"],
        ),
        (["--arms", "random+grahp"], ["unknown arm 'random+grahp'; did you mean 'random+graph'?"]),
        (["--arms", " , "], ["no arm given"]),
        (["--classes", "fish,mushrom"], ["unknown class 'mushrom'; did you mean 'mushroom'?"]),
        (["--preset", "smok"], ["unknown preset 'smok'; did you mean 'smoke'?"]),
        (["--set", "tuning.marjin=1"], ["did you mean 'tuning.margin'?"]),
        (["--set", "tuning.margin=wide"], ["tuning.margin='wide'", "give float"]),
        (["--set", "tuning.schedule.steps=0"], ["give 1 or more"]),
        (["--set", "tuning.side=0.5"], ["is not 2 numbers"]),
        (["--set", "tuning.margin"], ["has no '='", "--set tuning.margin=0.5"]),
        (["--set", "=3"], ["unknown setting ''"]),
        (["--seeds", "0,one"], ["seeds '0,one' are not whole numbers", "--seeds 0,1,2"]),
        (["--seeds", ""], ["not whole numbers"]),
        (["--seeds", "1.5"], ["not whole numbers"]),
        (["--seeds", "0,-1"], ["negative"]),
        (["--labeled", "1001"], ["asked for 1001 labeled images", "1000"]),
        (["--labeled", "0"], ["asked for 0 labeled images"]),
        (["--labeled", "-4"], ["asked for -4 labeled images"]),
        (["--dataset", "voc"], ["data set 'voc' needs a root folder", "VOCdevkit"]),
        (["--dataset", "folder", "--root", "nowhere"], ["root nowhere", "is not a folder", "images/ and masks/"]),
        (["--accelerator", "gpus"], ["accelerator 'gpus'"]),
        (["--precision", "8"], ["precision '8'"]),
    ],
)
def test_bad_words(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], parts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    preset = [] if "--preset" in words else ["--preset", "smoke", "--set", "labeled=none"]
    assert_refused(call("run", *preset, *words), *parts)
    assert list(tmp_path.iterdir()) == [], "nothing may be in the way of the corrected command"


def without_mask(root: Path) -> str:
    (root / "masks/leaf_02.png").unlink()
    return "leaf_02.jpg has no mask"


def without_image(root: Path) -> str:
    (root / "images/leaf_03.png").unlink()
    return "leaf_03.png has no image"


def other_size(root: Path) -> str:
    write_pair(root / "images/other.jpg", root / "masks/leaf_02.png", 2, side=30)
    (root / "images/other.jpg").unlink()
    return "leaf_02.png is 46x30 pixels"


def strange_ids(root: Path) -> str:
    write_pair(root / "images/leaf_02.jpg", root / "masks/leaf_02.png", 2, ids=(0, 7))
    return "leaf_02.png holds ids 7, expected 0..1 or 255"


def corrupt_jpeg(root: Path) -> str:
    path = root / "images/leaf_02.jpg"
    path.write_bytes(path.read_bytes()[:400])
    return f"cannot read image {path}"


def rgb_mask(root: Path) -> str:
    path = root / "masks/leaf_02.png"
    with Image.open(path) as mask:
        colours = mask.convert("RGB")
    colours.save(path)
    return "leaf_02.png is stored as RGB, expected one id a pixel"


def void_mask(root: Path) -> str:
    write_pair(root / "images/leaf_02.jpg", root / "masks/leaf_02.png", 2, ids=(255, 255))
    return "leaf_02 (folder, train) is void all over"


def empty_split(root: Path) -> str:
    (root / "val.txt").write_text("leaf_00\n")
    (root / "test.txt").write_text("\n")
    return "test.txt is empty"


def broken_classes(root: Path) -> str:
    (root / "classes.toml").write_text(CLASSES_TOML + "names = [")
    return "classes.toml"


NOTHING_OPENS = (without_mask, without_image, empty_split, broken_classes)
ONE_FILE_IS_BAD = (other_size, strange_ids, corrupt_jpeg, rgb_mask, void_mask)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A folder with lists."""
    root = write_folder(tmp_path / "data", 8)
    (root / "train.txt").write_text("\n".join(f"leaf_{i:02d}" for i in range(1, 7)))
    (root / "val.txt").write_text("leaf_00\n")
    (root / "test.txt").write_text("leaf_07\n")
    return root


@pytest.mark.parametrize("spoil", [*NOTHING_OPENS, *ONE_FILE_IS_BAD])
def test_bad_files(call: Call, tmp_path: Path, listed: Path, spoil: Callable[[Path], str]) -> None:
    said, out = spoil(listed), tmp_path / "out"
    assert_refused(call("run", "--dataset", "folder", "--preset", "smoke", "--root", listed, "--out", out), said)
    assert not out.exists()


@pytest.mark.parametrize("spoil", NOTHING_OPENS)
def test_data_check_of_what_cannot_be_opened(call: Call, listed: Path, spoil: Callable[[Path], str]) -> None:
    said = spoil(listed)
    assert_refused(call("data", "check", "folder", "--root", listed), said)


@pytest.mark.parametrize("spoil", ONE_FILE_IS_BAD)
def test_data_check_names_a_bad_file_and_looks_at_the_rest(
    call: Call, listed: Path, spoil: Callable[[Path], str]
) -> None:
    said = spoil(listed)
    spoken = call("data", "check", "folder", "--root", listed)
    assert (spoken.code, spoken.err) == (1, "")
    assert ("void all over:\n    leaf_02\n" if spoil is void_mask else said) in spoken.out
    assert "folder train: 6 images" in spoken.out
    assert "folder test: 1 images" in spoken.out
    assert spoken.out.endswith("mend what is named above, then check again\n")


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["--debug", "run", "--preset", "smok"], ["run", "--preset", "smok", "--debug"]):
        monkeypatch.setattr(sys, "argv", ["mmtutorial", *words])
        with pytest.raises(InputError, match="did you mean 'smoke'"):
            cli.main()


def test_a_real_process_is_refused_in_one_line() -> None:
    command = [sys.executable, "-m", "mmtutorial.cli", "run", "--preset", "smok"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert_refused(Said(ended.returncode, ended.stdout, ended.stderr), "did you mean 'smoke'")


@pytest.mark.parametrize(
    "words", [["run", "--presett", "x"], ["runn"], ["predict"], ["run", "--labeled", "ten"], ["data", "check"]]
)
def test_usage_errors_exit_with_two_as_well(call: Call, words: list[str]) -> None:
    said = call(*words)
    assert said.code == 2
    assert "Traceback" not in said.err
    assert said.err


OPTIONS: dict[tuple[str, ...], list[str]] = {
    (): ["doctor", "data", "run", "reproduce", "predict", "report", "lab", "--debug"],
    ("doctor",): ["--root"],
    ("data",): ["list", "get", "check", "masks"],
    ("data", "list"): [],
    ("data", "get"): ["--root", "--from"],
    ("data", "check"): ["--root", "--classes", "--out"],
    ("data", "masks"): ["--photos", "--out", "--classes"],
    ("run",): [
        *("--dataset", "--root", "--classes", "--labeled", "--preset", "--arms", "--seeds", "--out", "--resume"),
        *("--network", "--validate", "--set", "--accelerator", "--precision"),
    ],
    ("reproduce",): [
        *("--dataset", "--root", "--classes", "--labeled", "--preset", "--networks", "--parts", "--seeds", "--out"),
        *("--workers", "--resume", "--validate", "--set", "--accelerator", "--precision"),
    ],
    ("lab",): [],
    ("predict",): ["--checkpoint", "--images", "--out"],
    ("report",): [],
}


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_help(call: Call, words: tuple[str, ...]) -> None:
    said = call(*words, "--help")
    assert said.code == 0
    assert said.err == ""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said.out)
    for option in OPTIONS[words]:
        assert option in plain, option


def test_help_is_quick_since_it_imports_nothing_heavy() -> None:
    code = "import sys, mmtutorial.cli; print([m for m in ('torch', 'matplotlib', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_data_list(call: Call) -> None:
    said = call("data", "list")
    assert said.code == 0
    assert all(name in said.out for name in DATASETS)
    assert "VOCdevkit/VOC2012" in said.out
    assert "needs no files" in said.out
    assert "Semantic Boundaries Dataset (download: 1.4 GB)" in said.out


def test_data_check(call: Call, tmp_path: Path) -> None:
    said = call("data", "check", "folder", "--root", write_folder(tmp_path, 20))
    assert said.code == 0
    assert "folder train: 16 images" in said.out
    assert "leaf" in said.out
    assert_refused(call("data", "check", "scnes"), "did you mean 'scenes'")
    assert_refused(call("data", "check", "camvid"), "needs a root folder")


def test_data_check_of_some_classes(call: Call, tmp_path: Path) -> None:
    said = call("data", "check", "camvid", "--root", write_camvid(tmp_path, 3), "--classes", "road,car")
    assert said.code == 0
    assert "camvid train: 3 images" in said.out
    assert "building" not in said.out


def test_data_check_finds_an_image_in_two_splits(call: Call, listed: Path) -> None:
    for part, suffix in (("images", "png"), ("masks", "png")):
        shutil.copy(listed / part / f"leaf_07.{suffix}", listed / part / f"leaf_03.{suffix}")
    said = call("data", "check", "folder", "--root", listed)
    assert said.code == 1
    assert "1 image of test also in train: take them out of one of the two\n    leaf_03 = leaf_07\n" in said.out


def test_data_check_writes_a_contact_sheet(call: Call, listed: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "sheet.html"
    said = call("data", "check", "folder", "--root", listed, "--out", page)
    assert said.code == 0
    assert said.out.endswith(f"all files can be used, and no image that is scored is among those trained on\n{page}\n")
    # Six, one and one image with masks, and the six that train once more, without.
    assert page.read_text(encoding="utf-8").count("data:image/jpeg;base64") == 14
    corrupt_jpeg(listed)
    assert call("data", "check", "folder", "--root", listed, "--out", page).code == 1
    assert "leaf_02.jpg" in page.read_text(encoding="utf-8"), "the sheet is wanted most where something is wrong"
    nowhere = call("data", "check", "folder", "--root", listed, "--out", listed / "val.txt" / "x")
    assert (nowhere.code, nowhere.err.count("\n")) == (2, 1)
    assert f"cannot write {listed / 'val.txt' / 'x'}" in nowhere.err


def test_data_masks(call: Call, tmp_path: Path) -> None:
    photos, outlines, out = tmp_path / "photos", tmp_path / "outlines", tmp_path / "data"
    for i in range(2):
        write_pair(photos / f"{i}.jpg", None, i)
    outline = {"label": "leaf", "shape_type": "polygon", "points": [[0, 0], [10, 0], [10, 20], [0, 20]]}
    outlines.mkdir()
    (outlines / "0.json").write_text(json.dumps({"imagePath": "0.jpg", "shapes": [outline]}))
    said = call("data", "masks", outlines, "--photos", photos, "--out", out)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"1 photo with masks, 1 without; classes: background, leaf\n{out}\n"
    with Image.open(out / "masks" / "0.png") as mask:
        assert np.count_nonzero(np.array(mask) == 1) == 10 * 20
    words = ["data", "masks", outlines, "--photos", photos, "--out"]
    assert_refused(call(*words, out), "not empty; give a new folder")
    assert_refused(call(*words, tmp_path / "new", "--classes", "stem, root"), "'leaf'", "not among the classes stem")
    assert not (tmp_path / "new").exists()


def test_doctor(call: Call) -> None:
    said = call("doctor")
    assert said.code == int("[FAIL]" in said.out)
    assert "[OK]" in said.out
    assert "torch" in said.out


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "out"


def test_run_writes_results_and_a_page(call: Call, out: Path) -> None:
    said = call("run", "--arms", "random,random+graph", "--seeds", "1, 0,1", "--out", out, *arguments())
    assert said.code == 0, said.err
    *table, page = said.out.splitlines()
    assert Path(page) == (out / "report.html").resolve()
    assert [line.split()[0] for line in table] == ["random", "random+graph"]
    results = json.loads((out / "results.json").read_text())
    for line, arm in zip(table, results["arms"], strict=True):
        assert arm["seeds"] == [1, 0]
        low, high = arm["miou_ci95"]
        assert f"{arm['miou_mean']:.1f} mIoU  95 % interval {low:.1f} to {high:.1f}" in line
    assert results["command"].startswith("mmtutorial run --arms random,random+graph --seeds '1, 0,1' --out ")
    html = (out / "report.html").read_text()
    assert html.rstrip().endswith("</html>")
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
    assert_refused(call("report", tmp_path), str(tmp_path / "results.json"), "finished run")


def test_predict(call: Call, out: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    pixels = open_dataset("scenes", split="test").arrays(0)[0].transpose(1, 2, 0)
    Image.fromarray(pixels).save(photos / "scene.jpg")
    weights = out / "seed0/segmentation/random/model.safetensors"
    masks = tmp_path / "masks"
    said = call("predict", "--checkpoint", weights, "--images", photos, "--out", masks)
    assert (said.code, said.out) == (0, f"1 masks in {masks.resolve()}\n")
    with Image.open(masks / "scene.png") as mask:
        assert mask.mode == "P"
        assert np.array(mask).shape == (96, 96)
    wrong = out / "seed0/tuning/random+graph/model.safetensors"
    assert_refused(call("predict", "--checkpoint", wrong, "--images", photos, "--out", masks), "holds a tuning stage")
    assert_refused(call("predict", "--checkpoint", out / "x", "--images", photos, "--out", masks), "no weights at")
