"""The live shell, driven without a browser."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mmtutorial import widgets
from mmtutorial.errors import InputError
from mmtutorial.widgets import Explorer
from mmtutorial.widgets.toolkit.canvas import Canvas
from mmtutorial.widgets.toolkit.controls import Button, Control, Memory, Play, Slider, State, valued
from tests.widgets.explorers import MAKERS, explorer_of

pytest.importorskip("ipywidgets", reason="ipywidgets is not installed")

each = pytest.mark.parametrize("name", MAKERS)


@each
def test_moving_a_control_draws_exactly_its_frame(name: str) -> None:
    explorer = explorer_of(name)
    shell = explorer.widget()
    assert shell.image.value == explorer.static().png
    for control in valued(explorer.controls):
        if isinstance(control, Memory):
            continue
        other = next(v for v in control.samples() if v != shell.state[control.name])
        shell.inputs[control.name].value = other
        assert shell.state == explorer.state(**shell.state)
        assert shell.image.value == explorer.frame(shell.state).png
        assert explorer.frame(shell.state).alt[:40] in shell.words.value or "&" in shell.words.value


@each
def test_every_control_can_be_seen_and_has_its_description(name: str) -> None:
    explorer = explorer_of(name)
    shell = explorer.widget()
    shown = {c.name: c for c in explorer.controls if not isinstance(c, Memory)}
    assert set(shell.inputs) == set(shown)
    for name_of, widget in shell.inputs.items():
        assert widget.description == shown[name_of].description
    assert "text/plain" in shell._repr_mimebundle_()


@each
def test_buttons_and_players_move_the_picture(name: str) -> None:
    explorer = explorer_of(name)
    for control in explorer.controls:
        shell = explorer.widget()
        if isinstance(control, Button):
            shell.inputs[control.name].value = True
            assert shell.inputs[control.name].value is False
            assert shell.state == explorer.press(control.name, explorer.state())
        elif isinstance(control, Play):
            slider = explorer.slider(control.slider)
            target = slider.low if slider.default != slider.low else slider.low + slider.step
            shell.inputs[control.name].value = target
            assert shell.state[slider.name] == target
            assert shell.inputs[slider.name].value == target
        assert shell.image.value == explorer.frame(shell.state).png


class Fragile(Explorer):
    """Cannot draw 2; above 2 its second slider is short."""

    name = "fragile"
    size = (60, 40)
    controls: Sequence[Control] = (
        Slider("a", "first", 0, 5, 0),
        Slider("b", "second", 0, 9, 9),
        Button("break", "break", lambda state: {"a": 2}),
    )

    def limits(self, state: State) -> dict[str, tuple[int, int]]:
        return {"b": (4, 5) if state["a"] > 2 else (0, 9)}

    def facts(self, state: State) -> dict[str, Any]:
        if state["a"] == 2:
            raise ZeroDivisionError("two cannot be drawn")
        return {}

    def draw(self, canvas: Canvas, state: State, facts: dict[str, Any]) -> None:
        canvas.box(0, 0, 5 + 10 * state["a"], 3 + state["b"], fill="#000000")

    def alt(self, state: State, facts: dict[str, Any]) -> str:
        return f"a {state['a']}, b {state['b']}"


def test_an_error_in_a_frame_comes_out_of_setting_the_value_and_stands_on_the_page() -> None:
    shell = Fragile().widget()
    before = shell.image.value
    with pytest.raises(ZeroDivisionError, match="two cannot be drawn"):
        shell.inputs["a"].value = 2
    assert "two cannot be drawn" in shell.trouble.value
    assert 'role="alert"' in shell.trouble.value
    assert shell.image.value == before
    with pytest.raises(ZeroDivisionError):
        shell.inputs["break"].value = True
    assert shell.inputs["break"].value is False
    shell.inputs["a"].value = 1
    assert shell.trouble.value == ""
    assert shell.state["a"] == 1


def test_a_slider_is_as_long_as_the_state_allows() -> None:
    shell = Fragile().widget()
    shell.inputs["a"].value = 3
    second = shell.inputs["b"]
    assert (second.min, second.max, second.value) == (4, 5, 5)
    assert shell.state["b"] == 5
    shell.inputs["a"].value = 0
    assert (second.min, second.max, second.value) == (0, 9, 5)
    assert shell.image.value == Fragile().static(b=5).png


def test_only_the_shell_needs_ipywidgets_and_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(widgets.__file__).parent
    asks = re.compile(r"^\s*(import|from) ipywidgets", re.MULTILINE)
    needs = [path.name for path in sorted(folder.rglob("*.py")) if asks.search(path.read_text(encoding="utf-8"))]
    assert needs == ["shell.py"]
    init = (folder / "__init__.py").read_text(encoding="utf-8")
    assert "shell" not in re.findall(r"from mmtutorial\.widgets\.(\w+)", init)
    monkeypatch.delitem(sys.modules, "mmtutorial.widgets.toolkit.shell", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(InputError, match=r'pip install "ipywidgets>=8\.1"; \.static\(\) draws without it'):
        Fragile().widget()
    assert Fragile().static().png
