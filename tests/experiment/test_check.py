from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmtutorial.errors import InputError
from mmtutorial.experiment.check import check_dataset
from tests.own_images import write_camvid, write_folder, write_pair


def shares(lines: list[str]) -> list[float]:
    return [float(found[1]) for line in lines if (found := re.search(r"([\d.]+)% of pixels", line))]


def test_every_split_that_the_program_uses(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    lines = list(check_dataset("folder", tmp_path, None))
    assert [line for line in lines if not line.startswith(" ")] == [
        "folder train: 16 images, 1 sizes, most often 64 x 48",
        "folder val: 2 images, 1 sizes, most often 64 x 48",
        "folder test: 2 images, 1 sizes, most often 64 x 48",
    ]
    # A square of 24 x 20 pixels in an image of 64 x 48.
    assert shares(lines) == [84.38, 15.62, 0.0] * 3
    assert [line.split()[1] for line in lines[1:4]] == ["background", "leaf", "void"]


def test_sizes_are_counted_and_the_rest_is_void(tmp_path: Path) -> None:
    write_camvid(tmp_path, 4)
    write_pair(tmp_path / "test/wide.png", tmp_path / "testannot/wide.png", 0, ids=(3, 11), side=40)
    lines = list(check_dataset("camvid", tmp_path, ["car"]))
    assert lines[0].startswith("camvid train: 4 images")
    assert lines[3] == "camvid test: 5 images, 2 sizes, most often 64 x 48"
    assert sum(shares(lines[1:3])) == pytest.approx(100)
    assert [line.split()[1] for line in lines[1:3]] == ["car", "void"]


def test_scenes_need_no_folder() -> None:
    lines = list(check_dataset("scenes", None, None))
    assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == [
        "scenes train", "scenes val", "scenes test",
    ]  # fmt: skip
    assert all(85 < shares(lines)[10 * i] < 95 for i in range(3))
    assert sum(shares(lines)) == pytest.approx(300, abs=0.2)


def test_bad_names_and_bad_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'folder'"):
        list(check_dataset("foldr", tmp_path, None))
    write_folder(tmp_path, 20)
    broken = tmp_path / "images" / "leaf_04.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    with pytest.raises(InputError, match=re.escape(str(broken))):
        list(check_dataset("folder", tmp_path, None))
