"""Label Studio: which photo is meant, whose annotation counts, and what becomes of each kind of region."""

from __future__ import annotations

import base64
import unicodedata
from typing import Any

import numpy as np
import pytest

from tests.annotations.raster import HIGH, WIDE, Bench, assert_mask, box, ellipse, polygon, turned_box
from tests.annotations.test_shapes import encode_brush

SQUARE = [[10.3, 10.4], [50.1, 10.4], [50.1, 60.2], [10.3, 60.2]]
INSIDE = box(4.12, 3.12, 20.04, 18.06)


def region(kind: str, labels: list[Any] | None, tag: str | None = None, **value: Any) -> dict[str, Any]:
    value |= {} if labels is None else {kind: labels}
    return {
        "id": tag,
        "type": kind,
        "original_width": WIDE,
        "original_height": HIGH,
        "to_name": "image",
        "value": value,
    }


def square(label: str = "leaf") -> dict[str, Any]:
    return region("polygonlabels", [label], points=SQUARE)


def task(data: Any, *regions: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = {"image": data} if isinstance(data, str) else data
    return {"id": 1, "data": data, "annotations": [{"result": list(regions)}], "predictions": []} | more


@pytest.mark.parametrize(
    ("place", "photo"),
    [
        ("/data/upload/1/0123abcd-a.jpg", "a.jpg"),
        ("/data/local-files/?d=photos/a.jpg", "a.jpg"),
        ("/data/local-files/?d=set%5Cphotos%5Ca.jpg", "a.jpg"),
        ("/data/local-files/?d=set\\photos\\a.jpg", "a.jpg"),
        ("/data/local-files/?d=C%3A%5CUsers%5Cme%5Ca.jpg", "a.jpg"),
        ("/data/local-files/?d=photos/a%20b.jpg", "a b.jpg"),
        ("/data/local-files/?d=photos/a+b.jpg", "a+b.jpg"),
        ("/data/local-files/?d=photos/a&b.jpg", "a&b.jpg"),
        ("/data/local-files/?d=photos/a.jpg&t=1", "a.jpg"),
        ("https://app.example.com/storage-data/uploaded/?filepath=upload/7/0123abcd-a.jpg", "a.jpg"),
        ("/tasks/1/resolve/?fileuri=" + base64.b64encode(b"s3://bucket/x/a.jpg").decode(), "a.jpg"),
        ("https://example.com/pictures/a.jpg?width=300#top", "a.jpg"),
        ("s3://bucket/set/a%20b.jpg", "a b.jpg"),
        ("a%20b.jpg", "a%20b.jpg"),
        ("leaf#7.jpg", "leaf#7.jpg"),
        ("/data/upload/1/0123abcd-IMG_01_2.jpg", "IMG 01 (2).jpg"),
        ("/data/upload/1/0123abcd-leaf7_wet.jpg", "leaf#7, wet.jpg"),
        ("/data/upload/1/0123abcd-Bl%C3%A4tter_1.jpg", unicodedata.normalize("NFD", "Blätter 1.jpg")),
        ("/data/upload/1/0123abcd-Blatter.jpg", unicodedata.normalize("NFD", "Blätter.jpg")),
        # A UUID whose first eight digits are no prefix, and one that got a prefix.
        ("/data/local-files/?d=0123abcd-4567-89ab.jpg", "0123abcd-4567-89ab.jpg"),
        ("/data/upload/1/fedc9876-0123abcd-4567-89ab.jpg", "0123abcd-4567-89ab.jpg"),
        ("/data/upload/1/0123abcd-a.JPG", "a.jpg"),
        ("/data/upload/1/0123abcd-a.heic", "a.jpg"),
    ],
)
def test_the_photo_is_found(bench: Bench, place: str, photo: str) -> None:
    bench.photo(photo, "other.jpg").file("x.json", [task(place, square())])
    assert bench.made().masks == 1
    assert list(bench.masks()) == [photo.rpartition(".")[0]]
    assert_mask(*bench.masks().values(), (1, INSIDE))


def test_a_name_with_a_prefix_is_that_photo_s_before_the_prefix_is_cut_off(bench: Bench) -> None:
    bench.photo("0123abcd-a.jpg", "a.jpg").file("x.json", [task("/data/upload/1/0123abcd-a.jpg", square())])
    bench.made()
    assert list(bench.masks()) == ["0123abcd-a"]


@pytest.mark.parametrize(
    ("place", "photos"),
    [
        ("/data/upload/1/0123abcd-IMG_1.jpg", ("IMG 1.jpg", "IMG_1.jpg")),
        ("/data/upload/1/0123abcd-a.jpg", ("x/a.jpg", "y/a.jpg")),
        ("/data/upload/1/0123abcd-a_1.jpg", ("a (1).jpg", "a #1.jpg")),
    ],
)
def test_of_two_photos_that_get_one_name_none_is_guessed(bench: Bench, place: str, photos: tuple[str, ...]) -> None:
    said = bench.photo(*photos).file("x.json", [task(place, square())]).refused()
    assert all(photo in said for photo in photos)


@pytest.mark.parametrize(
    "place", ["/data/upload/1/0123abcd-z.jpg", "0123abcd-4567-z.jpg", "?d=", "https://example.com"]
)
def test_a_photo_that_is_not_there_is_named(bench: Bench, place: str) -> None:
    said = bench.photo("4567.jpg", "q.jpg").file("x.json", [task(place, square())]).refused()
    assert place in said
    assert "put it there" in said


@pytest.mark.parametrize(
    "data",
    [
        {"note": "plant 3", "image": "/data/upload/1/0123abcd-a.jpg"},
        {"previous": "b.jpg", "image": "a.jpg"},
        {"image": "a.jpg", "previous": "b.jpg"},
        {"number": 7, "caption": "b", "image": "a.jpg", "more": ["b.jpg"]},
        {"text": "b.jpg, drawn again", "url": "a.jpg"},
    ],
)
def test_of_several_texts_the_one_counts_on_which_was_drawn(bench: Bench, data: dict[str, Any]) -> None:
    bench.photo("a.jpg", "b.jpg").file("x.json", [task(data, square())]).made()
    assert list(bench.masks()) == ["a"]


def test_two_texts_that_name_a_photo_are_not_guessed_between(bench: Bench) -> None:
    bench.photo("a.jpg", "b.jpg").file("x.json", [task({"one": "a.jpg", "two": "b.jpg"}, square())])
    said = bench.refused()
    assert "a.jpg" in said
    assert "b.jpg" in said


@pytest.mark.parametrize("data", [{}, {"image": ["a.jpg", "b.jpg"]}, {"image": None}, {"text": 3}])
def test_a_task_without_a_single_photo_is_refused(bench: Bench, data: dict[str, Any]) -> None:
    assert "name no photo" in bench.photo("a.jpg").file("x.json", [task(data, square())]).refused()


def test_outline_and_label_in_two_entries(bench: Bench) -> None:
    painted = np.zeros((HIGH, WIDE), np.bool_)
    painted[20:25, 30:39] = True
    strokes = encode_brush(painted, runs=True)
    entries = [
        region("polygon", None, "x", points=SQUARE),
        region("labels", ["leaf"], "x", points=SQUARE),
        region("labels", ["stem"], "y", rle=strokes),
        region("brush", None, "y", rle=strokes),
        {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right"},
        region("choices", ["wet"], "x", points=SQUARE),
        region("textarea", None, "y", text=["a note"]),
    ]
    mask = bench.photo("a.jpg").file("x.json", [task("a.jpg", *entries)]).mask()
    assert_mask(mask, (1, INSIDE), (2, painted))


@pytest.mark.parametrize(
    "lost",
    [
        region("polygon", None, "x", points=SQUARE),
        region("polygonlabels", None, "x", points=SQUARE),
        region("polygonlabels", [], "x", points=SQUARE),
        region("polygonlabels", [None], "x", points=SQUARE),
        region("polygonlabels", [" "], "x", points=SQUARE),
        region("brush", None, "x", rle=encode_brush(np.ones((HIGH, WIDE), np.bool_), runs=True)),
        region("rectangle", None, "x", x=1, y=1, width=5, height=5, rotation=0),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_region_without_a_label_is_refused(bench: Bench, lost: dict[str, Any], beside: bool) -> None:
    regions = [lost, square()] if beside else [lost]
    said = bench.photo("a.jpg").file("x.json", [task("a.jpg", *regions)]).refused()
    assert "task 1: a region has no label" in said


def test_several_labels_are_refused_and_the_same_twice_is_one(bench: Bench) -> None:
    two = region("polygonlabels", ["leaf", "stem"], points=SQUARE)
    assert "2 labels (leaf, stem)" in bench.photo("a.jpg").file("x.json", [task("a.jpg", two)]).refused()
    same = region("polygonlabels", ["leaf", "leaf "], points=SQUARE)
    assert bench.file("x.json", [task("a.jpg", same)]).made().names == ("background", "leaf")


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        (
            region("rectanglelabels", ["leaf"], x=25.3, y=20.7, width=30.2, height=15.9, rotation=0),
            box(10.12, 6.21, 22.2, 10.98),
        ),
        (
            region("rectanglelabels", ["leaf"], x=25.3, y=20.7, width=30.2, height=15.9, rotation=31),
            turned_box((10.12, 6.21), 10.12, 6.21, 22.2, 10.98, 31),
        ),
        (
            region("ellipselabels", ["leaf"], x=50.3, y=50.2, radiusX=20.1, radiusY=30.3),
            ellipse(20.12, 15.06, 8.04, 9.09),
        ),
        (
            region("ellipselabels", ["leaf"], x=50.3, y=50.2, radiusX=30.1, radiusY=10.3, rotation=25),
            ellipse(20.12, 15.06, 12.04, 3.09, 25),
        ),
        (
            region("polygonlabels", ["leaf"], points=[[10.1, 20.3], [80.7, 30.4], [40.2, 90.6]]),
            polygon((4.04, 6.09), (32.28, 9.12), (16.08, 27.18)),
        ),
    ],
)
def test_each_kind_of_region_pixel_by_pixel(bench: Bench, value: dict[str, Any], inside: np.ndarray) -> None:
    assert_mask(bench.photo("a.jpg").file("x.json", [task("a.jpg", value)]).mask(), (1, inside))


@pytest.mark.parametrize("runs", [True, False])
def test_a_brush_stroke_keeps_its_place(bench: Bench, runs: bool) -> None:
    painted = np.zeros((HIGH, WIDE), np.bool_)
    painted[7:9, 13:29] = painted[3, 39] = painted[29, 0] = True
    value = region("brushlabels", ["leaf"], format="rle", rle=encode_brush(painted, runs))
    assert_mask(bench.photo("a.jpg").file("x.json", [task("a.jpg", value)]).mask(), (1, painted))


@pytest.mark.parametrize("rle", [[], [1, 2, 3], [300] * 40, ["a"], "text", None, [255] * 60])
def test_a_broken_brush_stroke_is_refused(bench: Bench, rle: Any) -> None:
    said = bench.photo("a.jpg").file("x.json", [task("a.jpg", region("brushlabels", ["leaf"], rle=rle))]).refused()
    assert "not as Label Studio writes it" in said


def test_key_points_beside_an_outline_are_passed_over_and_counted(bench: Bench) -> None:
    point = region("keypointlabels", ["leaf"], "k", x=30, y=30, width=1)
    made = bench.photo("a.jpg").file("x.json", [task("a.jpg", point, square())]).made()
    assert_mask(*bench.masks().values(), (1, INSIDE))
    assert any("points beside their outlines: 1" in remark for remark in made.remarks)


@pytest.mark.parametrize(
    ("region_", "said"),
    [
        (region("vectorlabels", ["leaf"], vertices=[]), "unknown here"),
        (region("polygonlabels", ["leaf"], points=[[1, 1], [9, 9]]), "without an area"),
        (region("polygonlabels", ["leaf"], points=[[1, 1], [float("nan"), 9], [3, 4]]), "no place on a photo"),
        (region("polygonlabels", ["leaf"], points=[[1, 1], [float("inf"), 9], [3, 4]]), "no place on a photo"),
        (region("polygonlabels", ["leaf"], points=[[110, 1], [120, 9], [130, 4]]), "outside the photo"),
        (region("polygonlabels", ["leaf"], points=[[1, 1], ["x", 9], [3, 4]]), "not as Label Studio writes it"),
        (region("rectanglelabels", ["leaf"], x=1, y=1), "not as Label Studio writes it"),
        (square() | {"original_width": WIDE + 1}, f"was drawn on {WIDE + 1}x{HIGH}"),
        (square() | {"original_width": None}, "not as Label Studio writes it"),
        (square() | {"image_rotation": 90}, "turned by 90 degrees"),
        ({"id": "x"}, "not as Label Studio writes it"),
    ],
)
def test_a_region_that_cannot_be_drawn_is_refused(bench: Bench, region_: dict[str, Any], said: str) -> None:
    assert said in bench.photo("a.jpg").file("x.json", [task("a.jpg", region_)]).refused()


def test_of_several_annotations_the_truth_or_the_newest_counts(bench: Bench) -> None:
    def by(label: str, when: str, **more: Any) -> dict[str, Any]:
        return {"result": [square(label)], "updated_at": when} | more

    several = [by("old", "2024-01-02"), by("new", "2024-03-01"), by("cancelled", "2025-01-01", was_cancelled=True)]
    truth = [by("truth", "2023-01-01", ground_truth=True), *several]
    tasks = [task("a.jpg", annotations=several), task("b.jpg", annotations=truth) | {"id": 2}]
    made = bench.photo("a.jpg", "b.jpg", "c.jpg", "d.jpg").file("x.json", tasks).made()
    assert made.names == ("background", "new", "truth")
    assert any("annotated several times" in remark and ": 2" in remark for remark in made.remarks)


def test_what_was_skipped_or_only_predicted_is_unlabelled_and_counted(bench: Bench) -> None:
    tasks = [
        task("a.jpg", square()),
        task("b.jpg", annotations=[{"result": [square()], "was_cancelled": True}]),
        task("c.jpg", annotations=[], predictions=[{"result": [square("guess")]}]),
        task("d.jpg", annotations=[]),
        task("e.jpg"),
    ]
    made = bench.photo("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg").file("x.json", tasks).made()
    assert (made.masks, made.unlabeled, made.names) == (2, 3, ("background", "leaf"))
    assert not bench.masks()["e"].any(), "submitted without a region: background"
    assert [": 1 (" in remark for remark in made.remarks] == [True, True]


def test_an_empty_export_says_so_with_what_was_passed_over(bench: Bench) -> None:
    assert "no photo is annotated" in bench.photo("a.jpg").file("x.json", []).refused()
    predicted = task("a.jpg", annotations=[], predictions=[{"result": [square()]}])
    assert "predictions only" in bench.file("x.json", [predicted]).refused()


def test_all_faults_are_told_at_once(bench: Bench) -> None:
    tasks = [
        task("a.jpg", region("polygonlabels", [], points=SQUARE)),
        task("b.jpg", square("")) | {"id": 2},
        task("z.jpg", square()) | {"id": 3},
        task("c.jpg", region("polygonlabels", ["leaf"], points=[[200, 1], [210, 9], [230, 4]])) | {"id": 4},
    ]
    said = bench.photo("a.jpg", "b.jpg", "c.jpg").file("x.json", tasks).refused()
    assert "4 faults of 3 kinds" in said
    assert "task 1: a region has no label (and 1 more: task 2)" in said
    assert "z.jpg" in said
    assert "outside the photo" in said


def test_the_short_export_is_named(bench: Bench) -> None:
    short = [{"id": 1, "annotation_id": 3, "image": "/data/upload/1/0123abcd-a.jpg", "label": []}]
    said = bench.photo("a.jpg").file("x.json", short).refused()
    assert "JSON-MIN" in said
    assert said.endswith("export it as JSON")
