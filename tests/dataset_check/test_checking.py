"""What a look at a data set finds, on folders broken in known ways."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.dataset_check import DatasetCheck, check_dataset, lines
from mmtutorial.errors import InputError
from tests.own_images import write_camvid, write_folder, write_pair


def words(check: DatasetCheck) -> list[str]:
    return list(lines(check))


def heads(check: DatasetCheck) -> list[str]:
    return [line for line in words(check) if not line.startswith(" ")]


def test_a_good_folder_is_counted(tmp_path: Path) -> None:
    check = check_dataset("folder", write_folder(tmp_path, 20))
    assert heads(check) == [
        "folder train: 16 images, 1 size, most often 64 x 48",
        "folder val: 2 images, 1 size, most often 64 x 48",
        "folder test: 2 images, 1 size, most often 64 x 48",
        "folder unlabeled: 16 images, 1 size, most often 64 x 48",
        "all files can be used, and no image that is scored is among those trained on",
    ]
    train = check.splits["train"]
    # A square of 24 x 20 pixels in an image of 64 x 48.
    assert train.share(1) == pytest.approx(480 / 3072)
    assert train.occurs[:2].tolist() == [16, 16]
    assert train.pixels.sum() == 16 * 64 * 48
    assert "    1 leaf            15.62% of pixels, in 16 images" in words(check)
    assert not check.splits["unlabeled"].labelled
    assert check.fine


def test_every_broken_file_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    (tmp_path / "train.txt").write_text("".join(f"leaf_{i:02d}\n" for i in range(10)))
    (tmp_path / "val.txt").write_text("leaf_10\nleaf_11\n")
    (tmp_path / "test.txt").write_text("leaf_12\n")
    short = tmp_path / "images" / "leaf_04.jpg"
    short.write_bytes(short.read_bytes()[:300])
    Image.fromarray(np.full((48, 64), 9, np.uint8)).save(tmp_path / "masks" / "leaf_06.png")
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / "masks" / "leaf_07.png")
    Image.fromarray(np.full((48, 64), 255, np.uint8)).save(tmp_path / "masks" / "leaf_08.png")
    check = check_dataset("folder", tmp_path)
    broken = check.splits["train"].broken
    assert [any(name in line for line in broken) for name in ("leaf_04", "leaf_06", "leaf_07")] == [True] * 3
    assert len(broken) == 3
    assert check.splits["train"].void == ["leaf_08"]
    assert not check.fine
    text = "\n".join(words(check))
    assert all(line in text for line in broken)
    assert text.endswith("mend what is named above, then check again")


def test_the_same_photo_in_two_splits_is_found_under_another_name_and_format(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    (tmp_path / "train.txt").write_text("".join(f"leaf_{i:02d}\n" for i in range(10)) + "copy\n")
    (tmp_path / "val.txt").write_text("leaf_10\nleaf_11\n")
    (tmp_path / "test.txt").write_text("leaf_13\n")
    with Image.open(tmp_path / "images" / "leaf_13.png") as photo:
        photo.save(tmp_path / "images" / "copy.png", compress_level=1)
    shutil.copy(tmp_path / "masks" / "leaf_13.png", tmp_path / "masks" / "copy.png")
    check = check_dataset("folder", tmp_path)
    leaks = {(leak.trained, leak.scored): leak for leak in check.leaks}
    assert leaks["train", "test"].images == (("copy", "leaf_13"),)
    assert leaks["unlabeled", "test"].unlabelled
    assert set(leaks) == {("train", "test"), ("unlabeled", "test")}
    assert "1 image of test also in train: take them out of one of the two" in words(check)
    assert "    copy = leaf_13" in words(check)
    assert not check.fine


def test_unlabelled_photos_that_are_scored_are_said_but_no_fault(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    for part, stems in (("train", range(10)), ("val", (10, 11)), ("test", (12, 13))):
        (tmp_path / f"{part}.txt").write_text("".join(f"leaf_{i:02d}\n" for i in stems))
    (tmp_path / "unlabeled").mkdir()
    shutil.copy(tmp_path / "images" / "leaf_12.jpg", tmp_path / "unlabeled" / "other.jpg")
    check = check_dataset("folder", tmp_path)
    assert [(leak.trained, leak.scored, leak.unlabelled) for leak in check.leaks] == [("unlabeled", "test", True)]
    assert check.fine


def test_a_split_that_cannot_be_opened_is_named_and_the_others_are_looked_at(tmp_path: Path) -> None:
    write_camvid(tmp_path, 4)
    (tmp_path / "testannot" / "test_02.png").unlink()
    check = check_dataset("camvid", tmp_path)
    assert list(check.closed) == ["test"]
    assert "test_02" in check.closed["test"]
    assert check.splits["train"].images == 4
    assert not check.fine


def test_sizes_are_counted_and_other_classes_are_void(tmp_path: Path) -> None:
    write_camvid(tmp_path, 4)
    write_pair(tmp_path / "test/wide.png", tmp_path / "testannot/wide.png", 0, ids=(3, 11), side=40)
    check = check_dataset("camvid", tmp_path, ["car"])
    assert check.splits["test"].sizes == {(64, 48): 4, (56, 40): 1}
    assert check.splits["test"].classes.names == ("car",)
    assert check.splits["test"].share(0) + check.splits["test"].share(255) == pytest.approx(1)
    # An image that has none of the classes chosen is void all over. That is no fault: training passes it over.
    assert not check.splits["test"].void


def test_the_drawn_data_sets_are_fine() -> None:
    check = check_dataset("scenes", None)
    assert check.fine
    assert {"train", "val", "test", "tagged", "unlabeled"} == set(check.splits)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'folder'"):
        check_dataset("foldr", tmp_path)
    with pytest.raises(InputError, match="images"):
        check_dataset("folder", tmp_path)
    with pytest.raises(InputError, match="did you mean 'leaf'"):
        check_dataset("folder", write_folder(tmp_path, 6), ["lea"])
