"""Cityscapes in a tiny copy of its true layout and names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.datasets import DATASETS, VOID, hold_out, open_dataset, roles
from mmtutorial.datasets.cityscapes import CLASSES, LABEL_IDS
from mmtutorial.errors import InputError

Write = Callable[..., None]

# Label id of each train id, and the label ids that have none, as on the benchmark's own pages.
EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
IGNORED = (0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30)

FRAMES = {
    "train": ("aachen/aachen_000000_000019", "aachen/aachen_000001_000019", "zurich/zurich_000000_000019"),
    "val": ("frankfurt/frankfurt_000000_000294", "munster/munster_000000_000019"),
    "test": ("berlin/berlin_000000_000019",),
}


def photo(root: Path, part: str, frame: str) -> Path:
    return root / "leftImg8bit" / part / f"{frame}_leftImg8bit.png"


def labels(root: Path, part: str, frame: str, kind: str = "labelIds") -> Path:
    return root / "gtFine" / part / f"{frame}_gtFine_{kind}.png"


def refused(*args: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        open_dataset("cityscapes", *args, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def root(tmp_path: Path, write_photo: Write, write_mask: Write) -> Path:
    """The folder that holds ``cityscapes``, with the other files that the archives put beside the masks."""
    folder = tmp_path / "cityscapes"
    for part, frames in FRAMES.items():
        for frame in frames:
            write_photo(photo(folder, part, frame), width=32)
            write_mask(labels(folder, part, frame), (7, 26, 3, 11), width=32, mode="L")
            write_mask(labels(folder, part, frame, "color"), (7, 26), width=32, mode="RGB")
            write_mask(labels(folder, part, frame, "instanceIds"), (7, 26), width=32, mode="L")
            (labels(folder, part, frame, "polygons").with_suffix(".json")).write_text("{}")
    return tmp_path


@pytest.mark.parametrize("inside", ["", "cityscapes"])
def test_splits_are_found_in_the_folder_and_above(root: Path, inside: str) -> None:
    train = open_dataset("cityscapes", root / inside)
    assert [train.image_id(i) for i in range(len(train))] == [
        "aachen_000000_000019_leftImg8bit",
        "aachen_000001_000019_leftImg8bit",
        "zurich_000000_000019_leftImg8bit",
    ]
    image, mask = open_dataset("cityscapes", root / inside, "val")[1]
    assert tuple(image.shape) == (3, 16, 32)
    assert mask[0].tolist() == [0] * 8 + [13] * 8 + [VOID] * 8 + [2] * 8


def test_each_label_id_has_its_train_id(root: Path, write_mask: Write, write_photo: Write) -> None:
    frame = FRAMES["val"][0]
    every = (*EVALUATED, *IGNORED, 255)
    assert sorted(every) == [*range(34), 255]
    folder = root / "cityscapes"
    write_photo(photo(folder, "val", frame), width=len(every))
    write_mask(labels(folder, "val", frame), every, width=len(every), mode="L")
    row = open_dataset("cityscapes", root, "val")[0][1][0].tolist()
    assert row == [*range(19), *[VOID] * (len(IGNORED) + 1)]


def test_the_table_is_the_official_one() -> None:
    assert len(CLASSES) == 19
    assert CLASSES.background_ids == ()
    assert [label for label, train in LABEL_IDS.items() if train != VOID] == list(EVALUATED)
    named = dict(zip(CLASSES.names, CLASSES.palette, strict=True))
    assert CLASSES.names[0] == "road"
    assert CLASSES.names[10:14] == ("sky", "person", "rider", "car")
    assert CLASSES.names[-3:] == ("train", "motorcycle", "bicycle")
    assert named["road"] == (128, 64, 128)
    assert named["car"] == (0, 0, 142)
    assert named["bicycle"] == (119, 11, 32)
    assert len(set(CLASSES.palette)) == 19


def test_train_ids_serve_where_there_are_no_label_ids(root: Path, write_mask: Write) -> None:
    folder = root / "cityscapes"
    for frame in FRAMES["val"]:
        write_mask(labels(folder, "val", frame, "labelTrainIds"), (0, 18, 255, 7), width=32, mode="L")
    # While label ids are there, they count.
    assert np.unique(open_dataset("cityscapes", root, "val")[0][1]).tolist() == [0, 2, 13, VOID]
    for frame in FRAMES["val"]:
        labels(folder, "val", frame).unlink()
    assert np.unique(open_dataset("cityscapes", root, "val")[0][1]).tolist() == [0, 7, 18, VOID]
    write_mask(labels(folder, "val", FRAMES["val"][0], "labelTrainIds"), (0, 26), width=32, mode="L")
    assert "holds ids 26, expected 0..18 or 255" in refused(root, "val")


def test_unlabeled_is_the_training_photos_and_the_extra_ones(root: Path, write_photo: Write) -> None:
    assert len(open_dataset("cityscapes", root, "unlabeled")) == 3
    write_photo(photo(root / "cityscapes", "train_extra", "bayreuth/bayreuth_000000_000019"), width=32)
    dataset = open_dataset("cityscapes", root, "unlabeled")
    assert dataset.image_id(3) == "bayreuth_000000_000019_leftImg8bit"
    assert len(dataset) == 4
    assert all(bool((mask == VOID).all()) for _, mask in dataset)
    assert len(open_dataset("cityscapes", root)) == 3


def test_roles_hold_out_a_part_of_train_and_report_on_val(root: Path) -> None:
    found = roles("cityscapes", root)
    assert (found.train, found.choose, found.report, found.tagged) == ("train", None, "val", "train")
    rest, held = hold_out(open_dataset("cityscapes", root))
    assert (len(rest), len(held)) == (2, 1)
    assert "test" not in DATASETS["cityscapes"].splits


def test_classes_and_size_apply(root: Path) -> None:
    image, mask = open_dataset("cityscapes", root, classes="car,road", size=16)[0]
    assert tuple(image.shape) == (3, 8, 16)
    assert np.unique(mask).tolist() == [0, 1, VOID]


def test_hidden_files_are_passed_over(root: Path) -> None:
    folder = root / "cityscapes"
    (folder / "leftImg8bit/val/munster/._munster_000000_000019_leftImg8bit.png").write_text("left by an archiver")
    (folder / "gtFine/val/._munster").write_text("left by an archiver")
    assert len(open_dataset("cityscapes", root, "val")) == 2


def test_a_root_without_cityscapes_says_where_to_get_it(tmp_path: Path) -> None:
    message = refused(tmp_path)
    assert str(tmp_path) in message
    assert "leftImg8bit" in message
    assert "https://www.cityscapes-dataset.com/register/" in message
    assert "needs a root folder" in refused()


def test_a_missing_archive_is_named(root: Path) -> None:
    folder = root / "cityscapes"
    (folder / "gtFine").rename(folder / "elsewhere")
    message = refused(root)
    assert "gtFine_trainvaltest.zip" in message
    assert "register" in message
    assert len(open_dataset("cityscapes", root, "unlabeled")) == 3
    (folder / "leftImg8bit" / "val").rename(folder / "val")
    message = refused(root, "val")
    assert "leftImg8bit_trainvaltest.zip" in message
    assert str(folder / "leftImg8bit" / "val") in message


def test_missing_pairs_are_named(root: Path) -> None:
    folder = root / "cityscapes"
    labels(folder, "train", FRAMES["train"][0]).unlink()
    labels(folder, "train", FRAMES["train"][2]).unlink()
    assert "aachen_000000_000019_leftImg8bit.png has no mask (nor have 1 more)" in refused(root)
    photo(folder, "val", FRAMES["val"][1]).unlink()
    assert "munster_000000_000019_gtFine_labelIds.png has no image" in refused(root, "val")


@pytest.mark.parametrize("stray", [34, 200, 254])
def test_ids_outside_the_table_are_refused(root: Path, write_mask: Write, stray: int) -> None:
    write_mask(labels(root / "cityscapes", "val", FRAMES["val"][0]), (7, stray), width=32, mode="L")
    message = refused(root, "val")
    assert f"frankfurt_000000_000294_gtFine_labelIds.png holds ids {stray}, expected 0..33 or 255" in message


def test_a_16_bit_mask_is_refused(root: Path) -> None:
    """As instance ids are, which hold the label id times a thousand."""
    path = labels(root / "cityscapes", "val", FRAMES["val"][0])
    Image.fromarray(np.full((16, 32), 26001, dtype=np.uint16)).save(path)
    assert "save the class ids" in refused(root, "val")
