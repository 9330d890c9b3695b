"""The matrix of verdicts: what it says, and that it filters in a browser without a kernel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.reports.verdict_tiles import WORDS, Verdicts, verdict_tiles
from mmtutorial.reproduction.verdicts import findings, judge, topics
from mmtutorial.results import read_reproduction
from tests.notebooks.lab_page import CHROMIUM

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def shipped() -> Verdicts:
    return verdict_tiles(read_reproduction(FOLDER), lambda difference: judge(difference).value)


def test_every_finding_is_a_tile_under_its_sentence(shipped: Verdicts) -> None:
    reproduction = read_reproduction(FOLDER)
    expected = [
        (topic.title, f"{claim.a} > {claim.b}", found.verdict.value)
        for topic in topics()
        for claim in topic.claims
        for found in findings(claim, reproduction)
    ]
    assert [(title, tile.claim, tile.verdict) for title, tiles in shipped.topics for tile in tiles] == expected
    assert shipped.count().total() == len(expected)
    assert shipped.fair_count().total() < len(expected)


def test_the_text_says_what_the_page_says(shipped: Verdicts) -> None:
    text, page = repr(shipped), shipped._repr_html_()
    for tile in shipped.tiles:
        assert f"{tile.claim}: {tile.difference}: {tile.verdict}" in text
    assert len(re.findall("<li ", page)) == len(shipped.tiles)
    assert text.splitlines()[-1] in page


def test_the_judge_is_the_one_who_is_asked() -> None:
    always = verdict_tiles(read_reproduction(FOLDER), lambda difference: "not shown")
    assert set(always.count()) == {"not shown"}


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_tiles_filter_by_keyboard_and_by_mouse_without_a_kernel(shipped: Verdicts, tmp_path: Path) -> None:
    page_file = tmp_path / "tiles.html"
    page_file.write_text(f"<meta charset='utf-8'>{shipped._repr_html_()}", encoding="utf-8")
    count = shipped.count()
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        visible = "[...document.querySelectorAll('li')].filter(tile => tile.offsetParent).length"
        assert page.evaluate(visible) == len(shipped.tiles)
        page.focus("input[value=all]")
        for word in WORDS[:3]:
            page.keyboard.press("ArrowRight")
            assert page.evaluate(visible) == count[word]
            titles = page.locator("section:visible").count()
            assert titles == sum(any(tile.verdict == word for tile in tiles) for _, tiles in shipped.topics)
        page.get_by_label(f"all ({len(shipped.tiles)})").check()
        assert page.evaluate(visible) == len(shipped.tiles)
        browser.close()
