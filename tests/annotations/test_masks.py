"""Masks that are there already: palettes, grey values and colours, and what says what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmtutorial.datasets.classes import voc_palette
from tests.annotations.raster import HIGH, WIDE, Bench, assert_mask, polygon

LEAF = polygon((5.3, 4.2), (30.1, 8.4), (12.7, 25.6))
STEM = polygon((25.1, 15.2), (39.1, 18.4), (32.7, 29.6))
BOTH = ((1, LEAF), (2, STEM))


def ids(leaf: int = 1, stem: int = 2, rest: int = 0) -> np.ndarray:
    mask = np.full((HIGH, WIDE), rest, np.uint8)
    mask[LEAF] = leaf
    mask[STEM] = stem
    return mask


def palette(mask: np.ndarray, colours: list[int] | None = None) -> Image.Image:
    picture = Image.fromarray(mask)
    picture.putpalette(colours or [level for colour in voc_palette(256) for level in colour])
    return picture


def coloured(mask: np.ndarray) -> Image.Image:
    return palette(mask).convert("RGB")


LABELMAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nleaf:128,0,0::\nstem:0,128,0::\n"


@pytest.mark.parametrize("mask", [ids(), palette(ids()), Image.fromarray(ids()).convert("RGB")])
def test_ids_without_names(bench: Bench, mask: np.ndarray | Image.Image) -> None:
    made = bench.photo("a.jpg", "b.jpg").file("a.png", mask).made()
    assert (made.names, made.unlabeled) == (("background", "class 1", "class 2"), 1)
    assert_mask(*bench.masks().values(), *BOTH)


def test_ids_are_named_by_the_command_line_and_255_is_void(bench: Bench) -> None:
    made = bench.photo("a.jpg").file("a.png", ids(1, 255)).made(classes=("leaf", "stem"))
    assert made.names == ("background", "leaf", "stem")
    assert_mask(*bench.masks().values(), (1, LEAF), (255, STEM))


def test_ids_keep_their_order_beyond_nine(bench: Bench) -> None:
    made = bench.photo("a.jpg").file("a.png", ids(9, 10)).made()
    assert made.names == ("background", "class 9", "class 10")
    assert_mask(*bench.masks().values(), *BOTH)


@pytest.mark.parametrize(
    ("name", "text", "mask"),
    [
        ("labelmap.txt", LABELMAP, coloured(ids())),
        ("labelmap.txt", LABELMAP, palette(ids())),
        # A palette in another order: what counts is the colour.
        ("labelmap.txt", LABELMAP, palette(ids(7, 5), [0] * 15 + [0, 128, 0, 9, 9, 9, 128, 0, 0] + [0] * 744)),
        ("label_colors.txt", "0 0 0 background\n128 0 0\tleaf\n0 128 0 stem\n", coloured(ids())),
        ("_classes.csv", "Pixel Value, Class\n0, background\n1, leaf\n2, stem\n", ids()),
        ("class_names.txt", "_background_\nleaf\nstem\n", palette(ids())),
        ("labels.txt", "__ignore__\n_background_\nleaf\nstem\n", palette(ids())),
        ("classes.txt", "leaf\nstem\n", palette(ids())),
        ("classes.txt", "\ufeffbackground\r\nleaf\r\nstem\r\n", palette(ids())),
    ],
)
def test_what_a_file_says_of_the_values(bench: Bench, name: str, text: str, mask: np.ndarray | Image.Image) -> None:
    made = bench.photo("a.jpg").file("SegmentationClass/a.png", mask).file(name, text).made(form="masks")
    assert made.names == ("background", "leaf", "stem")
    assert_mask(*bench.masks().values(), *BOTH)


def test_a_folder_in_the_likeness_of_pascal_voc(bench: Bench) -> None:
    bench.photo("a.jpg", "sub/b.jpg").file("class_names.txt", "_background_\nleaf\nstem\n")
    bench.file("SegmentationClass/a.png", palette(ids())).file("SegmentationClass/b.png", palette(ids(2, 255)))
    bench.file("SegmentationObject/a.png", palette(ids(9, 8))).file("ImageSets/Segmentation/default.txt", "a\nb\n")
    bench.file("Annotations/a.xml", "<annotation><object/></annotation>").file("JPEGImages/a.jpg", b"")
    assert bench.made().masks == 2
    assert_mask(bench.masks()["a"], *BOTH)
    assert_mask(bench.masks()["b"], (2, LEAF), (255, STEM))


def test_masks_beside_their_photos(bench: Bench) -> None:
    bench.photo("train/a.jpg", "valid/a.jpg")
    bench.export = bench.photos
    bench.file("train/_classes.csv", "Pixel Value, Class\n0, background\n1, leaf\n2, stem\n")
    bench.file("train/a_mask.png", ids()).file("valid/a_mask.png", ids(2, 1))
    made = bench.made()
    assert (made.masks, made.unlabeled, made.names) == (2, 0, ("background", "leaf", "stem"))
    assert_mask(bench.masks()["train_a"], *BOTH)
    assert_mask(bench.masks()["valid_a"], (2, LEAF), (1, STEM))


@pytest.mark.parametrize("ending", ["_mask", "-label", " seg", "_gt"])
def test_what_programs_add_to_names(bench: Bench, ending: str) -> None:
    bench.photo("a.jpg").file(f"a{ending}.png", ids()).made()
    assert list(bench.masks()) == ["a"]


def test_black_and_white_masks(bench: Bench) -> None:
    made = bench.photo("a.jpg").file("a.png", ids(255, 255)).made(classes=("leaf",))
    assert_mask(*bench.masks().values(), (1, LEAF | STEM))
    assert any("255 was taken for the object" in remark for remark in made.remarks)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.png": coloured(ids())}, "labelmap.txt"),
        ({"a.png": coloured(ids()), "labelmap.txt": LABELMAP.replace("stem:0,128,0::\n", "")}, "colour (0, 128, 0)"),
        ({"a.png": ids(1, 7), "classes.txt": "background\nleaf\nstem"}, "id 7"),
        ({"a.png": np.zeros((3, 3), np.uint8)}, "was drawn on 3x3"),
        ({"a.png": b"no picture"}, "cannot read mask"),
        ({"b.png": ids()}, "put it there"),
    ],
)
def test_what_is_wrong_is_said(bench: Bench, files: dict[str, object], said: str) -> None:
    bench.photo("a.jpg")
    for name, value in files.items():
        bench.file(name, value)
    assert said in bench.refused(form="masks")


def test_more_ids_than_names_on_the_command_line_are_refused(bench: Bench) -> None:
    assert "id 2" in bench.photo("a.jpg").file("a.png", ids()).refused(classes=("leaf",))


@pytest.mark.parametrize("folder", ["masks/", "SegmentationClass/"])
def test_a_folder_of_masks_is_taken_whole(bench: Bench, folder: str) -> None:
    bench.photo("a.jpg", "my_label.jpg", "x_seg.jpg")
    for name in ("a", "my_label", "x_seg"):
        bench.file(f"{folder}{name}.png", ids())
    assert (bench.made().unlabeled, len(bench.masks())) == (0, 3)


def test_pictures_taken_for_photos_are_told(bench: Bench) -> None:
    bench.photo("a.jpg", "b.jpg").file("a_mask.png", ids()).file("b.png", ids())
    made = bench.made()
    assert (made.masks, made.unlabeled) == (1, 1)
    assert any("taken for photos" in remark and "b.png" in remark for remark in made.remarks)


def test_blurred_edges_make_no_classes(bench: Bench) -> None:
    blurred = ids(255, 255)
    blurred[10, 10:30] = np.arange(5, 245, 12)
    said = bench.photo("a.jpg").file("a.png", blurred).refused()
    assert "grey levels" in said
    assert "name every value" in said
    assert bench.file("a.png", ids(128, 128)).made().names == ("background", "class 128")


def test_a_name_given_twice_makes_no_class_of_two(bench: Bench) -> None:
    assert "'leaf' twice" in bench.photo("a.jpg").file("a.png", ids()).file("classes.txt", "leaf\nleaf\n").refused()
