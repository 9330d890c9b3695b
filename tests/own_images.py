"""Small folders of one's own images, in the layouts of the data sets ``folder`` and ``camvid``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES_TOML = 'names = ["background", "leaf"]\npalette = [[0, 0, 0], [0, 160, 0]]\n'


def write_pair(photo: Path, mask: Path | None, number: int, *, ids: tuple[int, int] = (0, 1), side: int = 48) -> None:
    """A bright square on noise, and its mask: ``ids`` are those of the noise and of the square."""
    random = np.random.default_rng(number)
    pixels = random.integers(0, 120, (side, side + 16, 3), dtype=np.uint8)
    place = np.full((side, side + 16), ids[0], dtype=np.uint8)
    y, x = random.integers(0, side - 24, 2)
    pixels[y : y + 20, x : x + 24] += np.uint8(130)
    place[y : y + 20, x : x + 24] = ids[1]
    photo.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(photo)
    if mask is not None:
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(place).save(mask)


def write_folder(root: Path, count: int = 20) -> Path:
    """A ``folder`` data set of two classes."""
    for i in range(count):
        suffix = "png" if i % 2 else "jpg"
        write_pair(root / "images" / f"leaf_{i:02d}.{suffix}", root / "masks" / f"leaf_{i:02d}.png", i)
    (root / "classes.toml").write_text(CLASSES_TOML)
    return root


def write_camvid(root: Path, count: int = 12) -> Path:
    """A ``camvid`` data set: no background, two of the eleven classes."""
    for part in ("train", "val", "test"):
        for i in range(count):
            name = f"{part}_{i:02d}.png"
            write_pair(root / part / name, root / f"{part}annot" / name, i, ids=(3, 8))
    return root
