"""Data sets in their true layouts, by the commands that people type: from ``data check`` to masks of their photos.

Every scene of the miniatures has one rectangle of 28 x 24 pixels, with a void border of one pixel or with none, so that
what ``data check`` has to count is known: 672 and 108 of 3,072 pixels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mmtutorial.datasets import DATASETS, open_dataset
from mmtutorial.downloads import sbd
from mmtutorial.metrics import confusion_matrix, mean_iou
from tests.miniatures import (
    save,
    sbd_archive,
    scene,
    write_camvid,
    write_cityscapes,
    write_pets,
    write_stanford,
    write_voc,
)
from tests.warm_process import Ended, WarmProcesses

PIXELS, INSIDE, BORDER = 48 * 64, 24 * 28, 26 * 30 - 24 * 28
ANNOTATED, PHOTOS = 10, 12
FINE = "all files can be used, and no image that is scored is among those trained on"

Counts = dict[str, tuple[float, int]]
"""Percent of pixels, and number of images, of each class that occurs."""


@dataclass(frozen=True)
class Layout:
    """A data set on disk, and what is known of it.

    Attributes:
        name: For ``--dataset``.
        root: Its folder.
        images: Number of images of each split that the program uses.
        occurs: Classes in the split that trains.
        photos: Folder with the photos of the split that is reported.
    """

    name: str
    root: Path
    images: dict[str, int]
    occurs: Counts
    photos: Path


def share(pixels: int, images: int) -> float:
    return 100 * pixels / (images * PIXELS)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProcesses]:
    processes = WarmProcesses(tmp_path_factory.mktemp("streams"))
    yield processes
    processes.close()


def finished(ended: Ended) -> str:
    """What a command printed that has to end well."""
    assert ended.code == 0, ended.stderr
    return ended.stdout


def voc(work: Path, warm: WarmProcesses) -> Layout:
    """VOC 2012 with the masks of SBD, laid out as ``data get`` does it."""
    root = write_voc(work / "data")
    masks = sbd.target(root)
    masks.mkdir()
    sbd.build([sbd_archive(work)], masks, root)
    sbd.write_list(masks)
    # Six images with VOC's own masks and their border, eight with those of SBD and none.
    occurs = {
        "background": (share(6 * (PIXELS - INSIDE - BORDER) + 8 * (PIXELS - INSIDE), 14), 14),
        "cat": (share(4 * INSIDE, 14), 4),
        "dog": (share(5 * INSIDE, 14), 5),
        "person": (share(5 * INSIDE, 14), 5),
        "void": (share(6 * BORDER, 14), 6),
    }
    images = {"trainaug": 14, "val": 4, "unlabeled": 14}
    return Layout("voc", root, images, occurs, root / "VOCdevkit" / "VOC2012" / "JPEGImages")


def streets(count: int) -> Counts:
    """Cars on a road."""
    road = PIXELS - INSIDE - BORDER
    return {"road": (share(road, 1), count), "car": (share(INSIDE, 1), count), "void": (share(BORDER, 1), count)}


def camvid(work: Path, warm: WarmProcesses) -> Layout:
    root = write_camvid(work / "data")
    return Layout("camvid", root, {"train": 4, "test": 4, "unlabeled": 4}, streets(4), root / "CamVid" / "test")


def cityscapes(work: Path, warm: WarmProcesses) -> Layout:
    """Unpacked by the user and taken over by ``data get``."""
    own = write_cityscapes(work / "own")
    place = finished(warm.run("data", "get", "cityscapes", "--root", work / "data", "--from", own)).strip()
    photos = Path(place) / "leftImg8bit" / "val" / "munster"
    return Layout("cityscapes", work / "data", {"train": 3, "val": 3, "unlabeled": 3}, streets(3), photos)


def stanford(work: Path, warm: WarmProcesses) -> Layout:
    """Eight photos train, of which the run holds one out for choosing; two are scored."""
    root = write_stanford(work / "data")
    ground = share(PIXELS - INSIDE - BORDER, 1)
    occurs = {"grass": (ground, 8), "building": (share(INSIDE, 1), 8), "void": (share(BORDER, 1), 8)}
    scored = work / "scored"
    scored.mkdir()
    test = open_dataset("stanford", root, "test")
    for i in range(len(test)):
        (scored / f"{test.image_id(i)}.jpg").symlink_to(root / "iccv09Data" / "images" / f"{test.image_id(i)}.jpg")
    return Layout("stanford", root, {"train": 8, "test": 2, "unlabeled": 8}, occurs, scored)


def pets(work: Path, warm: WarmProcesses) -> Layout:
    """Cats and dogs in turn."""
    root = write_pets(work / "data")
    occurs = {"background": (share(PIXELS - INSIDE - BORDER, 1), 6), "void": (share(BORDER, 1), 6)}
    occurs |= {name: (share(3 * INSIDE, 6), 3) for name in ("cat", "dog")}
    photos = root / "oxford-iiit-pet" / "images"
    (photos / "Egyptian_Mau_0.mat").unlink()  # Prediction would say that it is no photo.
    return Layout("pets", root, {"train": 6, "test": 4, "unlabeled": 6}, occurs, photos)


def own_photos(folder: Path) -> list[tuple[Path, str, tuple[int, int, int, int]]]:
    """A pile of photos. Gives each that someone has annotated, its label and the box round the object."""
    drawn = []
    for number in range(PHOTOS):
        pixels, mask = scene(number, 1 + number % 2, 0)
        path = folder / f"photo {number:02d}.{'png' if number % 3 else 'jpg'}"
        save(pixels, path)
        y, x = np.nonzero(mask)
        box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
        drawn.append((path, ("leaf", "stem")[number % 2], box))
    return drawn[:ANNOTATED]


def converted(work: Path, warm: WarmProcesses, annotations: Path, *words: str, names: tuple[str, ...]) -> Layout:
    """The masks are those of the scenes, up to the order of the classes."""
    said = finished(
        warm.run("data", "masks", annotations, "--photos", work / "photos", "--out", work / "data", *words)
    ).splitlines()
    assert said == [
        f"10 photos with masks, 2 without; classes: {', '.join(names)}",
        str(work / "data"),
        f"next: mmtutorial data check folder --root {work / 'data'}",
    ]
    for number in range(ANNOTATED):
        truth = scene(number, names.index(("leaf", "stem")[number % 2]), 0)[1]
        with Image.open(work / "data" / "masks" / f"photo {number:02d}.png") as mask:
            assert np.array_equal(np.array(mask), truth)
    train = open_dataset("folder", work / "data", "train")
    stems = sum(int(train.image_id(i)[-2:]) % 2 for i in range(len(train)))
    occurs = {
        "background": (share(PIXELS - INSIDE, 1), 8),
        "leaf": (share((8 - stems) * INSIDE, 8), 8 - stems),
        "stem": (share(stems * INSIDE, 8), stems),
    }
    images = {"train": 8, "val": 1, "test": 1, "unlabeled": 8 + PHOTOS - ANNOTATED}
    return Layout("folder", work / "data", images, occurs, work / "data" / "images")


def labelme(work: Path, warm: WarmProcesses) -> Layout:
    """A JSON file for each photo; polygons in pixels."""
    for path, label, (x0, y0, x1, y1) in own_photos(work / "photos"):
        outline = {"label": label, "shape_type": "polygon", "points": [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]}
        value = {"imagePath": f"../photos/{path.name}", "imageWidth": 64, "imageHeight": 48, "shapes": [outline]}
        (work / "outlines").mkdir(exist_ok=True)
        (work / "outlines" / f"{path.stem}.json").write_text(json.dumps(value))
    return converted(work, warm, work / "outlines", names=("background", "leaf", "stem"))


def label_studio(work: Path, warm: WarmProcesses) -> Layout:
    """One file; rectangles in percent of the sides, and photos that have got a prefix as they were uploaded."""
    tasks: list[dict[str, Any]] = []
    for path, label, (x0, y0, x1, y1) in own_photos(work / "photos"):
        box = {"x": x0 / 0.64, "y": y0 / 0.48, "width": (x1 - x0) / 0.64, "height": (y1 - y0) / 0.48}
        region = {"type": "rectanglelabels", "value": {"rectanglelabels": [label], **box}}
        region |= {"original_width": 64, "original_height": 48}
        place = f"/data/upload/1/0a1b2c3d-{path.name.replace(' ', '%20')}"
        tasks.append({"data": {"image": place}, "annotations": [{"result": [region]}]})
    (work / "export.json").write_text(json.dumps(tasks))
    return converted(work, warm, work / "export.json", "--classes", "stem,leaf", names=("background", "stem", "leaf"))


Make = Callable[[Path, WarmProcesses], Layout]
MAKERS: list[Make] = [voc, cityscapes, camvid, stanford, pets, labelme, label_studio]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda make: make.__name__)
def layout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, warm: WarmProcesses) -> Layout:
    make: Make = request.param
    return make(tmp_path_factory.mktemp(make.__name__), warm)


def test_check_counts_what_is_there(warm: WarmProcesses, layout: Layout, tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    *lines, place = finished(warm.run("data", "check", layout.name, "--root", layout.root, "--out", page)).splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    counted = [f"{layout.name} {split}: {n} images, 1 size, most often 64 x 48" for split, n in layout.images.items()]
    assert heads == [*counted, FINE]
    found: Counts = {}
    for line in lines[1 : lines.index(heads[1])]:
        _, name, percent, images = re.fullmatch(r" +(\d+) (.*\S) +([\d.]+)% of pixels, in (\d+) images", line).groups()
        if int(images):
            found[name] = float(percent), int(images)
    assert found == {name: (pytest.approx(percent, abs=0.006), n) for name, (percent, n) in layout.occurs.items()}
    assert place == str(page)
    assert page.read_text(encoding="utf-8").count("data:image/jpeg;base64") == sum(layout.images.values())


def test_run_and_predict_agree(warm: WarmProcesses, layout: Layout, tmp_path: Path) -> None:
    out, masks = tmp_path / "run", tmp_path / "masks"
    words = ["--dataset", layout.name, "--root", layout.root, "--arms", "random,random+graph"]
    finished(warm.run("run", *words, "--preset", "smoke", "--out", out))
    results = json.loads((out / "results.json").read_text())
    assert results["classes"] == list(open_dataset(layout.name, layout.root).classes.names)
    weights = out / "seed0" / "segmentation" / "random+graph" / "model.safetensors"
    said = finished(warm.run("predict", "--checkpoint", weights, "--images", layout.photos, "--out", masks))
    photos = sorted(path for path in layout.photos.iterdir())
    page = masks / "predictions.html"
    assert said == f"{len(photos)} masks in {masks}\nwhich to label next: {page}\n"
    assert sorted(path.stem for path in masks.glob("*.png")) == [path.stem for path in photos]
    assert {path.suffix for path in masks.iterdir()} == {".png", ".html"}
    predicted: dict[str, torch.Tensor] = {}
    levels = [level for colour in results["palette"] for level in colour]
    for path in masks.glob("*.png"):
        with Image.open(path) as mask:
            assert (mask.mode, mask.size) == ("P", (64, 48))
            assert mask.getpalette()[: len(levels)] == levels
            predicted[path.stem] = torch.from_numpy(np.array(mask))
    # The ids are right if they score as the run itself was scored, on the same photos.
    truth = open_dataset(layout.name, layout.root, DATASETS[layout.name].roles.report)
    assert len(truth) == results["images_evaluated"]
    pairs = [(mask, predicted[truth.image_id(i)]) for i, (_, mask) in enumerate(truth)]
    confusion = confusion_matrix(*map(list, zip(*pairs, strict=True)), len(results["classes"]))
    assert results["arms"][1]["name"] == "random+graph"
    assert 100 * mean_iou(confusion) == pytest.approx(results["arms"][1]["miou"][0], abs=0.01)
