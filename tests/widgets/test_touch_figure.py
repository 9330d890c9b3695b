"""The live figure without a browser: its state, what a cell shows of it, and what stands in for it."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mmtutorial import widgets
from mmtutorial.errors import InputError
from mmtutorial.widgets import Frame, GraphExplorer, TripletExplorer
from mmtutorial.widgets.graph_explorer import BY_HAND
from mmtutorial.widgets.toolkit.touchable import Touchable
from tests.widgets.explorers import MAKERS, explorer_of

pytest.importorskip("anywidget", reason="anywidget is not installed")

from mmtutorial.widgets.toolkit.shell import Shell
from mmtutorial.widgets.touch.figure import FRONT_END, TouchFigure
from mmtutorial.widgets.touch.slip import FRONT_END as SLIP
from mmtutorial.widgets.touch.slip import Slip

TOUCHABLE = [name for name in MAKERS if isinstance(explorer_of(name), Touchable)]
each = pytest.mark.parametrize("name", TOUCHABLE)


def test_there_are_four() -> None:
    assert TOUCHABLE == ["graph", "t-SNE", "triplet", "pipeline"]


@each
def test_all_that_the_browser_gets_is_plain(name: str) -> None:
    figure = explorer_of(name).touch()
    for trait in ("controls", "state", "scene", "art", "answer"):
        json.dumps(getattr(figure, trait), allow_nan=False)
    assert figure.scene["kind"] == explorer_of(name).figure
    assert {c["name"] for c in figure.controls} == {c.name for c in explorer_of(name).controls}
    assert all(address.startswith("data:image/png;base64,") for address in figure.art)


@each
def test_a_cell_shows_the_picture_of_the_state_and_no_model(name: str) -> None:
    figure = explorer_of(name).touch()
    shown, about = figure._repr_mimebundle_()
    frame = explorer_of(name).static()
    assert set(shown) == {"text/plain", "text/html", "image/png"}
    assert about == {}
    assert f'<div data-touch="{figure.key}">{frame._repr_html_()}</div>' == shown["text/html"]
    assert "http" not in shown["text/html"].replace("data:image/png;base64,", "")[:200]


def test_where_outputs_stand_in_frames_of_their_own_the_model_is_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VSCODE_PID", "1")
    figure = TripletExplorer().touch()
    shown, _ = figure._repr_mimebundle_()
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.model_id
    assert "image/png" in shown


def test_a_move_changes_the_state_and_a_state_moves_the_figure() -> None:
    figure = TripletExplorer().touch(margin=1.0)
    gaps = figure.scene["gaps"]
    figure.move = {"set": {"anchor": 90, "scatter": 5}, "count": 1}
    assert (figure.state["anchor"], figure.state["margin"], figure.answer["count"]) == (90, 1.0, 1)
    assert figure.scene["gaps"] != gaps
    figure.state = {**figure.state, "non_negative": True, "anchor": 300}
    assert figure.state["anchor"] == 90
    assert "D is at most 2" in figure.scene["remark"]


def test_what_is_out_of_range_is_refused_and_changes_nothing() -> None:
    figure = TripletExplorer().touch()
    before = dict(figure.state)
    with pytest.raises(InputError, match="margin is 9"):
        figure.move = {"set": {"margin": 9}, "count": 1}
    assert figure.state == before
    with pytest.raises(InputError, match="there is no control 'speed'"):
        TripletExplorer().touch(speed=1)
    with pytest.raises(NotImplementedError, match="knows no move"):
        figure.move = {"do": {"jump": 1}, "count": 2}


def test_patches_are_sent_anew_only_when_they_change() -> None:
    figure: Any = explorer_of("graph").touch(mode=BY_HAND, patches=8, classes=2)
    sent: list[str] = []
    figure.observe(lambda change: sent.append(change["name"]), ["art", "scene"])
    figure.move = {"press": "undo", "count": 1}
    assert sent == []
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    anchor, positive, _ = explorer._drawing(figure.state).connected.triplets[0].tolist()
    figure.move = {"do": {"tie": [anchor, positive]}, "count": 2}
    assert sent == ["scene"]
    figure.move = {"set": {"seed": 5}, "count": 3}
    assert "art" in sent


def test_without_anywidget_there_are_sliders_and_without_ipywidgets_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = TripletExplorer()
    monkeypatch.delitem(sys.modules, "mmtutorial.widgets.touch.figure")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    shell = explorer.touch(margin=1.5)
    assert type(shell).__name__ == Shell.__name__
    assert shell.state["margin"] == 1.5
    monkeypatch.delitem(sys.modules, "mmtutorial.widgets.toolkit.shell")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    frame = explorer.touch(margin=1.5)
    assert isinstance(frame, Frame)
    assert frame.png == explorer.static(margin=1.5).png


@pytest.mark.parametrize(("widget", "front_end"), [(TouchFigure, FRONT_END), (Slip, SLIP)])
def test_a_front_end_is_one_file_of_the_package_and_asks_for_nothing(widget: Any, front_end: Path) -> None:
    of_no_widget = {FRONT_END.with_name("recorded.js")}  # what stands in for a kernel
    assert set(Path(widgets.__file__).parent.rglob("*.js")) == {FRONT_END, SLIP} | of_no_widget
    assert str(widget._esm) == (text := front_end.read_text(encoding="utf-8"))
    assert not [
        line
        for line in text.splitlines()
        if "import " in line or "fetch(" in line or "http:" in line.replace("http://www.w3.org/2000/svg", "")
    ]
    project = tomllib.loads((Path(widgets.__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["mmtutorial"]
    package = FRONT_END.parents[2]
    assert any(front_end in package.glob(pattern) for pattern in patterns)
