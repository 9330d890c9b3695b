"""Ways to spoil a folder of images; each returns what has to be said of it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.own_images import CLASSES_TOML, write_pair


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
