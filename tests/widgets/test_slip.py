"""A betting slip: text without a kernel, buttons with one, by mouse and by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtutorial.classroom import bet, place_bet
from mmtutorial.classroom.bets import placed
from tests.notebooks.lab_page import CHROMIUM

pytest.importorskip("anywidget", reason="anywidget is not installed")

NAMES = ("key", "question", "choices", "chosen", "said")


def test_a_saved_page_shows_the_question_and_what_was_chosen(tmp_path: Path) -> None:
    place_bet("04.quiet", 2, tmp_path)
    bundle, _ = bet("04.quiet", tmp_path)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}, "nothing that needs a kernel"
    assert "<li>none</li><li><strong>about half</strong></li>" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[1:] == ["  1. none", "  2. about half", "  3. nearly all"]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_click_and_a_key_keep_the_bet(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from mmtutorial.widgets.touch.slip import FRONT_END
    from tests.widgets.bare_page import bare_page

    slip = bet("04.quiet", tmp_path)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with bare_page(browser, slip, front_end=FRONT_END, names=NAMES, sent=("chosen",)) as page:
            pressed = page.locator("button[aria-pressed=true]")
            assert page.locator("button").all_inner_texts() == ["none", "about half", "nearly all"]
            assert pressed.count() == 0
            page.get_by_role("button", name="about half").click()
            playwright.expect(pressed).to_have_text("about half")
            playwright.expect(page.get_by_text("Kept in bets.json")).to_be_visible()
            assert placed(tmp_path) == {"04.quiet": "about half"}
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            playwright.expect(pressed).to_have_text("nearly all")
            assert placed(tmp_path) == {"04.quiet": "nearly all"}
        browser.close()
