"""The recipe of docs/own_photos.md, with cut budgets: label, train, predict, correct, repeat.

The photos are crops of scikit-image's, onto which balls and leaves are drawn: what they show is known to the pixel.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage import data

from tests.cli.calling import Call

NAMES = ("background", "ball", "leaf")
SIZE = 144
LABELLED, NEW = 20, 4
Shapes = list[tuple[str, list[tuple[float, float]]]]


def drawn(number: int) -> tuple[Image.Image, Shapes]:
    """A photo, and the outlines of what was drawn onto it."""
    random = np.random.default_rng(number)
    source: Any = data
    whole = (source.coffee, source.rocket, source.chelsea)[number % 3]()
    top, left = (int(random.integers(side - SIZE)) for side in whole.shape[:2])
    photo = Image.fromarray(np.ascontiguousarray(whole[top : top + SIZE, left : left + SIZE]))
    brush = ImageDraw.Draw(photo)
    shapes: Shapes = []
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for name, colour, stretch in (("ball", (210, 40, 40), 1.0), ("leaf", (40, 150, 60), 0.45)):
        radius = random.uniform(20, 32)
        middle = random.uniform(radius, SIZE - radius, 2)
        points = [
            (middle[0] + radius * np.cos(turn), middle[1] + stretch * radius * np.sin(turn)) for turn in turns.tolist()
        ]
        brush.polygon(points, fill=colour, outline=(20, 20, 20))
        shapes.append((name, points))
    return photo, shapes


def mask_of(shapes: Shapes) -> NDArray[np.uint8]:
    picture = Image.new("L", (SIZE, SIZE))
    for name, points in shapes:
        ImageDraw.Draw(picture).polygon(points, fill=NAMES.index(name))
    return np.array(picture)


def as_labelme(shapes: Shapes) -> list[dict[str, Any]]:
    return [{"label": label, "points": points, "shape_type": "polygon"} for label, points in shapes]


def write_labelme(folder: Path, name: str, number: int) -> None:
    photo, shapes = drawn(number)
    photo.save(folder / f"{name}.jpg", quality=95)
    about = {"imagePath": f"{name}.jpg", "imageWidth": SIZE, "imageHeight": SIZE, "shapes": as_labelme(shapes)}
    (folder / f"{name}.json").write_text(json.dumps(about))


def iou(found: NDArray[np.uint8], truth: NDArray[np.uint8], label: int) -> float:
    return float(((found == label) & (truth == label)).sum() / ((found == label) | (truth == label)).sum())


@pytest.mark.slow
def test_label_train_predict_correct_repeat(call: Call, tmp_path: Path) -> None:
    labelled, new = tmp_path / "labelled", tmp_path / "new"
    labelled.mkdir()
    new.mkdir()
    for number in range(LABELLED):
        write_labelme(labelled, f"photo{number:02d}", number)
    truths = {}
    for number in range(LABELLED, LABELLED + NEW):
        photo, shapes = drawn(number)
        photo.save(new / f"new{number}.png")
        truths[f"new{number}"] = mask_of(shapes)

    own, out = tmp_path / "mydata", tmp_path / "run"
    for words in (
        ("data", "masks", labelled, "--photos", labelled, "--out", own),
        ("data", "check", "folder", "--root", own),
    ):
        said = call(*words)
        assert said.code == 0, said.err
    said = call(
        *("run", "--dataset", "folder", "--root", own, "--arms", "imagenet", "--out", out),
        *("--set", "segmentation.schedule.steps=80"),
    )
    assert said.code == 0, said.err
    assert "lite0 with ImageNet weights" in said.err

    said = call("predict", "--checkpoint", out, "--images", new, "--out", tmp_path / "masks", "--format", "labelme")
    assert said.code == 0, said.err
    assert "which to label next" in said.out
    scores: dict[int, list[float]] = {1: [], 2: []}
    for name, truth in truths.items():
        with Image.open(tmp_path / "masks" / f"{name}.png") as opened:
            found = np.array(opened)
        assert found.shape == (SIZE, SIZE)
        for label, values in scores.items():
            values.append(iou(found, truth, label))
    assert min(np.mean(values) for values in scores.values()) > 0.5, scores

    # Somebody moves one outline; what was corrected and what was predicted are labels like the first ones.
    place = tmp_path / f"masks/labelme/new{LABELLED}.json"
    about = json.loads(place.read_text())
    about["shapes"] = [
        {"label": name, "points": points, "shape_type": "polygon"} for name, points in drawn(LABELLED)[1]
    ]
    place.write_text(json.dumps(about))
    again = tmp_path / "again"
    said = call("data", "masks", tmp_path / "masks/labelme", "--photos", new, "--out", again)
    assert said.code == 0, said.err
    with Image.open(again / f"masks/new{LABELLED}.png") as opened:
        assert (np.array(opened) != truths[f"new{LABELLED}"]).mean() < 0.03
    assert len(list((again / "masks").iterdir())) == NEW
