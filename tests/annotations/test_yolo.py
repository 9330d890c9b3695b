"""YOLO: outlines in parts of the sides, the names of their classes, and the folders that programs make."""

from __future__ import annotations

from typing import Any

import pytest

from tests.annotations.raster import HIGH, WIDE, Bench, assert_mask, box, polygon

POINTS = ((0.13, 0.14), (0.77, 0.29), (0.31, 0.88))
INSIDE = polygon(*((x * WIDE, y * HIGH) for x, y in POINTS))
LINE = "0 " + " ".join(f"{x} {y}" for x, y in POINTS) + "\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "leaf\nstem\n"),
        ("classes.txt", "\ufeffleaf\r\nstem\r\n\r\n"),
        ("data.yaml", "train: images\nnc: 2\nnames: ['leaf', 'stem']\n"),
        ("data.yaml", "names:\n- leaf\n- stem\n"),
        ("data.yml", "path: .\nnames:\n  0: leaf\n  1: stem\n"),
    ],
)
def test_outlines_and_boxes_pixel_by_pixel(bench: Bench, name: str, text: str) -> None:
    bench.photo("a.jpg", "b.jpg", "c.jpg").file(name, text).file("labels/a.txt", LINE + "1 0.5 0.5 0.21 0.32\n\n")
    bench.file("labels/b.txt", "")
    made = bench.made()
    assert (made.names, made.masks, made.unlabeled) == (("background", "leaf", "stem"), 2, 1)
    x, y, wide, high = 0.5 * WIDE, 0.5 * HIGH, 0.21 * WIDE, 0.32 * HIGH
    assert_mask(bench.masks()["a"], (1, INSIDE), (2, box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)))
    assert not bench.masks()["b"].any(), "an empty file says that there is nothing"
    assert any("boxes without an outline: 1" in remark for remark in made.remarks)


@pytest.mark.parametrize(
    ("photos", "labels"),
    [
        (("images/train/a.jpg", "images/val/a.jpg"), ("labels/train/a.txt", "labels/val/a.txt")),
        (("train/images/a.jpg", "valid/images/a.jpg"), ("train/labels/a.txt", "valid/labels/a.txt")),
        (("train/a.jpg", "val/a.jpg"), ("labels/train/a.txt", "labels/val/a.txt")),
        (("a.01.jpg", "a.02.jpg"), ("a.01.txt", "a.02.txt")),
    ],
)
def test_folders_as_programs_make_them(bench: Bench, photos: tuple[str, str], labels: tuple[str, str]) -> None:
    bench.photo(*photos).file("data.yaml", "names: [leaf, stem]").file("README.roboflow.txt", "0 of it")
    bench.file(labels[0], LINE).file(labels[1], LINE.replace("0 ", "1 ", 1)).file("notes.json", {"info": {}})
    assert bench.made().masks == 2
    first, second = bench.masks().values()
    assert_mask(first, (1, INSIDE))
    assert_mask(second, (2, INSIDE))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2 0.1 0.1 0.5 0.1 0.3 0.4", "class '2', where there are 0 to 1"),
        ("-1 0.1 0.1 0.5 0.1 0.3 0.4", "class '-1'"),
        ("leaf 0.1 0.1 0.5 0.1 0.3 0.4", "class 'leaf'"),
        ("0 0.1 0.1 0.5 0.1 0.3", "no pairs"),
        ("0 0.1 0.1", "without an area"),
        ("0", "without an area"),
        ("0 0.1 x 0.5 0.1 0.3 0.4", "not as a program for YOLO writes it"),
        ("0 nan 0.1 0.5 0.1 0.3 0.4", "no place on a photo"),
        ("0 10 10 20 10 15 20", "outside the photo"),
    ],
)
def test_a_line_that_cannot_be_drawn_is_refused(bench: Bench, line: str, said: str) -> None:
    bench.photo("a.jpg").file("classes.txt", "leaf\nstem").file("labels/a.txt", LINE + line)
    assert said in bench.refused()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({}, "no file tells the names"),
        ({"classes.txt": ""}, "no file tells the names"),
        ({"data.yaml": "names: [leaf"}, "cannot read"),
        ({"data.yaml": "names:\n  1: leaf\n"}, "number them 0, 1, 2"),
        ({"data.yaml": "- a\n"}, "cannot read"),
    ],
)
def test_names_that_are_missing_or_wrong(bench: Bench, names: dict[str, Any], said: str) -> None:
    bench.photo("a.jpg").file("labels/a.txt", LINE)
    for name, text in names.items():
        bench.file(name, text)
    assert said in bench.refused(form="yolo")


def test_a_label_without_a_photo_is_refused(bench: Bench) -> None:
    said = bench.photo("b.jpg").file("classes.txt", "leaf").file("labels/a.txt", LINE).refused()
    assert "put it there" in said


@pytest.mark.parametrize("folder", ["labels/", "labels/train/", ""])
def test_photos_that_are_called_as_lists_are(bench: Bench, folder: str) -> None:
    names = ("train", "val.1", "Names", "readme")
    bench.photo(*(f"{name}.jpg" for name in names)).file("data.yaml", "names: [leaf]").file("notes.txt", "by hand")
    for name in names:
        bench.file(f"{folder}{name}.txt", LINE)
    made = bench.made()
    assert (made.masks, made.unlabeled) == (4, 0)
    for mask in bench.masks().values():
        assert_mask(mask, (1, INSIDE))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("data.yaml", "names: leaf\n", "'leaf', which are no list"),
        ("data.yaml", "names: [leaf, leaf]\n", "names 'leaf' twice"),
        ("data.yaml", "names: [leaf, null]\n", "the name None, which is no text"),
        ("data.yaml", "names: [yes, no]\n", "the name True, which is no text"),
        ("data.yaml", "names:\n  0: leaf\n  2: stem\n", "number them 0, 1, 2"),
        ("classes.txt", "leaf\nleaf \n", "names 'leaf' twice"),
    ],
)
def test_names_that_would_make_other_classes(bench: Bench, name: str, text: str, said: str) -> None:
    assert said in bench.photo("a.jpg").file("labels/a.txt", LINE).file(name, text).refused()


def test_numbers_of_names_may_be_texts(bench: Bench) -> None:
    bench.photo("a.jpg").file("labels/a.txt", LINE.replace("0 ", "1 ", 1))
    assert bench.file("data.yaml", "names:\n  '1': stem\n  '0': 7\n").made().names == ("background", "stem")
