"""The talk as one HTML file: numbers and pictures put into the master, reveal.js and the style sheet inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt

from mmtutorial import __version__
from talk import tables
from talk.figures import shown
from talk.master import Slide, cut
from talk.record import Record

HERE = Path(__file__).resolve().parent
MASTER = HERE / "slides.md"
REVEAL = HERE / "reveal"
NUMBERS = (
    "miou",
    "interval",
    "gain",
    "holds",
    "printed",
    "printed_gap",
    "purity",
    "setting",
    "labeled",
    "scored",
    "seeds",
    "tally",
    "controls",
    "lifted",
    "photos",
    "photo_gain",
    "command",
    "minutes",
)
"""What a slide may ask of the record."""
TABLES: dict[str, Callable[[Record], str]] = {
    "methods": tables.methods,
    "benchmarks": tables.benchmarks,
    "control": partial(tables.benchmarks, control=True),
    "verdicts": tables.verdicts,
    "per_class_theirs": tables.per_class_theirs,
    "per_class_ours": tables.per_class_ours,
}


def page(master: str | None = None) -> str:
    """Make the talk.

    Args:
        master: The slides as Markdown; those of this folder unless given.

    Returns:
        HTML that asks nothing of any other file or host.

    Raises:
        InputError: A slide is not as :func:`talk.master.cut` wants it, or says what the record does not.
        jinja2.UndefinedError: A slide asks for what there is not.
    """
    slides = cut(MASTER.read_text(encoding="utf-8") if master is None else master)
    inside = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=False, undefined=jinja2.StrictUndefined
    )
    known, markdown = _known(Record()), MarkdownIt("commonmark", {"html": True}).enable("table")

    def written(text: str) -> str:
        return str(markdown.render(inside.from_string(text).render(known)))

    return inside.get_template("page.html.j2").render(
        title=slides[0].title,
        slides=[(slide, written(slide.body), written(slide.notes)) for slide in slides],
        styles=[(REVEAL / name).read_text(encoding="utf-8") for name in ("reset.css", "reveal.css")]
        + [(HERE / "talk.css").read_text(encoding="utf-8")],
        scripts=[(REVEAL / name).read_text(encoding="utf-8") for name in ("reveal.js", "notes.js")],
        licence=(REVEAL / "LICENSE").read_text(encoding="utf-8"),
        version=__version__,
    )


def slides() -> list[Slide]:
    """The slides of this folder's master."""
    return cut(MASTER.read_text(encoding="utf-8"))


def _known(record: Record) -> dict[str, Any]:
    return {
        "figure": partial(shown, record),
        "table": lambda name: TABLES[name](record),
        **{name: getattr(record, name) for name in NUMBERS},
    }
