"""Slow masks, pixel by pixel in plain Python, against which each format is held."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmtutorial.annotations import Converted, convert
from mmtutorial.errors import InputError

WIDE, HIGH = 40, 30
Bools = np.ndarray


def picture(inside: Callable[[float, float], bool]) -> Bools:
    """The pixels whose middle satisfies a condition."""
    return np.array([[inside(x + 0.5, y + 0.5) for x in range(WIDE)] for y in range(HIGH)])


def polygon(*points: Sequence[float]) -> Bools:
    """A ray to the right meets the outline an odd number of times."""

    def inside(x: float, y: float) -> bool:
        met = 0
        for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                met += 1
        return met % 2 == 1

    return picture(inside)


def box(left: float, top: float, right: float, bottom: float) -> Bools:
    return picture(lambda x, y: left < x < right and top < y < bottom)


def ellipse(x0: float, y0: float, a: float, b: float, degrees: float = 0) -> Bools:
    """Turned clockwise on the screen, whose y goes down."""
    angle = math.radians(degrees)

    def inside(x: float, y: float) -> bool:
        along = (x - x0) * math.cos(angle) + (y - y0) * math.sin(angle)
        across = -(x - x0) * math.sin(angle) + (y - y0) * math.cos(angle)
        return (along / a) ** 2 + (across / b) ** 2 < 1

    return picture(inside)


def turned_box(about: Sequence[float], left: float, top: float, right: float, bottom: float, degrees: float) -> Bools:
    """Asks of each pixel where it was before the turn."""
    angle = math.radians(degrees)

    def inside(x: float, y: float) -> bool:
        back = (
            about[0] + (x - about[0]) * math.cos(angle) + (y - about[1]) * math.sin(angle),
            about[1] - (x - about[0]) * math.sin(angle) + (y - about[1]) * math.cos(angle),
        )
        return left < back[0] < right and top < back[1] < bottom

    return picture(inside)


def write_photo(path: Path, size: tuple[int, int] = (WIDE, HIGH), **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(len(path.name)).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **how)
    return path


class Bench:
    """A folder with photos in which an export is converted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.photos, self.export = folder, folder / "photos", folder / "export"

    def photo(self, *names: str) -> Bench:
        for name in names:
            write_photo(self.photos / name)
        return self

    def file(self, name: str, value: Any) -> Bench:
        path = self.export / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            path.write_bytes(value)
        elif isinstance(value, np.ndarray | Image.Image):
            (value if isinstance(value, Image.Image) else Image.fromarray(value)).save(path)
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return self

    def made(self, **words: Any) -> Converted:
        return convert(self.export, self.photos, self.folder / "out", **words)

    def refused(self, **words: Any) -> str:
        """The message; nothing may be written."""
        try:
            self.made(**words)
        except InputError as error:
            message = str(error)
        else:
            raise AssertionError(f"not refused: {sorted(self.folder.glob('out/masks/*'))}")
        assert sorted(path.name for path in self.folder.iterdir() if "out" in path.name) == []
        assert "\n" not in message
        assert "InputError(" not in message
        return message

    def masks(self) -> dict[str, np.ndarray]:
        found = {}
        for path in sorted((self.folder / "out" / "masks").iterdir()):
            with Image.open(path) as mask:
                assert mask.mode == "P"
                found[path.stem] = np.array(mask)
        return found

    def mask(self, **words: Any) -> np.ndarray:
        """The one mask that is made."""
        self.made(**words)
        (mask,) = self.masks().values()
        return mask


def assert_mask(mask: np.ndarray, *layers: tuple[int, Bools]) -> None:
    """The layers lie over one another."""
    expected = np.zeros((HIGH, WIDE), np.uint8)
    for value, inside in layers:
        expected[inside] = value
    assert mask.tolist() == expected.tolist()
    for value, _ in layers:
        assert (mask == value).any(), "an oracle of nothing"
