"""labelme: shapes of every kind, labels as people write them, and photos under the names they have."""

from __future__ import annotations

import base64
import io
import json
import unicodedata
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmtutorial.annotations import convert
from mmtutorial.errors import InputError
from tests.annotations.raster import HIGH, WIDE, Bench, assert_mask, box, ellipse, polygon, write_photo

TRIANGLE = ((5.3, 4.2), (30.1, 8.4), (12.7, 25.6))
INSIDE = polygon(*TRIANGLE)


def shape(label: Any, *points: Any, kind: str = "polygon", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": [list(point) for point in points], "shape_type": kind, **more}


def file(photo: Any, *shapes: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "5.5.0",
        "imagePath": photo,
        "imageWidth": WIDE,
        "imageHeight": HIGH,
        "shapes": list(shapes),
    } | more


def png(inside: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(inside).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


HOOK = np.array([[1, 0, 0], [1, 1, 1]], np.bool_)


@pytest.mark.parametrize(
    ("drawn", "inside"),
    [
        (shape("leaf", *TRIANGLE), INSIDE),
        (shape("leaf", *TRIANGLE) | {"shape_type": None}, INSIDE),
        (shape("leaf", (30.2, 20.6), (10.4, 5.7), kind="rectangle"), box(10.4, 5.7, 30.2, 20.6)),
        (shape("leaf", (9, 5), (30, 5), (30, 9), (9, 9), kind="rectangle"), box(9, 5, 30, 9)),
        (shape("leaf", (20.3, 15.2), (20.3, 9.1), kind="circle"), ellipse(20.3, 15.2, 6.1, 6.1)),
        (shape("leaf", *TRIANGLE, (7, 7), kind="oriented_rectangle"), polygon(*TRIANGLE, (7, 7))),
    ],
)
def test_each_kind_of_shape_pixel_by_pixel(bench: Bench, drawn: dict[str, Any], inside: np.ndarray) -> None:
    assert_mask(bench.photo("a.jpg").file("a.json", file("a.jpg", drawn)).mask(), (1, inside))


@pytest.mark.parametrize(("x", "column"), [(0.7, 1), (0.4, 0), (12.0, 12), (36.6, 37), (-0.7, -1)])
def test_a_painted_mask_begins_at_the_nearest_pixel(bench: Bench, x: float, column: int) -> None:
    drawn = shape("leaf", (x, 3.6), (x + 2, 4.6), kind="mask", mask=png(HOOK))
    expected = np.zeros((HIGH, WIDE + 1), np.bool_)
    expected[4:6, max(column, 0) : column + 3] = HOOK[:, max(-column, 0) :]
    assert_mask(bench.photo("a.jpg").file("a.json", file("a.jpg", drawn)).mask(), (1, expected[:, :WIDE]))


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (shape("leaf", (1, 1), (9, 9), kind="line"), "a line, without an area"),
        (shape("leaf", (1, 1), (9, 9), (9, 1), kind="linestrip"), "a linestrip, without an area"),
        (shape("leaf", (1, 1), kind="point"), "nothing but points"),
        (shape("leaf", (1, 1), (9, 9)), "2 points, without an area"),
        (shape("leaf"), "0 points, without an area"),
        (shape("leaf", (1, 1), (9, 9), kind="star"), "unknown here (star)"),
        (shape("leaf", (1, 1), (2, 2), (3, 3), kind="rectangle"), "not as labelme writes it"),
        (shape("leaf", (1, 1), kind="circle"), "not as labelme writes it"),
        (shape("leaf", (1, 1), (9, 9), kind="mask"), "not as labelme writes it"),
        (shape("leaf", (1, 1), (9, 9), kind="mask", mask="no picture"), "not as labelme writes it"),
        (
            shape("leaf", (1, 1), (9, 9), kind="mask", mask=png(np.ones((HIGH + 1, 3), np.bool_))),
            "larger than its photo",
        ),
        (shape("leaf", (41, 1), (49, 1), (45, 9)), "outside the photo"),
        (shape("leaf", (1, -9), (9, -9), (5, -1)), "outside the photo"),
        (shape("leaf", (50, 1), (51, 9), kind="mask", mask=png(HOOK)), "outside the photo"),
        (shape("leaf", (float("nan"), 1), (9, 1), (5, 9)), "nan, no place on a photo"),
        (shape("leaf", (1, 1), (9, float("inf")), kind="rectangle"), "no place on a photo"),
        (shape("leaf", (1, 1), (9, float("nan")), kind="circle"), "no place on a photo"),
        (shape("leaf", (1, 1), (1e12, 1), (5, 9)), "no place on a photo"),
        (shape("leaf", (1, float("inf")), (5, 9), kind="mask", mask=png(HOOK)), "not as labelme writes it"),
        (shape("leaf", (1, 1, 1), (9, 1), (5, 9)), "not as labelme writes it"),
        (shape("", *TRIANGLE), "has no label"),
        (shape("  ", *TRIANGLE), "has no label"),
        (shape(None, *TRIANGLE), "has no label"),
        (shape(["leaf"], *TRIANGLE), "is no text"),
        (shape("le\x07af", *TRIANGLE), "cannot be shown"),
        (shape("le\ud800af", *TRIANGLE), "cannot be shown"),
        ("leaf", "not as labelme writes it"),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_shape_that_cannot_be_drawn_is_refused(bench: Bench, drawn: Any, said: str, beside: bool) -> None:
    if beside and said == "nothing but points":
        made = bench.photo("a.jpg").file("a.json", file("a.jpg", drawn, shape("leaf", *TRIANGLE))).made()
        assert any("points beside" in remark for remark in made.remarks)
        return
    shapes = [shape("leaf", *TRIANGLE), drawn] if beside else [drawn]
    assert said in bench.photo("a.jpg").file("a.json", file("a.jpg", *shapes)).refused()


@pytest.mark.parametrize(
    "whole",
    [
        file(None),
        file(7),
        file("a.jpg", imageWidth=float("nan")),
        file("a.jpg", imageHeight=-3),
        file("a.jpg", imageHeight="high"),
        file("a.jpg") | {"shapes": {}},
        file("a.jpg") | {"shapes": None},
    ],
)
def test_a_file_that_labelme_did_not_write_is_refused(bench: Bench, whole: dict[str, Any]) -> None:
    assert "not as labelme writes it" in bench.photo("a.jpg").file("a.json", whole).refused()


@pytest.mark.parametrize("side", ["imageWidth", "imageHeight"])
def test_a_photo_of_another_size_is_refused(bench: Bench, side: str) -> None:
    assert (
        "was drawn on"
        in bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE), **{side: 9})).refused()
    )


def test_a_photo_is_turned_upright_before_it_is_drawn_on(bench: Bench) -> None:
    exif = Image.Exif()
    exif[274] = 6
    write_photo(bench.photos / "a.jpg", size=(HIGH, WIDE), exif=exif)
    assert_mask(bench.file("a.json", file("a.jpg", shape("leaf", *TRIANGLE))).mask(), (1, INSIDE))


def test_what_reaches_beyond_the_photo_is_cut_off_and_counted(bench: Bench) -> None:
    outline = ((-8.2, 4.3), (12.1, -6.4), (55.5, 40.2))
    made = bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", *outline))).made()
    assert_mask(*bench.masks().values(), (1, polygon(*outline)))
    assert any("cut off" in remark for remark in made.remarks)


def test_a_shape_too_small_for_a_pixel_is_counted(bench: Bench) -> None:
    tiny = shape("dot", (5.1, 5.1), (5.3, 5.1), (5.2, 5.3))
    made = bench.photo("a.jpg").file("a.json", file("a.jpg", tiny, shape("leaf", *TRIANGLE))).made()
    assert any("too small" in remark and "'dot'" in remark for remark in made.remarks)


@pytest.mark.parametrize(
    ("label", "value"),
    [
        *(
            (label, 255)
            for label in ("void", "Void", "VOID", "ignore", "unlabeled", "unlabelled", "__ignore__", " Ignore ")
        ),
        *((label, 0) for label in ("background", "_background_", "Background ", "__background__")),
        *((label, 1) for label in ("leaf", "leaf ", "\tleaf\n")),
    ],
)
def test_labels_as_people_write_them(bench: Bench, label: str, value: int) -> None:
    below = shape("leaf", (0, 0), (40, 0), (40, 30), (0, 30))
    bench.photo("a.jpg").file("a.json", file("a.jpg", below, shape(label, *TRIANGLE)))
    made = bench.made()
    assert made.names == ("background", "leaf")
    (mask,) = bench.masks().values()
    assert mask.tolist() == np.where(INSIDE, value, 1).tolist()


def test_labels_that_differ_by_capitals_are_pointed_out(bench: Bench) -> None:
    made = bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE), shape("Leaf", *TRIANGLE))).made()
    assert made.names == ("background", "Leaf", "leaf")
    assert any("capital letters" in remark for remark in made.remarks)


def test_classes_are_sorted_by_number_as_well(bench: Bench) -> None:
    shapes = [shape(f"leaf {number}", *TRIANGLE) for number in (10, 9, 1)]
    assert bench.photo("a.jpg").file("a.json", file("a.jpg", *shapes)).made().names[1:] == (
        "leaf 1",
        "leaf 9",
        "leaf 10",
    )


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (("leaf", "leaf"), "twice"),
        (("leaf", "leaf "), "twice"),
        (("leaf", " "), "has no label"),
        ((), "no class"),
        (("background", "void"), "no class"),
        (("stem",), "'leaf' is not among the classes stem"),
        (tuple(f"c{number}" for number in range(255)), "255"),
    ],
)
def test_wrong_classes_are_refused(bench: Bench, classes: tuple[str, ...], said: str) -> None:
    assert said in bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE))).refused(classes=classes)


def test_classes_may_name_background_and_void_as_labelme_s_list_does(bench: Bench) -> None:
    bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE), shape("void", (0, 0), (2, 0), (0, 2))))
    made = bench.made(classes=("stem", "__ignore__", "_background_", "leaf"))
    assert made.names == ("background", "stem", "leaf")


@pytest.mark.parametrize(("count", "fits"), [(254, True), (255, False), (300, False)])
def test_as_many_classes_as_a_mask_can_hold(bench: Bench, count: int, fits: bool) -> None:
    bars = [shape(f"leaf-{n}", (0, 0), (40, 0), (40, 30), (0, 30)) for n in range(count)]
    bench.photo("a.jpg").file("a.json", file("a.jpg", *bars))
    if fits:
        assert np.unique(bench.mask()).tolist() == [254]
    else:
        said = bench.refused()
        assert str(count) in said
        assert "254" in said


@pytest.mark.parametrize(
    ("text", "photo"),
    [
        ("..\\photos\\a.jpg", "a.jpg"),
        ("C:\\Users\\me\\photos\\a.jpg", "a.jpg"),
        ("../photos/a.jpg", "a.jpg"),
        ("a.JPG", "a.jpg"),
        ("A.jpg", "a.jpg"),
        ("a.jpg", "sub/a.jpg"),
        ("x\\a.jpg", "x/a.jpg"),
        (unicodedata.normalize("NFC", "Blätter.jpg"), unicodedata.normalize("NFD", "Blätter.jpg")),
        (unicodedata.normalize("NFD", "Blätter.jpg"), unicodedata.normalize("NFC", "Blätter.jpg")),
        ("a.heic", "a.jpg"),
        ("a.jpg", "a.webp"),
        ("a%20b.jpg", "a b.jpg"),
        ("a.01.jpg", "a.01.png"),
    ],
)
def test_the_photo_is_found(bench: Bench, text: str, photo: str) -> None:
    made = bench.photo(photo, "other.jpg").file("x.json", file(text, shape("leaf", *TRIANGLE))).made()
    assert (made.masks, made.unlabeled) == (1, 1)
    assert_mask(*bench.masks().values(), (1, INSIDE))


@pytest.mark.parametrize(
    ("text", "photo"), [("x/a.jpg", "y/a.jpg"), ("a.01.jpg", "a.jpg"), ("a", "ab.jpg"), ("", "a.jpg")]
)
def test_another_photo_is_not_taken_for_it(bench: Bench, text: str, photo: str) -> None:
    said = bench.photo(photo, "other.jpg").file("x.json", file(text, shape("leaf", *TRIANGLE))).refused()
    assert "put it there" in said


def test_the_name_as_it_stands_comes_before_another_suffix_or_capitals(bench: Bench) -> None:
    bench.photo("a.JPG", "B.jpg", "b.jpg").file("x.json", file("b.jpg", shape("leaf", *TRIANGLE)))
    bench.made()
    assert list(bench.masks()) == ["b"]


def test_photos_of_one_name_in_two_folders(bench: Bench) -> None:
    bench.photo("x/a.jpg", "y/a.jpg", "y/b.jpg")
    bench.file("x/a.json", file("a.jpg", shape("leaf", *TRIANGLE)))
    bench.file("y/a.json", file("../../photos/y/a.jpg", shape("stem", *TRIANGLE)))
    assert bench.made().unlabeled == 1
    assert {name: mask.max() for name, mask in bench.masks().items()} == {"x_a": 1, "y_a": 2}
    assert sorted(path.name for path in (bench.folder / "out").rglob("*.jpg")) == ["b.jpg", "x_a.jpg", "y_a.jpg"]


@pytest.mark.parametrize(
    "names",
    [
        ("a.jpg", "a.png"),
        ("x_a.jpg", "x/a.jpg", "y/a.jpg"),
        (unicodedata.normalize("NFC", "ä.jpg"), unicodedata.normalize("NFD", "ä.jpg")),
    ],
)
def test_two_photos_whose_masks_would_have_one_name_are_refused(bench: Bench, names: tuple[str, ...]) -> None:
    said = bench.photo(*names).file("x.json", file(names[0], shape("leaf", *TRIANGLE))).refused()
    assert all(name in said for name in names[:2])
    assert "rename one" in said


def test_litter_is_passed_over_and_strange_files_are_counted(bench: Bench) -> None:
    bench.photo("a.jpg", "sub/b.TIF", "c.webp", "d.bmp").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE)))
    for name in (
        "._a.jpg",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "__MACOSX/a.jpg",
        ".cache/z.jpg",
        "e.heic",
        "notes.txt",
    ):
        (bench.photos / name).parent.mkdir(exist_ok=True)
        (bench.photos / name).write_bytes(b"\xb0\x00")
    bench.file("._a.json", b"\xb0\x00").file(".DS_Store", b"\xb0").file("__MACOSX/._a.json", b"\xb0")
    made = bench.made()
    assert (made.masks, made.unlabeled) == (1, 3)
    assert [remark for remark in made.remarks if "no photos: 1" in remark and "e.heic" in remark]
    assert not any(".db" in remark or ".txt" in remark for remark in made.remarks)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_in_whatever_encoding_windows_wrote_it(bench: Bench, encoding: str) -> None:
    whole = json.dumps(file("Blätter.jpg", shape("Stängel", *TRIANGLE)), ensure_ascii=False)
    assert bench.photo("Blätter.jpg").file("x.json", whole.encode(encoding)).made().names == ("background", "Stängel")


@pytest.mark.parametrize("broken", [b"", b"{", b"\x81", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_a_broken_file_is_told_with_the_others(bench: Bench, broken: bytes) -> None:
    bench.photo("a.jpg").file("a.json", file("a.jpg", shape("", *TRIANGLE))).file("b.json", broken)
    said = bench.refused()
    assert "2 faults of 2 kinds" in said
    assert "b.json: cannot read it" in said


def test_a_broken_photo_is_named_with_the_others(bench: Bench) -> None:
    bench.photo("a.jpg", "b.jpg").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE)))
    bench.file("b.json", file("b.jpg", shape("", *TRIANGLE)))
    (bench.photos / "a.jpg").write_bytes(b"no photo")
    said = bench.refused()
    assert "cannot read image" in said
    assert "has no label" in said


def test_two_files_for_one_photo_are_refused(bench: Bench) -> None:
    for name in ("a.json", "b.json"):
        bench.photo("a.jpg").file(name, file("a.jpg", shape("leaf", *TRIANGLE)))
    assert "belong to the same photo a.jpg" in bench.refused()


def test_a_place_that_cannot_be_written_is_named_as_it_was_given(bench: Bench) -> None:
    bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", *TRIANGLE)))
    out = bench.photos / "a.jpg" / "out"
    with pytest.raises(InputError, match="cannot write") as caught:
        convert(bench.export, bench.photos, out)
    assert f"{out}/images" in str(caught.value)
    assert ".part" not in str(caught.value)


@pytest.mark.parametrize("mask", [None, "", "AAAA", "!"])
def test_a_mask_that_is_no_png_is_said_in_words(bench: Bench, mask: object) -> None:
    said = bench.photo("a.jpg").file("a.json", file("a.jpg", shape("leaf", (3, 3), (4, 4), kind="mask", mask=mask)))
    assert "BytesIO" not in said.refused()
