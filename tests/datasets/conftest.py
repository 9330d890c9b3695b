"""Tiny data sets in the true layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.datasets.classes import voc_palette

Write = Callable[..., None]


@pytest.fixture
def write_photo() -> Write:
    def write(path: Path, width: int = 20, height: int = 16, shade: int = 90) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        ramp = np.linspace(0, 100, width, dtype=np.uint8)[None, :, None]
        Image.fromarray(np.broadcast_to(ramp + np.uint8(shade), (height, width, 3)).copy()).save(path)

    return write


@pytest.fixture
def write_mask() -> Write:
    def write(path: Path, ids: tuple[int, ...] = (0, 1), width: int = 20, height: int = 16, mode: str = "P") -> None:
        """Writes stripes of the ids from left to right."""
        path.parent.mkdir(parents=True, exist_ok=True)
        row = np.array(ids, dtype=np.uint8)[np.arange(width) * len(ids) // width]
        mask = np.broadcast_to(row, (height, width)).copy()
        picture = Image.fromarray(mask)
        if mode == "P":
            picture = picture.convert("L")
            picture.putpalette([level for colour in voc_palette(256) for level in colour])
        elif mode == "RGB":
            picture = Image.fromarray(np.array(voc_palette(256), dtype=np.uint8)[mask])
        picture.save(path)

    return write


@pytest.fixture
def voc_root(tmp_path: Path, write_photo: Write, write_mask: Write) -> Path:
    """Six photos: 0-3 in train and trainaug, 4-5 in val; trainaug labels differ from train's."""
    devkit = tmp_path / "VOCdevkit" / "VOC2012"
    stems = [f"2007_{i:06d}" for i in range(6)]
    for i, stem in enumerate(stems):
        write_photo(devkit / "JPEGImages" / f"{stem}.jpg", shade=10 * i)
        write_mask(devkit / "SegmentationClass" / f"{stem}.png", (0, 8, 255, 15))
        if i < 4:
            write_mask(devkit / "SegmentationClassAug" / f"{stem}.png", (0, 12))
    lists = devkit / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(stems[:3]) + "\n")
    (lists / "trainaug.txt").write_text("\n".join(stems[:4]) + "\n")
    (lists / "val.txt").write_text("\n".join(stems[4:]) + "\n")
    return tmp_path


@pytest.fixture
def camvid_root(tmp_path: Path, write_photo: Write, write_mask: Write) -> Path:
    for part in ("train", "val", "test"):
        for i in range(2):
            write_photo(tmp_path / "CamVid" / part / f"{part}_{i}.{'png' if i else 'jpg'}")
            write_mask(tmp_path / "CamVid" / f"{part}annot" / f"{part}_{i}.png", (0, 3, 11), mode="L")
    return tmp_path


@pytest.fixture
def folder_root(tmp_path: Path, write_photo: Write, write_mask: Write) -> Path:
    for i in range(10):
        write_photo(tmp_path / "images" / f"leaf_{i}.{'png' if i % 2 else 'jpg'}")
        write_mask(tmp_path / "masks" / f"leaf_{i}.png", (0, 1, 2))
    return tmp_path
