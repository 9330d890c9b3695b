"""What ends the build of a book."""

from __future__ import annotations

from pathlib import Path

import pytest

from book.checking import faults

HEAD = '<!doctype html><html lang="en"><body>'


def wrong(tmp_path: Path, body: str, other: str = '<p id="here">') -> list[str]:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "page.html").write_text(HEAD + body, encoding="utf-8")
    (tmp_path / "other.html").write_text(HEAD + other, encoding="utf-8")
    (tmp_path / "picture of a.png").write_bytes(b"")
    return faults(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        '<a href="../other.html#here">x</a><a href="#own">x</a><p id="own">',
        '<a href="https://example.org/gone">x</a><a href="mailto:a@example.org">x</a>',
        '<img src="../picture%20of%20a.png" alt="words"><img src="data:image/png;base64,AA" alt="more">',
        '<img src="../picture%20of%20a.png" alt="" role="presentation">',
        '<link rel="canonical" href="https://example.org/page.html">',
    ],
)
def test_what_may_be_there(tmp_path: Path, body: str) -> None:
    assert wrong(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="../gone.html">x</a>', "a dead link: ../gone.html"),
        ('<a href="../other.html#gone">x</a>', "a link to a place that is not there: ../other.html#gone"),
        ('<a href="#gone">x</a>', "a link to a place that is not there: #gone"),
        ('<img src="../picture of a.png">', "a picture without alternative text: ../picture of a.png"),
        ('<img src="../picture of a.png" alt=" ">', "a picture without alternative text"),
        ('<img src="gone.png" alt="words">', "gone.png is not there"),
        ('<script src="https://example.org/a.js"></script>', "loaded from another host: https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "loaded from another host: //example.org/a.css"),
    ],
)
def test_what_may_not(tmp_path: Path, body: str, said: str) -> None:
    (found,) = wrong(tmp_path, body)
    assert found.startswith("sub/page.html: ")
    assert said in found
