"""COCO: polygons and run lengths, held against pycocotools and against a slow drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as cocotools

from mmtutorial.annotations.run_lengths import coco_counts, unroll
from tests.annotations.raster import HIGH, WIDE, Bench, assert_mask, box, polygon

TRIANGLE = (5.3, 4.2, 30.1, 8.4, 12.7, 25.6)
INSIDE = polygon((5.3, 4.2), (30.1, 8.4), (12.7, 25.6))


def ring() -> np.ndarray:
    """A region with a hole and a part of its own."""
    inside = np.zeros((HIGH, WIDE), np.bool_)
    inside[3:20, 7:30] = inside[25, 38:] = True
    inside[8:12, 10:15] = False
    return inside


def compressed(inside: np.ndarray) -> dict[str, Any]:
    made = cocotools.encode(np.asfortranarray(inside.astype(np.uint8)))
    return {"size": list(made["size"]), "counts": made["counts"].decode()}


def counted(inside: np.ndarray) -> dict[str, Any]:
    """Run lengths down columns, counted one pixel at a time."""
    counts, last = [0], False
    for value in inside.T.ravel().tolist():
        if value != last:
            counts.append(0)
            last = value
        counts[-1] += 1
    return {"size": [HIGH, WIDE], "counts": counts}


def note(segmentation: Any, category: Any = 7, image: Any = 1, **more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": image, "category_id": category, "segmentation": segmentation, "iscrowd": 0} | more


def export(*annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "info": {},
        "images": [{"id": 1, "file_name": "a.jpg", "width": WIDE, "height": HIGH}],
        "categories": [{"id": 7, "name": "leaf", "supercategory": "plant"}, {"id": 90, "name": "stem"}],
        "annotations": list(annotations),
    } | more


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_compressed_run_lengths_are_those_of_pycocotools(height: int, width: int, seed: int, share: float) -> None:
    inside = np.random.default_rng(seed).random((height, width)) < share
    text = cocotools.encode(np.asfortranarray(inside.astype(np.uint8)))["counts"].decode()
    assert np.array_equal(unroll(coco_counts(text), (height, width), "F"), inside)


def test_long_runs() -> None:
    inside = np.zeros((3000, 2000), np.bool_)
    inside[:, 1500:] = True
    assert np.array_equal(unroll(coco_counts(compressed(inside)["counts"]), inside.shape, "F"), inside)


@pytest.mark.parametrize(
    ("segmentation", "layers"),
    [
        ([TRIANGLE], [INSIDE]),
        (TRIANGLE, [INSIDE]),
        ([[[5.3, 4.2], [30.1, 8.4], [12.7, 25.6]]], [INSIDE]),
        # Parts lie side by side, and where they overlap they are one.
        ([TRIANGLE, [6, 5, 20, 5, 20, 20, 6, 20]], [INSIDE | box(6, 5, 20, 20)]),
        (counted(ring()), [ring()]),
        (compressed(ring()), [ring()]),
    ],
)
@pytest.mark.parametrize("crowd", [0, 1])
def test_each_kind_of_outline_pixel_by_pixel(bench: Bench, segmentation: Any, layers: list[Any], crowd: int) -> None:
    bench.photo("a.jpg").file("x.json", export(note(segmentation, iscrowd=crowd)))
    assert_mask(bench.mask(), (1, layers[0]))


def test_a_polygon_is_pycocotools_but_for_its_edge(bench: Bench) -> None:
    mask = bench.photo("a.jpg").file("x.json", export(note([TRIANGLE]))).mask()
    theirs = cocotools.decode(cocotools.merge(cocotools.frPyObjects([list(TRIANGLE)], HIGH, WIDE))).astype(bool)
    differs = np.argwhere((mask == 1) != theirs)
    corners = np.array(TRIANGLE).reshape(-1, 2)
    for y, x in differs + 0.5:
        sides = [
            abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / np.hypot(bx - ax, by - ay)
            for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True)
        ]
        assert min(sides) < 1


def test_category_ids_are_names_not_ids_and_the_later_covers(bench: Bench) -> None:
    bench.photo("a.jpg").file("x.json", export(note([TRIANGLE], 90), note(counted(box(0, 0, 9, 9)), 7)))
    made = bench.made()
    assert made.names == ("background", "leaf", "stem")
    assert_mask(*bench.masks().values(), (2, INSIDE), (1, box(0, 0, 9, 9)))


def test_a_crowd_lies_below_what_is_outlined_one_by_one(bench: Bench) -> None:
    crowd = note(counted(box(0, 0, 30, 30)), 90, iscrowd=1)
    assert_mask(
        bench.photo("a.jpg").file("x.json", export(note([TRIANGLE]), crowd)).mask(), (2, box(0, 0, 30, 30)), (1, INSIDE)
    )


def test_a_box_without_an_outline_is_drawn_and_counted(bench: Bench) -> None:
    made = bench.photo("a.jpg").file("x.json", export(note([], bbox=[3.2, 4.4, 10.1, 5.5]))).made()
    assert_mask(*bench.masks().values(), (1, box(3.2, 4.4, 13.3, 9.9)))
    assert any("boxes without an outline: 1" in remark for remark in made.remarks)


def test_images_without_an_annotation_are_unlabelled_and_counted(bench: Bench) -> None:
    images = [{"id": name, "file_name": f"{name}.jpg", "width": WIDE, "height": HIGH} for name in "abc"]
    bench.photo("a.jpg", "b.jpg").file("x.json", export(note([TRIANGLE], image="a"), images=images))
    made = bench.made()
    assert (made.masks, made.unlabeled) == (1, 1)
    assert any("listed without an outline: 2" in remark for remark in made.remarks)


def test_splits_in_folders_each_with_a_file_of_its_own(bench: Bench) -> None:
    for split, values in (("train", [TRIANGLE]), ("valid", counted(box(1, 1, 5, 5)))):
        bench.photo(f"{split}/a.jpg").file(f"{split}/_annotations.coco.json", export(note(values)))
    bench.made()
    assert_mask(bench.masks()["train_a"], (1, INSIDE))
    assert_mask(bench.masks()["valid_a"], (1, box(1, 1, 5, 5)))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (export(note([TRIANGLE], 8)), "category 8, which is not listed"),
        (export(note([TRIANGLE], image=2)), "image 2, which is not listed"),
        (export(note([])), "has no outline"),
        (export(note(None)), "has no outline"),
        (export(note([[1, 2, 3, 4, 5]])), "no pairs"),
        (export(note([[1, 2, 3, 4]])), "without an area"),
        (export(note([["x", 2, 3, 4, 5, 6]])), "not as a program for COCO writes it"),
        (export(note([[float("nan"), 2, 3, 4, 5, 6]])), "no place on a photo"),
        (export(note([[50, 2, 60, 4, 55, 6]])), "outside the photo"),
        (export(note({"size": [HIGH, WIDE], "counts": [1, 2]})), "add up to 3 pixels"),
        (export(note({"size": [HIGH, WIDE], "counts": [-1, 1201]})), "not whole numbers"),
        (export(note({"size": [HIGH, WIDE], "counts": [0.5, 1199.5]})), "not whole numbers"),
        (export(note({"size": [HIGH, WIDE], "counts": []})), "not"),
        (export(note({"size": [HIGH, WIDE], "counts": "\x07"})), "the sign"),
        (export(note({"size": [HIGH, WIDE], "counts": "PP"})), "end too early"),
        (export(note({"size": [10**9, 10**9], "counts": [10**18]})), "of another size"),
        (export(note({"size": [3, 4], "counts": [0, 12]})), "of another size"),
        (export(note({"counts": [1200]})), "it lacks 'size'"),
        (
            export(note([TRIANGLE]), images=[{"id": 1, "file_name": "a.jpg", "width": 4, "height": 4}]),
            "was drawn on 4x4",
        ),
        (export(note([TRIANGLE]), images=[{"id": 1, "file_name": "z.jpg"}]), "z.jpg, which is not in"),
        (export(note([TRIANGLE]), images=[{"id": 1}]), "it lacks 'file_name'"),
        (export(note([TRIANGLE]), images=[{"id": 1, "file_name": "a.jpg"}] * 2), "two images have the same id"),
        (export(note([TRIANGLE]), categories=[{"id": 7, "name": ""}]), "a category has no label"),
        (export({"id": 1}), "it lacks 'image_id'"),
        (export(note([TRIANGLE]), images=[1]), "not as a program for COCO writes it"),
        (export(), "no photo is annotated"),
    ],
)
def test_what_is_wrong_is_said(bench: Bench, value: dict[str, Any], said: str) -> None:
    assert said in bench.photo("a.jpg").file("x.json", value).refused()


def test_a_photo_by_its_address(bench: Bench) -> None:
    value = export(note([list(TRIANGLE)]))
    value["images"][0]["file_name"] = "https://there/x/a%20b.jpg?size=1#top"
    assert bench.photo("a b.jpg").file("x.json", value).made().masks == 1


def test_swapped_run_lengths_are_one_fault(bench: Bench) -> None:
    swapped = {"size": [WIDE, HIGH], "counts": [WIDE * HIGH]}
    assert "faults of" not in bench.photo("a.jpg").file("x.json", export(note(swapped))).refused()
