"""The talk in a real browser: nothing overflows at 1920 x 1080, nothing is fetched, it prints, and its notes open."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.lab_page import CHROMIUM

pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)

from talk import page as pages  # noqa: E402
from talk.printing import write_pdf  # noqa: E402

# Names what reaches over the edge of its slide or into its foot, and what is wider than its own box.
OVERFLOW = """() => {
  const slide = document.querySelector("section.present");
  const foot = slide.querySelector("footer").getBoundingClientRect().top;
  return [...slide.querySelectorAll(".slide, .slide *")].filter((e) => {
    const box = e.getBoundingClientRect(), low = e.closest("footer") || e.matches(".slide") ? 1080 : foot;
    return box.width && (box.right > 1921 || box.left < -1 || box.top < -1 || box.bottom > low + 1
      || (e.clientWidth && e.scrollWidth > e.clientWidth + 2));
  }).map((e) => `${e.tagName} ${e.textContent.slice(0, 40)}`);
}"""
SMALL_PICTURES = """() => [...document.querySelectorAll("section.present img")]
  .filter((e) => e.getBoundingClientRect().width < 250 || e.getBoundingClientRect().height < 150).map((e) => e.alt)"""


def test_no_slide_overflows_and_nothing_is_fetched(browser: Any, written: Path) -> None:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(written.as_uri())
    page.wait_for_function("Reveal.isReady()")
    titles = []
    for index in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({index})")
        heading = page.locator("section.present :is(h1, h2)").inner_text()
        titles.append(heading)
        assert page.evaluate(OVERFLOW) == [], heading
        assert page.evaluate(SMALL_PICTURES) == [], heading
    assert titles == [slide.title for slide in pages.slides()]
    assert wrong == []
    assert [url[:80] for url in asked if not url.startswith(("data:", "blob:")) and url != written.as_uri()] == []


def test_the_speaker_has_notes_in_a_window_of_their_own(browser: Any, written: Path) -> None:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.goto(written.as_uri())
    page.wait_for_function("Reveal.isReady()")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    playwright.expect(opened.value.locator(".speaker-controls-notes .value")).to_contain_text("Welcome.")


def test_it_prints_a_page_a_slide(written: Path, tmp_path: Path) -> None:
    # In a thread of its own: Playwright runs once a thread, and the fixture's browser has this one.
    with ThreadPoolExecutor(1) as other:
        printed = other.submit(write_pdf, written, tmp_path / "talk.pdf").result().read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == len(pages.slides())
