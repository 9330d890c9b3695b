"""Figures that are touched without a kernel: each recorded state shows what Python would answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmtutorial.errors import InputError
from mmtutorial.widgets import GraphExplorer, PipelineMap, TripletExplorer
from mmtutorial.widgets.touch.recorded import recorded
from tests.notebooks.lab_page import CHROMIUM

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><body>{}</body></html>'


def opened(browser: Any, tmp_path: Path, html: str) -> tuple[Any, list[str]]:
    """A page from a file, and a list of what goes wrong in it or is asked of a network."""
    path = tmp_path / "figure.html"
    path.write_text(PAGE.format(html), encoding="utf-8")
    page = browser.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    own = ("file:", "blob:", "data:")
    page.on("request", lambda asked: None if asked.url.startswith(own) else trouble.append(asked.url))
    page.goto(path.as_uri())
    page.locator("[data-live]").wait_for()
    return page, trouble


@needs_browser
def test_each_recorded_state_shows_what_python_says(browser: Any, tmp_path: Path) -> None:
    explorer, over = GraphExplorer(), {"visited": range(7), "equal_count": [False, True]}
    page, trouble = opened(browser, tmp_path, recorded(explorer, over=over, visited=0, patches=6))
    expect(page.locator("[data-recorded] > img")).to_be_hidden()
    for equal in (False, True):
        page.locator('[data-key="control equal_count"]').set_checked(equal)
        for visited in (3, 6, 0):
            page.locator('[data-key="control visited"]').fill(str(visited))
            scene = explorer.scene(explorer.state(visited=visited, patches=6, equal_count=equal))
            for place, panel in enumerate(scene["panels"]):
                section = page.locator("section").nth(place)
                expect(section).to_contain_text(panel["summary"])
                for anchor, positive, _ in panel["triplets"]:
                    expect(section.locator(f'[data-edge="{anchor} {positive}"]').first).to_be_attached()
                expect(section.locator("[data-edge]")).to_have_count(len(panel["triplets"]))
    assert trouble == []


@needs_browser
def test_what_the_browser_knows_by_itself_needs_no_record(browser: Any, tmp_path: Path) -> None:
    html = recorded(TripletExplorer(), over={"non_negative": [False, True]}, free=("anchor", "margin"))
    page, trouble = opened(browser, tmp_path, html)
    shown = page.locator("[data-number=loss]")
    before = shown.text_content()
    page.locator("[data-role=anchor]").focus()
    page.keyboard.press("PageUp")
    expect(shown).not_to_have_text(before)
    before = shown.text_content()
    page.locator('[data-key="control margin"]').fill("4.5")
    expect(shown).not_to_have_text(before)
    expect(page.locator('[data-key="control scatter"]')).to_have_count(0)
    assert trouble == []


@needs_browser
def test_a_click_shows_another_stage(browser: Any, tmp_path: Path) -> None:
    stages = [stage["name"] for stage in PipelineMap().scene(PipelineMap().state())["stages"]]
    page, trouble = opened(browser, tmp_path, recorded(PipelineMap(), over={"stage": stages}, stage="Match"))
    expect(page.get_by_role("tab", name="Match")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Tune").click()
    expect(page.get_by_role("tab", name="Tune")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("heading", name="Tune")).to_be_visible()
    assert trouble == []


def test_what_cannot_be_recorded_is_refused() -> None:
    with pytest.raises(InputError, match="no control margins; it has"):
        recorded(TripletExplorer(), over={}, free=("margins",))
    with pytest.raises(InputError, match="not among those that are recorded"):
        recorded(GraphExplorer(), over={"visited": [1, 2]}, visited=5)
    with pytest.raises(InputError):
        recorded(GraphExplorer(), over={"visited": [400]}, visited=400)


def test_nothing_in_it_ends_its_script() -> None:
    html = recorded(GraphExplorer(), over={"visited": [18]}, visited=18)
    assert html.count("</script>") == 1
    assert html.startswith("<div data-recorded=")
    assert '<img src="data:image/png;base64,' in html
