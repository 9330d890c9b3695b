"""The talk as a file: its slides, its numbers, its pictures, and that it needs nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")

from mmtutorial.errors import InputError
from talk import page as pages
from talk import printing
from talk.master import THEIRS, cut
from tests.talk.looking_up import agrees, expected

SMALL = "<!-- own -->\n## A slide\n\n{body}\n\nNotes:\nSaid.\n"
# What a number may be part of without being one of ours: names, a year, the paper's number.
NAMES = r"VGG-16|VOC 2012|AAAI 2018|EfficientNet-Lite0|arXiv 1712\.00661|notebook 04|95 %"


@dataclass
class Read(HTMLParser):
    """What the tests ask of a page."""

    numbers: list[tuple[str, str]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    where: str | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data", "action", "srcset")]
        if tag == "img":
            self.images.append(found)
        elif tag == "section":
            self.follows.append(found["data-follows"] or "")
        elif tag == "data":
            self.where = found["value"] or ""

    def handle_data(self, data: str) -> None:
        if self.where is not None:
            self.numbers.append((self.where, data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "data":
            self.where = None


@pytest.fixture(scope="module")
def read(made: str) -> Read:
    found = Read()
    found.feed(made)
    return found


def test_each_of_the_authors_slides_has_its_counterpart_in_their_order(read: Read) -> None:
    followed = [int(number) for number in read.follows if number != "own"]
    assert sorted(set(followed)) == list(range(1, len(THEIRS) + 1))
    assert followed == sorted(followed)


def test_the_fair_control_comes_after_their_tables_of_results(read: Read) -> None:
    titles = [slide.title for slide in pages.slides()]
    turn = titles.index("But is it the method, or the steps?")
    assert read.follows[:turn].count("7") == read.follows[:turn].count("8") == 1
    assert "9" not in read.follows[:turn]


def test_every_slide_has_notes_for_the_speaker() -> None:
    assert all(len(slide.notes.split()) >= 15 for slide in pages.slides())


def test_every_number_is_that_of_the_record(read: Read) -> None:
    assert len(read.numbers) > 300
    wrong = [(where, text, expected(where)) for where, text in read.numbers if not agrees(text, expected(where))]
    assert wrong == []


def test_no_number_is_typed_into_the_master() -> None:
    text = pages.MASTER.read_text(encoding="utf-8")
    for expression in (r"\{\{.*?\}\}", r"<!--.*?-->", r"</?[a-z][^>]*>", NAMES):
        text = re.sub(expression, "", text, flags=re.DOTALL)
    assert [line for line in text.splitlines() if re.search(r"\d", line)] == []


def test_every_picture_says_in_words_what_it_shows(read: Read) -> None:
    assert len(read.images) >= 15
    assert [image for image in read.images if len((image.get("alt") or "").split()) < 3] == []


def test_the_file_needs_no_other(made: str, read: Read) -> None:
    assert [address[:60] for address in read.addresses if not address.startswith(("data:", "#"))] == []
    styles = "".join(re.findall(r"<style>(.*?)</style>", made, re.DOTALL))
    assert re.findall(r"@import|url\((?!['\"]?data:)", styles) == []


def test_reveal_js_comes_with_its_licence(made: str) -> None:
    assert "Hakim El Hattab, http://hakim.se, and reveal.js contributors" in made
    assert "The above copyright notice and this permission notice shall be included" in made


def test_words_that_the_record_does_not_bear_out_stop_the_build() -> None:
    claim = '{{ holds("random+graph", "above", "random+more") }}'
    with pytest.raises(InputError, match="the record says not shown"):
        pages.page(SMALL.format(body=claim))


def test_a_gain_on_photos_that_is_none_stops_the_build() -> None:
    with pytest.raises(InputError, match="says not shown"):
        pages.page(SMALL.format(body='{{ photo_gain("imagenet+graph", "imagenet", "above") }}'))


@pytest.mark.parametrize("body", ['{{ miou("no-such-arm") }}', '{{ photo_gain("a", "b", "above") }}'])
def test_a_number_that_there_is_not_is_refused(body: str) -> None:
    with pytest.raises(InputError, match="mend the slides"):
        pages.page(SMALL.format(body=body))


def test_a_question_that_the_record_does_not_know_is_refused() -> None:
    with pytest.raises(jinja2.UndefinedError):
        pages.page(SMALL.format(body="{{ no_such_thing() }}"))


@pytest.mark.parametrize(
    "master", ["## No comment\n\nNotes:\nSaid.\n", "<!-- own -->\n## No notes\n", "<!-- own -->\nNotes:\nx\n"]
)
def test_an_unfinished_slide_is_named(master: str) -> None:
    with pytest.raises(InputError, match="slide 2 of the talk needs"):
        cut(SMALL.format(body="x") + "---\n" + master)


def test_without_a_browser_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed")
    monkeypatch.setattr(printing, "NAMES", ())
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(InputError, match="no Chromium was found; install one"):
        printing.write_pdf(tmp_path / "talk.html", tmp_path / "talk.pdf")
