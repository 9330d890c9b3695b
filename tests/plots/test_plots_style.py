from __future__ import annotations

import base64
import html
import itertools
from collections.abc import Sequence

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.datasets.classes import ClassTable, voc_palette
from mmtutorial.experiment.arms import ARMS, DEFAULT_ARMS, PRETRAININGS
from mmtutorial.plots import (
    Curve,
    Interval,
    Picture,
    Setting,
    ablation_curves,
    arm_intervals,
    class_styles,
    loss_curves,
)
from mmtutorial.plots.style import (
    BACKGROUND,
    MARKERS,
    SAFE_COLOURS,
    VOID_GREY,
    arm_style,
    blend,
    luminance,
    paint,
    rgb_of,
    to_hex,
)
from mmtutorial.plots.tables import largest_confusions, row_percentages, shade
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


def test_every_arm_there_is_has_a_look_of_its_own_from_its_name_alone() -> None:
    looks = {name: arm_style(name) for name in ARMS}
    assert len(set(looks.values())) == len(ARMS)
    # The place among others says nothing where the name is an arm's.
    assert all(arm_style(name, list(reversed(ARMS))) == look for name, look in looks.items())


@pytest.mark.parametrize(
    "group",
    [DEFAULT_ARMS, PRETRAININGS, *([f"{p}{s}" for s in ("", "+more", "+graph", "+triplets")] for p in PRETRAININGS)],
)
def test_arms_that_are_drawn_together_differ_in_colour_or_marker(group: Sequence[str]) -> None:
    assert len({(look.color, look.marker) for look in map(arm_style, group)}) == len(group)


def test_the_default_arms_differ_in_colour_and_in_marker() -> None:
    looks = [arm_style(name) for name in DEFAULT_ARMS]
    assert len({look.color for look in looks}) == len({look.marker for look in looks}) == len(DEFAULT_ARMS)


def test_an_arm_looks_alike_in_every_figure() -> None:
    curve = Curve(np.array([1.0, 2.0]), np.array([2.0, 1.0]))
    names = ["jigsaw+graph", "random", "random+graph"]
    [losses] = loss_curves({name: [curve] for name in names}, title="t").figure.axes
    [ablation] = ablation_curves({name: [Setting(1, 2.0)] for name in names[1:]}, title="t", setting="s").figure.axes
    [rows] = arm_intervals([Interval(name, 40.0) for name in names[2:]]).figure.axes
    lines = [losses.lines[2], ablation.lines[1], rows.lines[-1]]
    assert {line.get_color() for line in lines[:2]} == {rows.lines[-1].get_markerfacecolor()}
    assert len({line.get_marker() for line in lines}) == 1
    assert arm_style("random+graph").marker == lines[0].get_marker()


def test_names_that_are_no_arms_take_the_look_of_their_place() -> None:
    names = ("margin 0.5", "margin 2.1", "random+no such tuning")
    assert len({arm_style(name, names) for name in names}) == 3
    assert arm_style("margin 2.1", names) == arm_style("anything", ("else", "anything"))


@given(channels=st.tuples(*[st.integers(0, 255)] * 3), share=st.floats(0, 1))
def test_colours_come_back_from_their_text(channels: tuple[int, int, int], share: float) -> None:
    text = to_hex(channels)
    assert rgb_of(text) == channels
    assert blend(text, 1) == text
    assert blend(text, 0, "#102030") == "#102030"
    low, high = sorted((luminance(text), 1.0))
    assert low - 1e-9 <= luminance(blend(text, share)) <= high + 1e-9


def test_confusions_are_ranked_and_absent_classes_are_no_number() -> None:
    table = ClassTable(("a", "b", "c"), voc_palette(3), (0,))
    shares = row_percentages(np.array([[6, 4, 0], [1, 0, 1], [0, 0, 0]]))
    assert shares[0].tolist() == [60, 40, 0]
    assert np.isnan(shares[2]).all()
    # Equal shares in the order of the table.
    assert largest_confusions(shares, table, 2) == ["50 % of b is called a", "50 % of b is called c"]
    assert largest_confusions(row_percentages(np.eye(3)), table) == []


@pytest.mark.parametrize("value", np.linspace(0, 100, 21))
def test_numbers_can_be_read_on_their_shade(value: float) -> None:
    cell = shade(float(value))
    parts = [luminance(c) for c in (cell.background, cell.ink)]
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


def test_a_user_s_own_settings_change_no_picture() -> None:
    def drawn() -> bytes:
        return arm_intervals([Interval("random", 30.0, (29.0, 31.0), (29.5, 30.5))]).png()

    before = drawn()
    own = {"text.usetex": True, "font.family": "serif", "font.size": 40, "axes.facecolor": "pink", "savefig.dpi": 13}
    with matplotlib.rc_context(own):
        assert drawn() == before
        assert matplotlib.rcParams["text.usetex"] is True, "the user's own pictures keep the user's settings"
