from __future__ import annotations

import numpy as np
import pytest

from mmtutorial.datasets.drawn.painting import convex
from mmtutorial.datasets.drawn.scenes import CLASSES, render
from mmtutorial.datasets.drawn.scenes_shapes import SHAPES


@pytest.fixture(scope="module")
def drawn() -> list[tuple[np.ndarray, np.ndarray]]:
    return [render(0, "train", i) for i in range(300)]


def test_about_nine_tenths_is_background(drawn: list[tuple[np.ndarray, np.ndarray]]) -> None:
    share = np.mean([(mask == 0).mean() for _, mask in drawn])
    assert 0.88 < share < 0.92


def test_every_class_occurs_and_every_picture_has_an_object(
    drawn: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    counts = np.zeros(len(CLASSES), dtype=int)
    for _, mask in drawn:
        ids = np.unique(mask)
        counts[ids] += 1
        assert ids.max() <= 8
        assert 1 <= len(ids) - 1 <= 3
    assert counts[1:].min() > 0.12 * len(drawn)
    assert counts[1:].max() < 0.35 * len(drawn)


def test_colour_hints_at_the_class_without_giving_it_away(
    drawn: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    """To name the class whose hue is nearest to the mean colour beats chance and is mostly wrong."""
    right = total = 0
    for image, mask in drawn:
        for label in np.unique(mask)[1:]:
            inside = mask == label
            if inside.sum() < 100:
                continue
            red, green, blue = image[:, inside].mean(axis=1)
            hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * np.pi) % 1
            right += round(hue * 8) % 8 + 1 == label
            total += 1
    assert total > 200
    assert 1.3 / 8 < right / total < 0.5


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_about_as_large_as_they_say(name: str) -> None:
    axis = np.linspace(-1.4, 1.4, 141, dtype=np.float32)
    u, v = axis[None, :], axis[:, None]
    parts = SHAPES[name](u, v, 0.3, 1.0)
    inside = np.minimum.reduce([part.distance for part in parts]) < 0
    assert not inside[0].any()
    assert not inside[:, 0].any()
    assert 0.15 < inside[20:-20, 20:-20].mean() < 0.75
    for part in parts:
        assert (part.distance < 0).any()
        assert np.asarray(part.pattern).min() >= 0
        assert np.asarray(part.pattern).max() <= 1


def test_a_polygon_is_the_same_either_way_round() -> None:
    axis = np.linspace(-1, 1, 21, dtype=np.float32)
    u, v = axis[None, :], axis[:, None]
    corners = ((0.0, -0.5), (0.6, 0.5), (-0.6, 0.5))
    assert np.allclose(convex(u, v, *corners), convex(u, v, *corners[::-1]), atol=1e-6)
    assert convex(u, v, *corners)[10, 10] < 0 < convex(u, v, *corners)[0, 0]
