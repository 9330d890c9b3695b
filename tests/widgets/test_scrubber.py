"""The player without a kernel: as text, and in a real browser."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from mmtutorial.errors import InputError
from mmtutorial.widgets import GraphExplorer, TsneExplorer, scrubber
from tests.notebooks.lab_page import CHROMIUM
from tests.widgets.explorers import embedding_arrays, explorer_of

VOID_TAGS = {"img", "input", "meta"}


class Reader(HTMLParser):
    """Collects the tags of a page and checks that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_the_player_holds_all_frames_with_their_words() -> None:
    explorer = explorer_of("graph")
    player = scrubber(explorer, "visited", [0, 6, 18], patches=18)
    page = read(player.page())
    images = page.of("img")
    assert player.frames == len(images) == 3
    assert [image["alt"] for image in images] == [explorer.static(visited=v).alt for v in (0, 6, 18)]
    assert ["hidden" in image for image in images] == [False, True, True]
    for image in images:
        kind, data = str(image["src"]).split(",")
        assert kind == "data:image/webp;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).width == 1000
    assert all(button["aria-label"] for button in page.of("button"))
    (slider,) = page.of("input")
    assert (slider["max"], slider["aria-label"]) == ("2", "patches visited")
    assert player._repr_html_() in player.page()
    assert "http" not in player.html


def test_twenty_frames_are_less_than_a_megabyte() -> None:
    player = scrubber(explorer_of("graph"), "visited", range(1, 21), patches=30, classes=6)
    assert player.frames == 20
    assert len(player.page()) < 1_000_000


def test_without_values_every_value_is_a_frame(tmp_path: Path) -> None:
    player = scrubber(TsneExplorer(embedding_arrays(moments=3)), "moment")
    assert player.frames == 3
    player.save(tmp_path / "player.html")
    assert (tmp_path / "player.html").read_text(encoding="utf-8") == player.page()
    assert repr(player).startswith("Scrubber(t-SNE explorer, 3 frames")


def test_what_cannot_be_played_is_refused() -> None:
    explorer = explorer_of("graph")
    with pytest.raises(InputError, match="there is no control 'speed'; there are: "):
        scrubber(explorer, "speed")
    with pytest.raises(InputError, match="no values of visited"):
        scrubber(explorer, "visited", [])
    with pytest.raises(InputError, match="visited is 99"):
        scrubber(explorer, "visited", [99])


def test_more_than_fits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmtutorial.widgets.toolkit.player.MOST_BYTES", 20_000)
    with pytest.raises(InputError, match="2 frames are too many for a page of 1 MB; give fewer values"):
        scrubber(explorer_of("graph"), "visited", [0, 1])


def test_the_player_plays_in_a_browser(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    path = tmp_path / "player.html"
    scrubber(GraphExplorer(), "visited", [0, 3, 6, 9], milliseconds=50).save(path)
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        errors: list[object] = []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(path.as_uri())
        label = page.locator("output")

        def shows(value: int) -> None:
            playwright.expect(label).to_have_text(f"patches visited: {value}")
            playwright.expect(page.locator("img:visible")).to_have_attribute("data-label", f"patches visited: {value}")
            playwright.expect(page.locator("img:visible")).to_have_count(1)
            playwright.expect(page.locator("img:visible")).to_have_js_property("naturalWidth", 1000)

        shows(0)
        page.get_by_label("Step forward").click()
        shows(3)
        page.locator("figure").focus()
        page.keyboard.press("ArrowRight")
        shows(6)
        page.keyboard.press("ArrowLeft")
        shows(3)
        page.keyboard.press("End")
        shows(9)
        page.keyboard.press("ArrowRight")
        shows(9)
        page.get_by_label("First frame").click()
        shows(0)
        page.get_by_label("patches visited").fill("2")
        shows(6)
        page.get_by_label("Play", exact=True).click()
        shows(9)
        playwright.expect(page.get_by_label("Play", exact=True)).to_have_attribute("aria-pressed", "false")
        # In one turn of the page: on a busy machine it would have played to its end before the second click.
        page.locator('[data-do="play"]').evaluate("(button) => { button.click(); button.click(); }")
        stopped = label.text_content()
        page.wait_for_timeout(200)
        assert label.text_content() == stopped
        assert errors == []
        browser.close()
