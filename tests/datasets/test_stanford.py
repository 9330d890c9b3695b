"""Stanford Background in a tiny copy of its true layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmtutorial.datasets import DATASETS, VOID, hold_out, open_dataset
from mmtutorial.datasets.stanford import CLASSES, read_regions
from mmtutorial.errors import InputError
from tests.miniatures import save, scene, write_stanford


def refused(root: Path, split: str = "train") -> str:
    with pytest.raises(InputError) as caught:
        open_dataset("stanford", root, split)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("inside", ["", "iccv09Data"])
def test_images_and_regions(tmp_path: Path, inside: str) -> None:
    root = write_stanford(tmp_path) / inside
    train, test, unlabeled = (open_dataset("stanford", root, split) for split in ("train", "test", "unlabeled"))
    assert (len(train), len(test), len(unlabeled)) == (8, 2, 8)
    names = [{part.image_id(i) for i in range(len(part))} for part in (train, test, unlabeled)]
    assert names[0] | names[1] == {f"{6000 + i:07d}" for i in range(10)}
    assert names[2] == names[0], "nothing that is scored"
    for part in (train, test):
        for i in range(len(part)):
            expected = scene(int(part.image_id(i)) - 6000, 5, 3, border=255)[1]
            assert np.array_equal(part.arrays(i)[1], expected)
            assert CLASSES.names[5] == "building"
    assert all((unlabeled.arrays(i)[1] == VOID).all() for i in range(8))


def test_the_splits_have_the_sizes_of_the_paper_s_folds(tmp_path: Path) -> None:
    folder = tmp_path / "iccv09Data"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for i in range(715):
        (folder / "images" / f"{i:07d}.jpg").write_bytes(b"")
        (folder / "labels" / f"{i:07d}.regions.txt").write_bytes(b"")
    sizes = [len(DATASETS["stanford"].opener(tmp_path, split)) for split in ("train", "test")]
    assert sizes == [572, 143]


def test_settings_are_chosen_on_held_out_training_images(tmp_path: Path) -> None:
    roles = DATASETS["stanford"].roles
    assert (roles.train, roles.choose, roles.report) == ("train", None, "test")
    rest, held = hold_out(open_dataset("stanford", write_stanford(tmp_path)))
    assert (len(rest), len(held)) == (7, 1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("0 1\n2\n", "number of columns"),
        ("0 sky\n1 1\n", "sky"),
        ("0 1\n1 999\n", "holds the id 999"),
        ("0.5 1\n1 1\n", "0.5"),
    ],
)
def test_a_text_that_is_no_matrix_of_ids(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "x.regions.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=what) as caught:
        read_regions(path)
    assert str(path) in str(caught.value)


def test_every_negative_number_is_void(tmp_path: Path) -> None:
    path = tmp_path / "x.regions.txt"
    path.write_text("-1 -7 0\n7 3 -1\n")
    assert read_regions(path).tolist() == [[VOID, VOID, 0], [7, 3, VOID]]


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    folder = write_stanford(tmp_path) / "iccv09Data"
    path = folder / "labels" / "0006003.regions.txt"
    whole = path.read_text()
    path.write_text(whole.replace("5", "8"))
    assert f"mask {path} holds ids 8, expected 0..7" in refused(tmp_path) + refused_or_fine(tmp_path, "test")
    path.write_text("\n".join(whole.splitlines()[:-1]))
    assert "64x47" in refused(tmp_path) + refused_or_fine(tmp_path, "test")
    path.unlink()
    assert "0006003.jpg has no mask" in refused(tmp_path)
    assert "no Stanford Background under" in refused(folder / "labels")
    save(scene(0, 5, 3)[0], tmp_path / "else" / "images" / "a.jpg")
    assert "no Stanford Background under" in refused(tmp_path / "else")


def refused_or_fine(root: Path, split: str) -> str:
    try:
        open_dataset("stanford", root, split)
    except InputError as error:
        return str(error)
    return ""
