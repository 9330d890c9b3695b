"""Labelled shapes and the masks they become."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.annotations.brush import decode_brush
from mmtutorial.annotations.shapes import Ellipse, Painted, Polygon, draw_mask, rectangle

IDS = {"leaf": 1, "stem": 2, "void": 255}


def test_a_rectangle_on_the_pixel_grid_fills_exactly_its_pixels() -> None:
    mask = draw_mask([rectangle("leaf", 2, 3, 6, 8)], (10, 12), IDS, rest=0)
    expected = np.zeros((12, 10), np.uint8)
    expected[3:8, 2:6] = 1
    assert mask.tolist() == expected.tolist()


@given(st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 20)), min_size=3, max_size=3))
def test_a_triangle_fills_the_pixels_whose_middle_it_holds(points: list[tuple[float, float]]) -> None:
    mask = draw_mask([Polygon("leaf", tuple(points))], (20, 15), IDS, rest=0)
    for y in range(15):
        for x in range(20):
            sides = [
                (bx - ax) * (y + 0.5 - ay) - (by - ay) * (x + 0.5 - ax)
                for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True)
            ]
            if min(abs(side) for side in sides) > 1e-3:  # not on the line itself
                assert mask[y, x] == (all(s > 0 for s in sides) or all(s < 0 for s in sides))


def test_an_ellipse_has_its_area() -> None:
    mask = draw_mask([Ellipse("leaf", (10, 20, 70, 60))], (100, 100), IDS, rest=0)
    assert (mask == 1).sum() == pytest.approx(np.pi * 30 * 20, rel=0.01)
    assert np.nonzero(mask)[1].mean() + 0.5 == pytest.approx(40, abs=0.1)
    assert np.nonzero(mask)[0].mean() + 0.5 == pytest.approx(40, abs=0.1)


def test_later_shapes_cover_earlier_ones_and_void_is_a_label() -> None:
    shapes = [rectangle("leaf", 0, 0, 4, 4), rectangle("stem", 2, 0, 4, 4), rectangle("void", 0, 3, 4, 4)]
    assert draw_mask(shapes, (5, 4), IDS, rest=0).tolist() == [[1, 1, 2, 2, 0]] * 3 + [[255, 255, 255, 255, 0]]


@pytest.mark.parametrize(("left", "top"), [(-2, -1), (3, 2), (0, 0), (-9, 0), (50, 50)])
def test_what_is_painted_beyond_the_photo_is_cut_off(left: int, top: int) -> None:
    inside = np.zeros((4, 5), np.bool_)
    inside[1:, 2:] = True
    mask = draw_mask([Painted("stem", inside, left, top)], (6, 5), IDS, rest=0)
    for y in range(5):
        for x in range(6):
            there = 0 <= y - top < 4 and 0 <= x - left < 5 and bool(inside[y - top, x - left])
            assert mask[y, x] == (2 if there else 0)


def encode_brush(inside: np.ndarray, runs: bool) -> list[int]:
    """The format as its source describes it, with runs as long as can be or with single values."""
    values = np.repeat(inside.astype(np.uint8).ravel() * 255, 4).tolist()
    text = f"{len(values):032b}{7:05b}" + "".join(f"{size - 1:04b}" for size in (3, 5, 9, 16))
    place = 0
    while place < len(values):
        end = place + 1
        while runs and end < len(values) and values[end] == values[place] and end - place < 2**16:
            end += 1
        which = next(i for i, size in enumerate((3, 5, 9, 16)) if end - place - 1 < 2**size)
        text += f"{int(runs)}{which:02b}{end - place - 1:0{(3, 5, 9, 16)[which]}b}"
        text += "".join(f"{value:08b}" for value in (values[place : place + 1] if runs else values[place:end]))
        place = end
    text += "0" * (-len(text) % 8)
    return [int(text[i : i + 8], 2) for i in range(0, len(text), 8)]


@pytest.mark.parametrize("runs", [True, False])
@given(seed=st.integers(0, 1000), height=st.integers(1, 7), width=st.integers(1, 9))
def test_brush_strokes_come_back(runs: bool, seed: int, height: int, width: int) -> None:
    inside = np.random.default_rng(seed).random((height, width)) < 0.3
    assert decode_brush(encode_brush(inside, runs), (height, width)).tolist() == inside.tolist()


def test_brush_strokes_cut_short_or_of_another_size_are_refused() -> None:
    data = encode_brush(np.ones((3, 3), np.bool_), runs=False)
    with pytest.raises(ValueError, match="too early"):
        decode_brush(data[:-4], (3, 3))
    with pytest.raises(ValueError, match="reshape"):
        decode_brush(data, (4, 3))
