"""Names of photos, masks and lists as people, programs and systems write them."""

from __future__ import annotations

import codecs
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from mmtutorial.datasets import open_dataset
from mmtutorial.datasets.folder import unused
from mmtutorial.errors import InputError
from tests.own_images import write_folder, write_pair

STEMS = [f"leaf_{i:02d}" for i in range(6)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "data", 6)


def pairs(root: Path) -> dict[str, bytes]:
    """Each image's name, in all splits, with what its mask holds."""
    found = {}
    for split in ("train", "val", "test"):
        images = open_dataset("folder", root, split)
        found |= {images.image_id(i): images.arrays(i)[1].tobytes() for i in range(len(images))}
    return found


def refused(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        open_dataset("folder", root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


RENAMED: dict[str, Callable[[Path, Path], str]] = {
    "whole name": lambda photo, mask: f"{photo.name}.png",
    "_mask": lambda photo, mask: f"{mask.stem}_mask.png",
    "_label": lambda photo, mask: f"{mask.stem}_label.png",
    "-Masks": lambda photo, mask: f"{mask.stem}-Masks.PNG",
    ".seg": lambda photo, mask: f"{mask.stem}.seg.png",
    " ground truth": lambda photo, mask: f"{mask.stem} ground truth.png",
    "_gt after the whole name": lambda photo, mask: f"{photo.name}_gt.png",
    "capitals": lambda photo, mask: f"{mask.stem.upper()}.png",
}


@pytest.mark.parametrize("how", RENAMED)
def test_masks_named_after_their_photos_are_paired(root: Path, how: str) -> None:
    before = pairs(root)
    for photo in (root / "images").iterdir():
        mask = root / "masks" / f"{photo.stem}.png"
        mask.rename(mask.with_name(RENAMED[how](photo, mask)))
    assert pairs(root) == before


def test_a_photo_may_itself_be_called_mask(root: Path) -> None:
    """The mask of the same name is taken, not one that only resembles it."""
    before = pairs(root)
    write_pair(root / "images/leaf_02_mask.jpg", root / "masks/leaf_02_mask.png", 9, ids=(1, 0))
    after = pairs(root)
    assert {stem: after[stem] for stem in STEMS} == before
    assert after["leaf_02_mask"] not in before.values()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["leaf_02.png", "leaf_02_mask.png"], "mask {masks}/leaf_02_mask.png has no image"),
        (["leaf_02_gt.png", "leaf_02_mask.png"], "may both be the mask of {images}/leaf_02.jpg; keep one there"),
        (["mask_of_leaf_02.png"], "leaf_02.jpg has no mask; add the mask or take the image out, or give its name to"),
        (["leaf_02.jpg"], "mask {masks}/leaf_02.jpg is a JPEG, which changes ids into others"),
        (["leaf_02.png", "leaf_02.tif"], "share a stem"),
        ([], "leaf_02.jpg has no mask; add the mask or take the image out"),
    ],
)
def test_names_that_leave_a_doubt_are_refused(root: Path, names: list[str], message: str) -> None:
    mask = (root / "masks/leaf_02.png").read_bytes()
    (root / "masks/leaf_02.png").unlink()
    for name in names:
        if name.endswith("jpg"):
            shutil.copy(root / "images/leaf_02.jpg", root / "masks/leaf_02.jpg")
        else:
            (root / "masks" / name).write_bytes(mask)
    (root / "train.txt").write_text("\n".join(STEMS[:4]))
    assert message.format(masks=root / "masks", images=root / "images") in refused(root)


def test_a_preview_beside_the_mask_is_passed_over(root: Path) -> None:
    before = pairs(root)
    shutil.copy(root / "images/leaf_02.jpg", root / "masks/leaf_02.jpg")
    shutil.copy(root / "images/leaf_02.jpg", root / "masks/overview.jpg")
    assert pairs(root) == before


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_may_be_written_either_way(root: Path, form: str) -> None:
    for part in ("images", "masks"):
        for path in list((root / part).iterdir()):
            other = unicodedata.normalize("NFD" if form == "NFC" else "NFC", "Bl\u00e4tter")
            name = (unicodedata.normalize(form, "Bl\u00e4tter") if part == "images" else other) + path.name[4:]
            path.rename(path.with_name(name))
    names = [f"Bl\u00e4tter_{i:02d}" for i in range(6)]
    for split, part in (("train", names[:4]), ("val", names[4:5]), ("test", names[5:])):
        (root / f"{split}.txt").write_text(unicodedata.normalize(form, "\n".join(part)))
    assert len(pairs(root)) == 6
    (root / "test.txt").write_text(unicodedata.normalize("NFD", names[0]))
    assert "is in both" in refused(root)


@pytest.mark.parametrize("suffix", ["JPG", "Jpeg", "PNG", "webp", "TIFF", "tif", "BMP"])
def test_photos_of_any_format_and_capitals(root: Path, suffix: str) -> None:
    write_pair(root / f"images/more.{suffix}", root / "masks/more.png", 7)
    assert "more" in pairs(root)
    assert not unused(root)


def test_what_systems_leave_is_not_in_the_way(root: Path) -> None:
    before = pairs(root)
    for part in ("images", "masks"):
        for name in ("._leaf_02.jpg", "._leaf_02.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
            (root / part / name).write_bytes(b"\0\5\x16\7")
        (root / part / ".ipynb_checkpoints").mkdir()
        (root / part / "__MACOSX").mkdir()
    assert pairs(root) == before
    assert unused(root) == []


def test_what_is_used_nowhere_is_listed(root: Path) -> None:
    (root / "images/raw").mkdir()
    (root / "images/IMG_1.HEIC").write_bytes(b"")
    (root / "masks/notes.txt").write_bytes(b"")
    (root / "images/lost.png").symlink_to(root / "nowhere.png")
    os.mkfifo(root / "images/pipe.png")  # Whoever opens it waits for ever.
    for name in ("lost.png", "pipe.png"):
        assert f"images/{name}" in unused(root)
        (root / "images" / name).unlink()
    assert unused(root) == ["images/IMG_1.HEIC", "images/raw/ (sub-folders are not looked into)", "masks/notes.txt"]
    for split, stem in (("train", "leaf_00"), ("val", "leaf_01.png"), ("test", "leaf_02")):
        (root / f"{split}.txt").write_text(stem)
    assert unused(root)[3:] == [f"images/leaf_0{i}.{'png' if i % 2 else 'jpg'} (in no list)" for i in (3, 4, 5)]


def test_photos_in_sub_folders_alone(root: Path) -> None:
    for part in ("images", "masks"):
        (root / part).rename(root / "old")
        (root / part).mkdir()
        (root / "old").rename(root / part / "train")
    assert "images has no jpg, png, webp, tif or bmp files; there is train; put your images there" in refused(root)


@pytest.mark.parametrize(
    "line", ["{stem}", "{stem}.{suffix}", "images/{stem}.{suffix}", "data\\images\\{stem}.{suffix}"]
)
def test_lists_may_name_files(root: Path, line: str) -> None:
    lines = [line.format(stem=stem, suffix="png" if i % 2 else "jpg") for i, stem in enumerate(STEMS)]
    (root / "train.txt").write_text("\r\n".join(lines[3::-1]) + "\r\n\r\n")
    (root / "val.txt").write_text(lines[4])
    (root / "test.txt").write_text(lines[5])
    train = open_dataset("folder", root)
    assert [train.image_id(i) for i in range(len(train))] == STEMS[3::-1]
    (root / "test.txt").write_text("leaf_00")
    assert "'leaf_00' is in both train.txt and test.txt" in refused(root)
    (root / "train.txt").write_text(f"leaf_01\n{lines[1]}\n")
    assert "twice" in refused(root)


ENCODINGS = {
    "utf-8": b"",
    "utf-8 with a mark": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_tables_and_lists_of_windows_editors(root: Path, encoding: str) -> None:
    def write(name: str, text: str) -> None:
        (root / name).write_bytes(ENCODINGS[encoding] + text.encode(encoding.split(" ")[0]))

    (root / "images/leaf_00.jpg").rename(root / "images/Bl\u00e4tter.jpg")
    (root / "masks/leaf_00.png").rename(root / "masks/Bl\u00e4tter.png")
    write("classes.toml", 'names = ["background", "Bl\u00e4tter"]\r\n')
    write("train.txt", "Bl\u00e4tter\r\nleaf_01\r\n")
    images = open_dataset("folder", root)
    assert images.classes.names == ("background", "Bl\u00e4tter")
    assert [images.image_id(i) for i in range(2)] == ["Bl\u00e4tter", "leaf_01"]


@pytest.mark.parametrize("data", [b"\x81\x8d\x8f", codecs.BOM_UTF16_LE + b"\x41"])
def test_a_list_that_is_no_text(root: Path, data: bytes) -> None:
    (root / "train.txt").write_bytes(data)
    assert f"cannot read list {root / 'train.txt'}" in refused(root)


def test_lists_under_other_names_are_told(root: Path) -> None:
    for name in ("Train.txt", "validation.TXT", "notes.txt", "training_list.txt"):
        (root / name).write_text("x")
    assert [line.split()[0] for line in unused(root)] == ["Train.txt", "training_list.txt", "validation.TXT"]
    assert all("train.txt, val.txt and test.txt" in line for line in unused(root))
