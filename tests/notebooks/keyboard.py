"""Moves an explorer's controls by keyboard, in a page, as its list of controls declares them.

What a key must do is not read from the page. The explorer is a pure function from a state to a frame, so a second one
in the test's own process says which words and which picture each key has to bring.
"""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmtutorial.widgets import Explorer, State
from mmtutorial.widgets.toolkit.controls import Button, Choice, Control, Memory, Play, Slider, Toggle, valued

PATIENCE = 90
"""Seconds for a picture to come: far above what it takes, for a machine that is busy."""

# A picture is a blob of the page; only the page can read it.
_PICTURE = """async (image) => {
    const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}"""
_STOP = """(grid) => [...grid.children].findIndex((child) => child.contains(document.activeElement))"""
_CUT_OFF = """(grid) => [...grid.querySelectorAll("label, span, button, select")]
    .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map((e) => e.textContent)"""


def words(explorer: Explorer, state: State) -> str:
    """The words of a state's frame; quicker than drawing it."""
    return explorer.alt(state, explorer.facts(state))


def one_key(explorer: Explorer, control: Control, state: State) -> State:
    """The state after the shortest move of a control: a step up, or down from the top; the next option; the other."""
    if isinstance(control, Button):
        return explorer.press(control.name, state)
    if isinstance(control, Play):
        return one_key(explorer, explorer.slider(control.slider), state)
    if isinstance(control, Slider):
        high = explorer.limits(state).get(control.name, (control.low, control.high))[1]
        step = control.step if state[control.name] + control.step <= high else -control.step
        return explorer.state(**state.with_(**{control.name: control.check(state[control.name] + step)}))
    if isinstance(control, Choice):
        place = (list(control.options).index(state[control.name]) + 1) % len(control.options)
        return explorer.state(**state.with_(**{control.name: control.options[place]}))
    return explorer.state(**state.with_(**{control.name: not state[control.name]}))


Move = tuple[Control, State]


def preparations(explorer: Explorer, state: State) -> Iterator[list[Move]]:
    """Ways to change the state first: none, then one control moved anywhere over its range, then two."""
    yield []
    once = list(_moves(explorer, state))
    yield from ([move] for move in once)
    for first in once:
        yield from ([first, second] for second in _moves(explorer, first[1]) if second[0] is not first[0])


def _moves(explorer: Explorer, state: State) -> Iterator[Move]:
    for control in explorer.controls:
        if control.name in explorer.idle(state) or isinstance(control, Memory | Play):
            continue
        if isinstance(control, Button):
            yield control, explorer.press(control.name, state)
            continue
        for value in control.samples():
            after = explorer.state(**state.with_(**{control.name: value}))
            if after != state and after[control.name] == value:
                yield control, after


def way_to(explorer: Explorer, control: Control, state: State, most: int = 400) -> list[Move]:
    """Moves that end with one key on a control, and that key changes the words.

    Raises:
        AssertionError: the control changes nothing, whatever else is set.
    """
    for moves in itertools.islice(preparations(explorer, state), most):
        before = moves[-1][1] if moves else state
        if control.name not in explorer.idle(before):
            after = one_key(explorer, control, before)
            if words(explorer, after) != words(explorer, before):
                return [*moves, (control, after)]
    raise AssertionError(f"no setting was found in which “{control.description}” changes anything")


class Driven:
    """An explorer in a page, with its twin in this process.

    Attributes:
        explorer: The twin.
        state: The state that the page must show.
    """

    def __init__(self, page: Any, box: Any, explorer: Explorer) -> None:
        self.page, self.box, self.explorer, self.state = page, box, explorer, explorer.state()
        self.grid = box.locator(":scope > .widget-gridbox")
        self._shown = [control for control in explorer.controls if not isinstance(control, Memory)]

    def widget(self, control: Control) -> Any:
        """The place of a control on the page: they stand in the order in which they are declared."""
        return self.grid.locator(":scope > *").nth(self._shown.index(control))

    def said(self) -> str:
        """What a screen reader reads out."""
        return str(self.box.locator('[aria-live="polite"]').text_content())

    def picture(self) -> bytes:
        """The picture's bytes."""
        return base64.b64decode(self.box.locator("img.widget-image").evaluate(_PICTURE))

    def trouble(self) -> list[str]:
        """The error messages under the picture."""
        return list(self.box.locator('[role="alert"]').all_inner_texts())

    def cut_off(self) -> list[str]:
        """Texts of controls that are wider than their place."""
        return list(self.grid.evaluate(_CUT_OFF))

    def reached_by_tab(self) -> list[str]:
        """Names of the controls at which the Tab key stops, from the first on, each once."""
        self.focus(self._shown[0])
        stops: list[int] = []
        while (place := int(self.grid.evaluate(_STOP))) >= 0 and len(stops) < 10 * len(self._shown):
            stops.append(place)
            self.page.keyboard.press("Tab")
        return [self._shown[place].name for place, _ in itertools.groupby(stops)]

    def move(self, control: Control, after: State) -> None:
        """Moves a control by keyboard until the state is another, and waits for the page to show it."""
        before, self.state = self.state, after
        self.focus(control)
        if isinstance(control, Choice):
            # Arrows move a closed list too, but JupyterLab takes them for its own, to go to another cell.
            down = list(control.options).index(after[control.name])
            self._press("Space", "Home", *["ArrowDown"] * down, "Enter")
        elif isinstance(control, Slider):
            steps = round((after[control.name] - before[control.name]) / control.step)
            self._press(*["ArrowRight" if steps > 0 else "ArrowLeft"] * abs(steps))
        elif isinstance(control, Toggle | Button):
            self._press("Space")
        self.wait()

    def play(self, control: Play) -> None:
        """Starts a player by keyboard, stops it once the picture has changed, and waits for the page to agree."""
        before, slider = self.said(), explorer_slider(self.explorer, control)
        self.focus(control)
        self._press("Space")
        self._until(lambda: self.said() != before, f"“{control.description}” moves nothing")
        self._press("Space")
        self.widget(control).locator(".fa-play").wait_for()
        handle = self.widget(slider).locator('[role="slider"]')

        def settled() -> bool:
            value = slider.check(float(handle.get_attribute("aria-valuenow")))
            self.state = self.explorer.state(**self.state.with_(**{slider.name: value}))
            return self.said() == words(self.explorer, self.state)

        self._until(settled, f"after “{control.description}” slider and words differ")
        self.wait()

    def wait(self) -> None:
        """Waits until the page shows the words and the picture of the state."""
        frame = self.explorer.frame(self.state)
        self._until(lambda: self.said() == frame.alt, f"the words are not those of {self.state}")
        self._until(lambda: self.picture() == frame.png, f"the picture is not that of {self.state}")

    def focus(self, control: Control) -> None:
        """Puts the focus where the Tab key would put it."""
        self.widget(control).evaluate(
            """(e) => (e.matches("button") ? e : e.querySelector("select, [role=slider], input, button")).focus()"""
        )

    def screenshot(self, path: Path) -> None:
        """Keeps what a reader sees now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.box.evaluate("(box) => box.scrollIntoView({ block: 'end' })")
        self.page.screenshot(path=path)

    def _press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def _until(self, condition: Any, otherwise: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{otherwise}; the page says “{self.said()}” {self.trouble()}"
            assert not self.trouble(), self.trouble()
            self.page.wait_for_timeout(30)


def explorer_slider(explorer: Explorer, play: Play) -> Slider:
    """The slider that a player runs."""
    return next(c for c in valued(explorer.controls) if isinstance(c, Slider) and c.name == play.slider)
