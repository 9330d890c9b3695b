"""What a finished book must not have: dead links, pictures without words, anything from another host."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

FETCHED = {"img": "src", "script": "src", "link": "href", "source": "src", "video": "src", "iframe": "src"}
"""Elements that make a browser load something, and by which attribute."""


class Page(HTMLParser):
    """What a page refers to.

    Attributes:
        anchors: Places in it to which a link may lead.
        links: Where its links lead.
        fetched: What a browser loads with it.
        nameless: Pictures without alternative text.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.nameless: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = dict(attrs)
        for name in ("id", "name"):
            if given.get(name):
                self.anchors.add(given[name] or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if given.get(FETCHED.get(tag, "")) and given.get("rel") != "canonical":
            self.fetched.append(given[FETCHED[tag]] or "")
        if tag == "img" and not (given.get("alt") or "").strip() and given.get("role") != "presentation":
            self.nameless.append((given.get("src") or "")[:60])


def faults(folder: Path) -> list[str]:
    """Say all that is wrong with the pages in a folder, a line each; an empty list for none."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    return [
        f"{path.relative_to(folder.resolve())}: {fault}"
        for path, page in pages.items()
        for fault in _of(path, page, pages)
    ]


def _of(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for picture in page.nameless:
        yield f"a picture without alternative text: {picture}; say in its source what it shows"
    for address in page.fetched:
        if urlparse(address).scheme in ("http", "https") or address.startswith("//"):
            yield f"something is loaded from another host: {address}"
        elif urlparse(address).scheme != "data" and not _file(path, address).exists():
            yield f"{address} is not there"
    for link in page.links:
        if urlparse(link).scheme:
            continue
        target, anchor = urldefrag(link)
        place = _file(path, target) if target else path
        if not place.exists():
            yield f"a dead link: {link}"
        elif anchor and place in pages and unquote(anchor) not in pages[place].anchors:
            yield f"a link to a place that is not there: {link}"


def _file(page: Path, address: str) -> Path:
    """The file that an address on a page means."""
    return (page.parent / unquote(urlparse(address).path)).resolve()
