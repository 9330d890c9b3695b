"""Notebooks as a learner has them: in JupyterLab, in a real browser, their explorers moved by keyboard and by mouse.

With ``MMTUTORIAL_SCREENSHOTS`` set to a folder, a picture of the page after each control is kept there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from mmtutorial.widgets import Explorer, GraphExplorer, LossSwitch, PatchExplorer
from mmtutorial.widgets.graph_explorer import BY_HAND
from mmtutorial.widgets.toolkit.controls import Memory, Play
from tests.notebooks.keyboard import Driven, way_to
from tests.notebooks.lab_page import CHROMIUM, LabPage, jupyterlab
from tests.notebooks.running import SOLUTIONS, environment, nbval_lax

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

EXPLORERS: dict[str, Callable[[], Explorer]] = {
    "02_mix": PatchExplorer,
    "09_beyond": LossSwitch,
}
TOUCHED = ("03_match", "05_tuning")
"""Notebooks with a figure to touch."""

FRAGILE = """\
from mmtutorial.widgets import Explorer
from mmtutorial.widgets.toolkit.controls import Slider, Toggle


class Fragile(Explorer):
    name, size = "fragile", (200, 100)
    controls = (Toggle("breaks", "breaks"),)

    def facts(self, state):
        if state["breaks"]:
            raise ZeroDivisionError("this frame cannot be drawn")
        return {}

    def draw(self, canvas, state, facts):
        canvas.text(10, 40, "whole")

    def alt(self, state, facts):
        return "whole"


shell = Fragile().widget()
shell"""
MOVED = 'shell.inputs["breaks"].value = True'
BY_BUTTON = """\
import ipywidgets

button = ipywidgets.Button()
button.on_click(lambda _: shell.show(shell.state.with_(breaks=True)))
button.click()"""


def write(path: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}  # else JupyterLab asks which
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab on the notebooks with solutions, as they are before they have been run."""
    folder = tmp_path_factory.mktemp("lab")
    for path in SOLUTIONS:
        if path.stem in (*EXPLORERS, *TOUCHED):
            notebook = nbformat.read(path, as_version=4)
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            nbformat.write(notebook, folder / path.name)
    write(folder / "fragile.ipynb", FRAGILE)
    write(folder / "touched.ipynb", "from mmtutorial.widgets import GraphExplorer", "GraphExplorer().touch(visited=18)")
    with jupyterlab(folder, tmp_path_factory.mktemp("own") / "settings") as found:
        yield found


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_each_control_moves_the_picture_by_keyboard(name: str, address: str, browser: Any, tmp_path: Path) -> None:
    folder = Path(os.environ.get("MMTUTORIAL_SCREENSHOTS", tmp_path))
    with closing(LabPage(browser, address)) as lab:
        lab.run_all(f"{name}.ipynb")
        assert lab.failed_cells() == []
        assert lab.first_picture() > 500
        driven = Driven(lab.page, lab.scroll_to_widget(), EXPLORERS[name]())
        driven.wait()
        driven.screenshot(folder / f"{name}-0.png")
        assert driven.cut_off() == []
        shown = [control for control in driven.explorer.controls if not isinstance(control, Memory)]
        idle = driven.explorer.idle(driven.state)
        assert [c.name for c in shown if c.name not in idle] == [n for n in driven.reached_by_tab() if n not in idle]
        for control in shown:
            *before, (_, after) = way_to(driven.explorer, control, driven.state)
            for move in before:
                driven.move(*move)
            picture, words = driven.picture(), driven.said()
            driven.play(control) if isinstance(control, Play) else driven.move(control, after)
            driven.screenshot(folder / f"{name}-{control.name}.png")
            assert driven.picture() != picture
            assert driven.said() != words
        assert driven.trouble() == []
        assert lab.failed_cells() == []
        assert lab.errors == []


@pytest.mark.slow
@needs_browser
def test_the_graph_is_grown_by_two_clicks(address: str, browser: Any) -> None:
    explorer = GraphExplorer()
    drawing = explorer._drawing(explorer.state(mode=BY_HAND))
    anchor, positive, _ = drawing.connected.triplets[0].tolist()
    with closing(LabPage(browser, address)) as lab:
        lab.run_all("03_match.ipynb")
        assert lab.failed_cells() == []
        figure = lab.scroll_to_figure()
        expect(figure.locator("> img")).to_be_hidden()
        figure.locator('[data-key="control mode"]').select_option(BY_HAND)
        expect(figure.locator("ol li").first).to_be_visible()  # the rules: Python has answered
        for patch in (anchor, positive):
            figure.locator(f'[data-key="patch 0 {patch}"]').click()
        expect(figure.locator(f'[data-edge="{anchor} {positive}"]')).to_have_count(1)
        expect(figure.locator(".mm-told")).to_contain_text(f"Patch {anchor} is tied to {positive}.")
        assert lab.errors == []


@pytest.mark.slow
@needs_browser
def test_a_saved_notebook_keeps_the_picture_of_a_figure(address: str, browser: Any) -> None:
    """Opened again, with a kernel that knows nothing of it."""
    with closing(LabPage(browser, address)) as lab:
        lab.run_all("touched.ipynb")
        lab.scroll_to_figure()
        lab.reopen("touched.ipynb")
        words = GraphExplorer().static(visited=18).alt
        expect(lab.page.get_by_role("img", name=words)).to_be_visible()
        expect(lab.page.locator("[data-live]")).to_have_count(0)
        assert lab.errors == []


@pytest.mark.slow
@needs_browser
def test_a_point_of_the_map_shows_its_patch(address: str, browser: Any) -> None:
    with closing(LabPage(browser, address)) as lab:
        lab.run_all("05_tuning.ipynb")
        assert lab.failed_cells() == []
        figure = lab.scroll_to_figure()
        figure.locator('[data-key="t-SNE 3"]').hover(force=True)
        expect(figure.locator("[data-shown]").first).to_have_attribute("data-shown", "3")
        assert lab.errors == []


@pytest.mark.slow
@needs_browser
def test_an_error_in_a_callback_is_seen_in_the_page(address: str, browser: Any) -> None:
    with closing(LabPage(browser, address)) as lab:
        lab.run_all("fragile.ipynb")
        box = lab.scroll_to_widget()
        assert box.locator('[role="alert"]').count() == 0
        assert lab.errors == []
        box.locator("input[type=checkbox]").focus()
        lab.page.keyboard.press("Space")
        box.get_by_role("alert").get_by_text("this frame cannot be drawn").wait_for()
        lab.page.wait_for_function(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )
        assert [error for error in lab.errors if "this frame cannot be drawn" in error]


@pytest.mark.slow
def test_an_error_in_a_callback_fails_the_run_of_a_notebook(tmp_path: Path) -> None:
    outcome = nbval_lax(write(tmp_path / "fragile.ipynb", FRAGILE, MOVED, BY_BUTTON))
    assert outcome.failed == {1, 2}, outcome.text
    assert outcome.text.count("this frame cannot be drawn") >= 2
    assert outcome.passed == 1


@pytest.mark.slow
def test_why_the_notebooks_are_not_run_by_nbclient(tmp_path: Path) -> None:
    """It lets a button's error pass. Once it no longer does, one run for outputs and tests would be enough."""
    notebook = nbformat.read(write(tmp_path / "fragile.ipynb", FRAGILE, BY_BUTTON), as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute(env=environment())
