"""VIA: projects and exports of both versions, and the attribute that holds the class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.annotations.raster import Bench, assert_mask, box, ellipse, polygon

INSIDE = polygon((5.3, 4.2), (30.1, 8.4), (12.7, 25.6))
POLYGON = {"name": "polygon", "all_points_x": [5.3, 30.1, 12.7], "all_points_y": [4.2, 8.4, 25.6]}


def region(shape: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": attributes or {"class": "leaf"}}


def files(*regions: Any, name: str = "a.jpg") -> dict[str, Any]:
    return {f"{name}123": {"filename": name, "size": 123, "regions": list(regions), "file_attributes": {}}}


def project(*regions: Any, name: str = "a.jpg") -> dict[str, Any]:
    return {"_via_settings": {}, "_via_img_metadata": files(*regions, name=name), "_via_attributes": {"region": {}}}


@pytest.mark.parametrize("whole", [files, project])
@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        (POLYGON, INSIDE),
        ({"name": "rect", "x": 3.2, "y": 4.4, "width": 10.1, "height": 5.5}, box(3.2, 4.4, 13.3, 9.9)),
        ({"name": "circle", "cx": 20.1, "cy": 15.2, "r": 8.3}, ellipse(20.1, 15.2, 8.3, 8.3)),
        ({"name": "ellipse", "cx": 20.1, "cy": 15.2, "rx": 9.3, "ry": 4.6}, ellipse(20.1, 15.2, 9.3, 4.6)),
        (
            {"name": "ellipse", "cx": 20.1, "cy": 15.2, "rx": 12.3, "ry": 4.6, "theta": math.radians(40)},
            ellipse(20.1, 15.2, 12.3, 4.6, 40),
        ),
    ],
)
def test_each_kind_of_shape_pixel_by_pixel(bench: Bench, whole: Any, shape: Any, inside: np.ndarray) -> None:
    assert_mask(bench.photo("a.jpg").file("x.json", whole(region(shape))).mask(), (1, inside))


def test_regions_of_version_1_and_boxes_that_are_ticked(bench: Bench) -> None:
    value = files()
    value["a.jpg123"]["regions"] = {"0": region(POLYGON, kind={"leaf": True, "stem": False})}
    assert bench.photo("a.jpg").file("x.json", value).made().names == ("background", "leaf")


@pytest.mark.parametrize(
    ("attributes", "words", "name"),
    [
        ({"whatever": "leaf"}, {}, "leaf"),
        ({"quality": "good", "Class": "leaf"}, {}, "leaf"),
        ({"name": "x", "type": "leaf"}, {"attribute": "type"}, "leaf"),
    ],
)
def test_the_attribute_that_holds_the_class(bench: Bench, attributes: Any, words: Any, name: str) -> None:
    bench.photo("a.jpg").file("x.json", project(region(POLYGON, **attributes)))
    assert bench.made(**words).names == ("background", name)


def test_points_and_photos_without_regions(bench: Bench) -> None:
    point = region({"name": "point", "cx": 1, "cy": 1})
    bench.photo("a.jpg", "b.jpg").file("x.json", files(point, region(POLYGON)) | files(name="b.jpg"))
    made = bench.made()
    assert (made.masks, made.unlabeled, len(made.remarks)) == (1, 1, 2)


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ([region(POLYGON, name="x", type="y")], "--attribute NAME"),
        ([region(POLYGON, one="x", two="y")], "one, two"),
        (
            [region(POLYGON, kind="leaf"), {"shape_attributes": POLYGON, "region_attributes": {}}],
            "a region has no label",
        ),
        ([region(POLYGON, kind={"leaf": True, "stem": True})], "2 labels"),
        ([region(POLYGON, kind="")], "a region has no label"),
        ([region({"name": "polyline", "all_points_x": [1, 2], "all_points_y": [1, 2]})], "a polyline, without an area"),
        ([region({"name": "point", "cx": 1, "cy": 1})], "nothing but points"),
        ([region({"name": "star"})], "unknown here (star)"),
        ([region(POLYGON | {"all_points_x": [1, 2]})], "not as VIA writes it"),
        ([region({"name": "circle", "cx": 1})], "it lacks 'cy'"),
        ([region({"name": "circle", "cx": 90, "cy": 1, "r": 3})], "outside the photo"),
        ([region({"name": "circle", "cx": float("nan"), "cy": 1, "r": 3})], "no place on a photo"),
        ([3], "not as VIA writes it"),
        ([], "no photo is annotated"),
    ],
)
def test_what_is_wrong_is_said(bench: Bench, regions: list[Any], said: str) -> None:
    assert said in bench.photo("a.jpg").file("x.json", project(*regions)).refused()
