"""The whole book, made once, and read in a real browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.lab_page import CHROMIUM

pytest.importorskip("sphinx", reason="sphinx is not installed")
pytest.importorskip("furo", reason="furo is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
expect = playwright.expect

# What passes need not be told: it is long.
VIOLATIONS = {"resultTypes": ["violations"]}
REPOSITORY = Path(__file__).resolve().parents[2]
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The book's folder, and what its command said."""
    out = tmp_path_factory.mktemp("book") / "pages"
    command = [sys.executable, "-m", "book", "--out", str(out)]
    done = subprocess.run(command, cwd=REPOSITORY, env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out, done.stdout


class Reader:
    """A browser's window on the book, which notes what goes wrong and what is asked of other hosts."""

    def __init__(self, browser: Any, folder: Path, width: int = 1280, scheme: str = "light") -> None:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page, self.folder = context.new_page(), folder
        self.trouble: list[str] = []
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        own = ("file:", "data:", "blob:")
        self.page.on("request", lambda asked: None if asked.url.startswith(own) else self.trouble.append(asked.url))

    def open(self, name: str) -> Any:
        self.page.goto((self.folder / name).as_uri())
        return self.page


def test_it_says_where_it_is_and_is_small(made: tuple[Path, str]) -> None:
    folder, said = made
    assert said.startswith(f"book: {folder / 'index.html'} (")
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 15e6


def test_another_book_is_replaced_and_nothing_else(made: tuple[Path, str], tmp_path: Path) -> None:
    from book.building import build
    from mmtutorial.errors import InputError

    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something that is no book; choose another --out"):
        build(tmp_path)
    assert (tmp_path / "diary.txt").read_text() == "mine"


@needs_browser
def test_search_finds_the_graph(made: tuple[Path, str], browser: Any) -> None:
    reader = Reader(browser, made[0])
    page = reader.open("index.html")
    page.get_by_label("Search").first.fill("connected graph")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a")
    expect(found.filter(has_text="03 Match").first).to_be_visible(timeout=20_000)
    found.filter(has_text="03 Match").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("03 Match")
    assert reader.trouble == []


@needs_browser
def test_figures_move_without_a_kernel(made: tuple[Path, str], browser: Any) -> None:
    reader = Reader(browser, made[0])
    page = reader.open("notebooks/03_match.html")
    expect(page.locator("[data-live]")).to_be_visible()
    edges = page.locator("[data-live] section").last.locator("[data-edge]")
    expect(edges).not_to_have_count(0)
    page.locator('[data-key="control visited"]').fill("0")
    expect(edges).to_have_count(0)
    scrubber = page.locator("figure:has(output)").first
    shown = scrubber.locator("output").text_content()
    scrubber.get_by_label("Step forward").click()
    expect(scrubber.locator("output")).not_to_have_text(shown or "")
    answer = page.locator("details.hide").first
    expect(answer.locator("pre").first).to_be_hidden()
    answer.locator("summary").click()
    expect(answer.locator("pre").first).to_be_visible()
    page = reader.open("notebooks/05_tuning.html")
    page.locator('[data-key="t-SNE 3"]').hover(force=True)
    expect(page.locator("[data-shown]").first).to_have_attribute("data-shown", "3")
    assert reader.trouble == []


@needs_browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_serious_hinders_anybody(made: tuple[Path, str], browser: Any, width: int, scheme: str) -> None:
    """By the rules of axe-core, on every page; and no page is wider than the screen."""
    reader, hindered = Reader(browser, made[0], width, scheme), []
    for path in sorted(made[0].rglob("*.html")):
        page = reader.open(str(path.relative_to(made[0])))
        for found in axe.Axe().run(page, options=VIOLATIONS).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                hindered.append(f"{path.name}: {found['id']}: {found['nodes'][0]['html'][:120]}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            hindered.append(f"{path.name} is too wide")
    assert hindered == []
    assert reader.trouble == []
