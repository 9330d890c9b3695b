from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.datasets import DATASETS
from tests.cli.calling import Call, assert_refused
from tests.cli.spoiling import NOTHING_OPENS, ONE_FILE_IS_BAD, corrupt_jpeg, void_mask
from tests.miniatures import write_camvid
from tests.own_images import write_folder, write_pair


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
    nowhere = call("data", "check", "folder", "--root", listed, "--out", listed / "val.txt" / "x.html")
    assert (nowhere.code, nowhere.err.count("\n")) == (2, 1)
    assert f"cannot write {listed / 'val.txt' / 'x.html'}" in nowhere.err


def test_data_check_overwrites_nothing_but_its_own_sheet(call: Call, listed: Path, tmp_path: Path) -> None:
    words = ["data", "check", "folder", "--root", listed, "--out"]
    page = tmp_path / "page.html"
    page.write_text("<p>mine</p>")
    table = (listed / "classes.toml").read_bytes()
    assert_refused(call(*words, listed / "classes.toml"), "classes.toml is no .html file", "such as sheet.html")
    assert_refused(call(*words, tmp_path), "is a folder; give the name of a page")
    assert_refused(call(*words, page), "was not written by this program", "or overwrite with --force")
    assert (page.read_text(), (listed / "classes.toml").read_bytes()) == ("<p>mine</p>", table)
    assert_refused(call(*words, listed / "classes.toml", "--force"), "no .html file")
    assert call(*words, page, "--force").code == 0
    assert call(*words, page).code == 0
    page.write_text(page.read_text().replace("leaf", "Leaf"))
    assert_refused(call(*words, page), "or was changed since")


def test_data_masks(call: Call, tmp_path: Path) -> None:
    photos, outlines, out = tmp_path / "photos", tmp_path / "outlines", tmp_path / "data"
    for i in range(2):
        write_pair(photos / f"{i}.jpg", None, i)
    outline = {"label": "leaf", "shape_type": "polygon", "points": [[0, 0], [10, 0], [10, 20], [0, 20]]}
    outlines.mkdir()
    (outlines / "0.json").write_text(json.dumps({"imagePath": "0.jpg", "shapes": [outline]}))
    said = call("data", "masks", outlines, "--photos", photos, "--out", out)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"1 photo with masks, 1 without; classes: background, leaf\n{out}\n" + (
        f"next: mmtutorial data check folder --root {out}\n"
    )
    with Image.open(out / "masks" / "0.png") as mask:
        assert np.count_nonzero(np.array(mask) == 1) == 10 * 20
    words = ["data", "masks", outlines, "--photos", photos, "--out"]
    assert_refused(call(*words, out), "not empty; give a new folder")
    assert_refused(call(*words, tmp_path / "new", "--classes", "stem, root"), "'leaf'", "not among the classes stem")
    assert_refused(call(*words, tmp_path / "new", "--classes", "leaf,leaf"), "'leaf' twice")
    assert_refused(call(*words, tmp_path / "new", "--classes", ""), "no class")
    assert_refused(call(*words, tmp_path / "new", "--format", "coko"), "did you mean 'coco'?")
    assert_refused(call(*words, tmp_path / "new", "--format", "cvat"), "no XML files")
    assert not (tmp_path / "new").exists()


def test_names_of_files_do_not_steer_the_terminal(call: Call, listed: Path, tmp_path: Path) -> None:
    write_pair(listed / "images/z\x1b[2J.png", listed / "masks/z\x1b[2J.png", 1)
    (listed / "images/a\nb.pdf").write_bytes(b"")
    said = call("data", "check", "folder", "--root", listed).out
    assert r"images/z\x1b[2J.png (in no list)" in said
    assert r"images/a\nb.pdf" in said
    assert "\x1b" not in said


def test_a_path_that_no_system_takes_is_one_line(call: Call, listed: Path) -> None:
    out = "x" * 300
    assert_refused(call("data", "masks", listed, "--photos", listed, "--out", out), f"cannot use {out}: File name too")
