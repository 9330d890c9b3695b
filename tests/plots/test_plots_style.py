from __future__ import annotations

import base64
import html
import itertools

import matplotlib
import numpy as np
import pytest

from mmtutorial.datasets.classes import ClassTable, voc_palette
from mmtutorial.plots import Interval, Picture, arm_intervals, class_styles
from mmtutorial.plots.style import BACKGROUND, MARKERS, SAFE_COLOURS, VOID_GREY, paint
from mmtutorial.plots.tables import luminance, shade
from tests.plots.run_folder import CLASSES

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(color: str, sight: np.ndarray) -> np.ndarray:
    srgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(sight @ linear, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", list(SIGHT))
def test_no_two_colours_look_alike(sight: str) -> None:
    seen = [lab(color, SIGHT[sight]) for color in (*SAFE_COLOURS, BACKGROUND, VOID_GREY)]
    # A CIE76 distance of 2.3 is just noticeable.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_each_class_has_a_colour_and_a_shape_of_its_own() -> None:
    styles = class_styles(CLASSES)
    assert [s.name for s in styles] == list(CLASSES.names)
    assert len({s.color for s in styles}) == len({s.marker for s in styles}) == len(CLASSES)
    assert styles[0].background
    assert not styles[1].background


def test_many_classes_take_the_palette_of_the_data_set() -> None:
    count = len(MARKERS) + 9
    table = ClassTable(tuple(f"c{i}" for i in range(count)), voc_palette(count), (0,))
    assert class_styles(table)[1].color == "#800000"


def test_void_is_painted_neutral() -> None:
    mask = np.array([[0, 1, 255]], dtype=np.uint8)
    painted = paint(mask, class_styles(CLASSES))
    assert painted.shape == (1, 3, 3)
    assert len(set(painted[0, 2].tolist())) == 1
    assert "#{:02X}{:02X}{:02X}".format(*painted[0, 1]) == class_styles(CLASSES)[1].color


@pytest.mark.parametrize("value", np.linspace(0, 100, 21))
def test_numbers_can_be_read_on_their_shade(value: float) -> None:
    cell = shade(float(value))
    parts = [luminance(*(int(c[i : i + 2], 16) for i in (1, 3, 5))) for c in (cell.background, cell.ink)]
    assert (max(parts) + 0.05) / (min(parts) + 0.05) >= 4.5


def test_no_number_gives_a_plain_cell() -> None:
    assert shade(None).background == shade(float("nan")).background == "#FFFFFF"


@pytest.fixture(scope="module")
def picture() -> Picture:
    return arm_intervals([Interval('<b> "x" $1$', 40.0, (38.0, 42.0), (39.0, 41.0))])


def test_a_picture_comes_in_every_form(picture: Picture) -> None:
    assert picture.png().startswith(b"\x89PNG")
    assert picture.jpeg().startswith(b"\xff\xd8")
    assert "<svg" in picture.svg()
    assert picture.svg() == picture.svg()
    head, body = picture.data_uri("svg").split(",")
    assert head == "data:image/svg+xml;base64"
    assert base64.b64decode(body).decode() == picture.svg()


def test_a_picture_shows_itself_in_a_notebook(picture: Picture) -> None:
    shown = picture._repr_html_()
    assert "<b>" not in shown
    assert html.escape(picture.alt, quote=True) in shown
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(matplotlib.rcParams)
    arm_intervals([Interval("a", 1.0)]).png()
    assert dict(matplotlib.rcParams) == before
