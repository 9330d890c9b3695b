"""What holds for every explorer, over the whole range of its controls."""

from __future__ import annotations

import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmtutorial.errors import InputError
from mmtutorial.widgets import Explorer, Frame
from mmtutorial.widgets.toolkit.controls import Button, Choice, Play, Slider, State, Toggle, valued
from tests.widgets.explorers import MAKERS, explorer_of

each = pytest.mark.parametrize("name", MAKERS)


def states_of(explorer: Explorer) -> st.SearchStrategy[State]:
    """All states: any value of each control, on a coarse grid."""
    grids = {c.name: st.sampled_from(c.samples(7)) for c in valued(explorer.controls)}
    return st.fixed_dictionaries(grids).map(lambda values: explorer.state(**values))


def check_layout(explorer: Explorer, frame: Frame) -> None:
    width, height = explorer.size
    assert frame.image.size == (width, height)
    for text in frame.texts:
        inside = text.left >= 0 and text.top >= 0 and text.right <= width and text.bottom <= height
        assert inside, f"cut off: {text}"
    # A sweep from the top: only texts that share some height are compared.
    by_top = sorted(frame.texts, key=lambda text: text.top)
    for place, text in enumerate(by_top):
        for other in itertools.takewhile(lambda t, end=text.bottom: t.top < end, by_top[place + 1 :]):
            assert not text.overlaps(other), f"{text} lies over {other}"


@each
def test_each_control_over_its_range(name: str) -> None:
    explorer = explorer_of(name)
    for control in valued(explorer.controls):
        for value in control.samples(4):
            frame = explorer.static(**{control.name: value})
            check_layout(explorer, frame)
            assert frame.alt.strip()


@each
@settings(max_examples=8)
@given(data=st.data())
def test_any_state_has_a_frame_with_nothing_cut_off(name: str, data: st.DataObject) -> None:
    explorer = explorer_of(name)
    state = data.draw(states_of(explorer))
    frame = explorer.frame(state)
    check_layout(explorer, frame)
    assert frame.alt.strip()
    assert explorer.state(**state) == state


@each
def test_the_same_state_gives_the_same_bytes(name: str) -> None:
    explorer = explorer_of(name)
    first, again = explorer.static(), MAKERS[name]().static()
    assert first.png == again.png
    assert first.alt == again.alt


@each
def test_a_frame_stands_in_a_printed_notebook(name: str) -> None:
    frame = explorer_of(name).static()
    assert Image.open(io.BytesIO(frame._repr_png_())).size == explorer_of(name).size
    shown = frame._repr_html_()
    assert shown.startswith('<img src="data:image/png;base64,')
    assert 'alt="' in shown
    assert repr(frame).endswith(f"{frame.alt})")


@each
def test_controls_are_declared_in_full(name: str) -> None:
    explorer = explorer_of(name)
    names = [control.name for control in explorer.controls]
    assert len(set(names)) == len(names)
    for control in explorer.controls:
        assert control.description.strip()
        if isinstance(control, Slider):
            assert control.low <= control.default <= control.high
        elif isinstance(control, Choice):
            assert control.default in control.options
        elif isinstance(control, Play):
            assert explorer.slider(control.slider)


@each
def test_a_value_out_of_range_names_the_range(name: str) -> None:
    explorer = explorer_of(name)
    for control in valued(explorer.controls):
        if isinstance(control, Slider):
            with pytest.raises(InputError, match=rf"{control.name} is .*; give .* from .* to {control.high}"):
                explorer.static(**{control.name: control.high + 1})
        elif isinstance(control, Choice):
            with pytest.raises(InputError, match=rf"{control.name} is 'no such'; choose one of: "):
                explorer.static(**{control.name: "no such"})
        elif isinstance(control, Toggle):
            with pytest.raises(InputError, match="True or False"):
                explorer.static(**{control.name: 1})
        else:
            with pytest.raises(InputError, match="whole numbers"):
                explorer.static(**{control.name: "text"})


@each
def test_an_unknown_control_is_named_with_the_known(name: str) -> None:
    with pytest.raises(InputError, match="there is no control 'colour of the sky'; there are: "):
        explorer_of(name).static(**{"colour of the sky": 1})


@each
def test_buttons_lead_to_states_that_can_be_drawn(name: str) -> None:
    explorer = explorer_of(name)
    for control in explorer.controls:
        if isinstance(control, Button):
            after = explorer.press(control.name, explorer.state())
            check_layout(explorer, explorer.frame(after))


def test_sliders_take_whole_numbers_only_where_they_are_whole() -> None:
    whole, broken = Slider("a", "a", 0, 3, 1), Slider("b", "b", 0.0, 1.0, 0.5, 0.25)
    assert whole.check(2.0) == 2
    assert isinstance(whole.check(2.0), int)
    with pytest.raises(InputError, match="a whole number from 0 to 3"):
        whole.check(1.5)
    for wrong in (True, "1", None, float("nan")):
        with pytest.raises(InputError):
            broken.check(wrong)
    assert whole.samples() == [0, 1, 2, 3]
    assert broken.samples(3) == [0.0, 0.5, 1.0]


def test_a_state_cannot_be_changed() -> None:
    state = State({"a": 1})
    assert state.with_(a=2) == {"a": 2}
    assert state == {"a": 1}
    assert hash(state) == hash(State({"a": 1}))
    assert repr(state) == "State(a=1)"
    with pytest.raises(TypeError):
        state["a"] = 3  # type: ignore[index]
