"""From masks to outlines and back: what is painted again is the mask, but for a seam and for specks."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mmtutorial.annotations import convert
from mmtutorial.annotations.outlines import Outline, outlines, simplified
from mmtutorial.annotations.writing import COCO_FILE, OutlineWriter
from mmtutorial.errors import InputError

NAMES = ("background", "leaf", "stem", "bud")


def blobs(seed: int, classes: int = 4, size: tuple[int, int] = (60, 80)) -> NDArray[np.uint8]:
    """A mask of smooth regions."""
    noise = np.random.default_rng(seed).normal(size=(classes, *size))
    smooth = np.stack([ndimage.gaussian_filter(level, 5) for level in noise])
    found: NDArray[np.uint8] = smooth.argmax(0).astype(np.uint8)
    return found


def painted(found: list[Outline], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Outlines filled in their order: a pixel belongs to an outline that holds its middle."""
    from matplotlib.path import Path as Curve

    rows, columns = np.mgrid[: shape[0], : shape[1]]
    middles = np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5
    mask = np.zeros(shape, np.uint8)
    for outline in found:
        mask[Curve(np.concatenate([outline.points, outline.points[:1]])).contains_points(middles).reshape(shape)] = (
            outline.label
        )
    return mask


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_painted_again_the_mask_comes_back_but_for_a_seam(seed: int) -> None:
    mask = blobs(seed)
    wrong = painted(outlines(mask), mask.shape) != mask
    seam = ndimage.maximum_filter(mask, 3) != ndimage.minimum_filter(mask, 3)
    assert wrong.mean() < 0.05
    # Away from seams there are only specks that were left out.
    assert (wrong & ~seam).mean() < 0.03


def test_a_hole_is_background_again_and_lies_on_top() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[5:35, 5:35] = 1
    mask[12:28, 12:28] = 0
    mask[17:23, 17:23] = 2
    found = outlines(mask)
    assert [(outline.label, outline.area) for outline in found] == [(1, 900), (0, 256), (2, 36)]
    assert np.array_equal(painted(found, mask.shape), mask)


def test_specks_are_left_out_and_an_empty_mask_has_no_outline() -> None:
    mask = np.zeros((20, 20), np.uint8)
    assert outlines(mask) == []
    mask[3:6, 3:8] = 1  # 15 pixels
    assert outlines(mask) == []
    mask[:] = 2
    (whole,) = outlines(mask)
    assert (whole.label, whole.area) == (2, 400)
    assert whole.points.min() >= 0
    assert whole.points.max() <= 20


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 3))
def test_no_point_left_out_is_further_away_than_said(seed: int, tolerance: float) -> None:
    points = np.random.default_rng(seed).normal(size=(40, 2)).cumsum(0)
    kept = simplified(points, tolerance)
    places = [int(np.flatnonzero((points == point).all(1))[0]) for point in kept]
    assert places == sorted(places)
    ring = [*places, places[0] + len(points)]
    for first, last in pairwise(ring):
        a, b = points[first % len(points)], points[last % len(points)]
        for place in range(first + 1, last):
            along = np.clip((points[place % len(points)] - a) @ (b - a) / max((b - a) @ (b - a), 1e-12), 0, 1)
            assert np.linalg.norm(points[place % len(points)] - a - along * (b - a)) <= tolerance + 1e-9


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("one.jpg", "two.png"):
        Image.new("RGB", (80, 60), (90, 120, 60)).save(folder / name)
    return [folder / "one.jpg", folder / "two.png"]


@pytest.mark.parametrize("kind", ["labelme", "coco"])
def test_what_is_written_is_read_again_as_the_same_masks(tmp_path: Path, photos: list[Path], kind: str) -> None:
    """label, train, predict, correct, repeat: the circle closes."""
    masks = [blobs(1), blobs(2)]
    writer = OutlineWriter(tmp_path / "out", kind, NAMES)
    for photo, mask in zip(photos, masks, strict=True):
        writer.add(photo, mask)
    writer.finish()
    source = tmp_path / "out" / ("labelme" if kind == "labelme" else COCO_FILE)
    convert(source, photos[0].parent, tmp_path / "again", classes=list(NAMES[1:]))
    for photo, mask in zip(photos, masks, strict=True):
        with Image.open(tmp_path / "again/masks" / f"{photo.stem}.png") as opened:
            assert (np.array(opened) != mask).mean() < 0.03


def test_corrected_files_and_other_photos_are_not_overwritten(tmp_path: Path, photos: list[Path]) -> None:
    out = tmp_path / "out"
    OutlineWriter(out, "labelme", NAMES).add(photos[0], blobs(1))
    place = out / "labelme/one.json"
    value = json.loads(place.read_text())
    assert (value["imagePath"], value["imageWidth"], value["imageHeight"]) == ("one.jpg", 80, 60)
    value["shapes"].pop()
    place.write_text(json.dumps(value))  # As labelme would, after a correction.
    before = place.read_bytes()
    with pytest.raises(InputError, match=r"one\.json"):
        OutlineWriter(out, "labelme", NAMES).add(photos[0], blobs(3))
    assert place.read_bytes() == before
    (out / "labelme/two.png").write_bytes(b"another photo")
    with pytest.raises(InputError, match="is another photo; move it elsewhere, or overwrite it with --force"):
        OutlineWriter(out, "labelme", NAMES).add(photos[1], blobs(1))
    OutlineWriter(out, "labelme", NAMES, force=True).add(photos[1], blobs(1))
    assert (out / "labelme/two.png").read_bytes() == photos[1].read_bytes()
