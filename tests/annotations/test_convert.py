"""Exports of labelme and Label Studio become a data set that trains."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmtutorial.annotations import convert
from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from tests.annotations.raster import Bench, write_photo
from tests.annotations.test_shapes import encode_brush

WIDE, HIGH = 40, 30


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "b.png", "c.jpg"):
        pixels = np.random.default_rng(0).integers(0, 255, (HIGH, WIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def labelme(photo: str, *shapes: dict[str, Any], **changed: Any) -> dict[str, Any]:
    base = {"version": "5.4.1", "imagePath": photo, "imageWidth": WIDE, "imageHeight": HIGH, "shapes": list(shapes)}
    return base | changed


def outline(label: str, *points: tuple[float, float], kind: str = "polygon", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": [list(p) for p in points], "shape_type": kind, "flags": {}, **more}


def save(folder: Path, name: str, value: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(value))
    return folder


def mask_of(out: Path, stem: str) -> np.ndarray:
    with Image.open(out / "masks" / f"{stem}.png") as picture:
        assert picture.mode == "P"
        return np.array(picture)


def png(inside: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(inside).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_labelme(photos: Path, tmp_path: Path) -> None:
    box = np.array([[True, False], [True, True]])
    save(tmp_path / "json", "a.json", labelme("..\\photos\\a.jpg", outline("leaf", (0, 0), (20, 0), (20, 30), (0, 30))))
    shapes = (
        outline("stem", (30, 20), (10, 5), kind="rectangle"),
        outline("leaf", (20, 15), (20, 12), kind="circle"),
        outline("void", (0, 0), (2, 2), kind="mask", mask=png(box)),
    )
    found = convert(save(tmp_path / "json", "b.json", labelme("b.png", *shapes)), photos, tmp_path / "out")
    assert (found.names, found.masks, found.unlabeled) == (("background", "leaf", "stem"), 2, 1)
    assert (mask_of(found.out, "a") == 1).sum() == 20 * 30
    b = mask_of(found.out, "b")
    assert (b == 2).sum() + (b == 1).sum() == 20 * 15
    assert (b == 1).sum() == pytest.approx(np.pi * 9, abs=4)
    assert b[:2, :2].tolist() == [[255, 0], [255, 255]]
    (found.out / "train.txt").write_text("a\nb\n")
    data = open_dataset("folder", found.out, "train")
    assert data.classes.names == found.names
    assert data.classes.background_ids == (0,)
    assert (found.out / "unlabeled" / "c.jpg").read_bytes() == (photos / "c.jpg").read_bytes()


def test_a_turned_rectangle_of_labelme_6_is_the_polygon_of_its_corners(photos: Path, tmp_path: Path) -> None:
    masks = []
    for kind in ("polygon", "oriented_rectangle"):
        shape = outline("leaf", (10, 5), (16, 11), (14, 13), (8, 7), kind=kind)
        export = save(tmp_path / kind, "a.json", labelme("a.jpg", shape))
        masks.append(mask_of(convert(export, photos, tmp_path / f"{kind} out").out, "a"))
    assert masks[0].any()
    assert np.array_equal(*masks)


def region(kind: str, label: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, "original_width": WIDE, "original_height": HIGH, "value": {kind: [label], **value}}


def task(photo: str, *regions: dict[str, Any], when: str = "2024-01-01", **more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "data": {"image": f"/data/upload/1/0a1b2c3d-{photo}"},
        "annotations": [{"result": list(regions), "updated_at": when, **more}],
    }


def test_label_studio(photos: Path, tmp_path: Path) -> None:
    painted = np.zeros((HIGH, WIDE), np.bool_)
    painted[5:9, 7:30] = True
    export = [
        task("a.jpg", region("polygonlabels", "leaf", points=[[0, 0], [50, 0], [50, 100], [0, 100]])),
        task(
            "b.png",
            region("rectanglelabels", "stem", x=25, y=0, width=25, height=20, rotation=90),
            region("brushlabels", "leaf", format="rle", rle=encode_brush(painted, runs=True)),
            {"type": "choices", "value": {"choices": ["blurred"]}},
        ),
    ]
    older = task("b.png", region("ellipselabels", "other", x=50, y=50, radiusX=10, radiusY=10), when="2023-01-01")
    export[1]["annotations"] += older["annotations"] + [{"result": [], "was_cancelled": True, "updated_at": "2025"}]
    export.append({"id": 9, "data": {"image": "c.jpg"}, "annotations": []})
    (tmp_path / "export.json").write_text(json.dumps(export))
    found = convert(tmp_path / "export.json", photos, tmp_path / "out")
    assert (found.names, found.masks, found.unlabeled) == (("background", "leaf", "stem"), 2, 1)
    assert (mask_of(found.out, "a") == 1).sum() == 20 * 30
    b = mask_of(found.out, "b")
    assert ((b == 1) == painted).all()
    # A quarter turn clockwise about the corner (10, 0): 6 wide to its left, 10 high.
    assert (b == 2).sum() == 6 * 10 - painted[0:10, 4:10].sum()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"some": "thing"}, "neither from labelme nor from Label Studio"),
        (labelme("z.jpg"), "put it there"),
        (labelme("a.jpg", outline("leaf", (0, 0), (1, 1), kind="line")), "without an area"),
        (labelme("a.jpg", outline("leaf", (0, 0), (1, 1))), "without an area"),
        (labelme("a.jpg", outline("leaf", (0, 0), (1, 1), kind="star")), "unknown here"),
        (labelme("a.jpg", {"label": "leaf"}), "not as labelme writes it"),
        (labelme("a.jpg", imageWidth=41), "was drawn on 41x30 pixels"),
        (labelme("a.jpg", outline("root", (0, 0), (9, 0), (9, 9))), "not among the classes leaf, stem"),
        (
            labelme("a.jpg", outline("leaf", (0, 0), (9, 9), kind="mask", mask=png(np.ones((99, 9), np.bool_)))),
            "larger than",
        ),
        ([task("a.jpg", region("keypointlabels", "leaf", x=1, y=1))], "unknown here"),
        ([task("a.jpg", region("brushlabels", "leaf", rle=[1, 2, 3]))], "not as Label Studio writes it"),
        ([{"id": 1, "data": {}, "annotations": []}], "no photo is annotated"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(photos: Path, tmp_path: Path, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        convert(save(tmp_path / "json", "a.json", value), photos, tmp_path / "out", classes=("leaf", "stem"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_two_annotations_of_one_photo_are_refused(photos: Path, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        save(tmp_path / "json", name, labelme("a.jpg"))
    with pytest.raises(InputError, match="the same photo"):
        convert(tmp_path / "json", photos, tmp_path / "out")


def test_a_folder_in_use_or_an_empty_export_is_refused(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    with pytest.raises(InputError, match="no JSON files"):
        convert(tmp_path / "json", photos, tmp_path / "out")
    with pytest.raises(InputError, match="not empty"):
        convert(tmp_path / "json", photos, photos)
    (tmp_path / "json" / "a.json").write_text("{")
    with pytest.raises(InputError, match="cannot read"):
        convert(tmp_path / "json", photos, tmp_path / "out")


def test_classes_in_the_order_given_and_ids_by_it(photos: Path, tmp_path: Path) -> None:
    export = save(tmp_path / "json", "a.json", labelme("a.jpg", outline("leaf", (0, 0), (20, 0), (20, 30), (0, 30))))
    found = convert(export, photos, tmp_path / "out", classes=("stem", "leaf"))
    assert found.names == ("background", "stem", "leaf")
    assert set(np.unique(mask_of(found.out, "a"))) == {0, 2}


@pytest.mark.parametrize("given", [".", "link", "there"])
def test_an_empty_folder_is_filled_and_stays_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    bench.photo("a.jpg").file("a.json", labelme("a.jpg"))
    (bench.folder / "there").mkdir()
    (bench.folder / "link").symlink_to("there")
    before = (bench.folder / "there").stat().st_ino
    monkeypatch.chdir(bench.folder / ("there" if given == "." else "."))
    convert(bench.export, bench.photos, Path(given))
    assert (bench.folder / "there").stat().st_ino == before, "a terminal may be in it"
    assert sorted(path.name for path in Path(given).iterdir()) == ["classes.toml", "images", "masks"]
    assert not list(bench.folder.rglob("*.part"))


def test_swapped_sides_are_told_of_the_tag_that_turns_photos(bench: Bench) -> None:
    turn = Image.Exif()
    turn[0x0112] = 6
    write_photo(bench.photos / "a.jpg", exif=turn)
    said = bench.file("a.json", labelme("a.jpg")).refused()
    assert "40x30 pixels" in said
    assert "EXIF tag" in said
    assert "30x40" in said
