"""What the book is made of, and how each source becomes a page of it."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from book.figures import live
from mmtutorial.errors import InputError
from notebooks.generator.catalogue import Catalogue, Entry, read_catalogue

REPOSITORY = Path(__file__).resolve().parent.parent
OWN = ("index.md", "glossary.md", "library.md")
"""Pages that are written for the book alone."""
PAGES = (
    "TEACHING.md",
    "docs/discussion_answers.md",
    "docs/marking.md",
    "docs/own_photos.md",
    "docs/reference.md",
    "docs/results.md",
    "docs/hyperparameters.md",
    "docs/devices.md",
    "docs/cluster.md",
    "docs/speed.md",
)
"""Guides that are pages of the repository too."""

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_NBVAL = re.compile(r"^# NBVAL_\w+\n", flags=re.MULTILINE)
_TOGGLED = "hide-input"
# The first cell of every notebook, which looks for the package.
_SET_UP = "# @title Set-up"
# What stands in a stored notebook where a widget was.
_NO_WIDGET = re.compile(r"^\[(A widget|A figure to touch)")
_WORDS_FOR_WIDGET = "*In a running notebook a figure stands here whose controls can be moved.*"


def gather(folder: Path, repository: Path = REPOSITORY) -> None:
    """Write all sources of the book into an empty folder, as Sphinx reads them.

    Raises:
        InputError: A notebook has an error among its outputs or was not executed, a line for each.
    """
    catalogue = read_catalogue(repository / "notebooks")
    for name in OWN:
        shutil.copy(Path(__file__).with_name(name), folder)
    for name in PAGES:
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(_page((repository / name).read_text(encoding="utf-8"), place.parent, folder), encoding="utf-8")
    shutil.copytree(repository / "docs" / "images", folder / "docs" / "images", ignore=shutil.ignore_patterns("*.py"))
    (folder / "notebooks").mkdir()
    shutil.copytree(
        repository / "notebooks" / "images", folder / "notebooks" / "images", ignore=shutil.ignore_patterns("*.py")
    )
    faults = [
        fault
        for entry in catalogue.entries
        for fault in _broken(repository / "notebooks" / "solutions" / f"{entry.file}.ipynb")
    ]
    if faults:
        raise InputError("; ".join(faults))
    for entry in catalogue.entries:
        name = f"{entry.file}.ipynb"
        notebook = json.loads((repository / "notebooks" / "solutions" / name).read_text(encoding="utf-8"))
        ready = as_page(notebook, folder / "notebooks", entry.file, elsewhere(catalogue, entry))
        (folder / "notebooks" / name).write_text(json.dumps(ready), encoding="utf-8")
    (folder / "contents.md").write_text(_contents(catalogue), encoding="utf-8")


def _broken(path: Path) -> Iterator[str]:
    """Say what keeps a notebook out of the book."""
    if not path.is_file():
        yield f"{path} is missing; make it with: make notebooks"
        return
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] != "code":
            continue
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                yield f"cell {number} of {path} ended in {output['ename']}; mend it and execute the notebook again"
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if code and not any(cell["outputs"] for cell in code):
        yield f"{path} was not executed; make it with: make notebooks"


def as_page(notebook: dict[str, Any], folder: Path, name: str, badge: str = "") -> dict[str, Any]:
    """Return a notebook as a page: answers folded, what only a running notebook needs left out.

    Args:
        notebook: An executed notebook with solutions, as JSON.
        folder: Where its attached pictures are written.
        name: Its file's name without the ending.
        badge: What opens it elsewhere, in Markdown, to stand under its title.
    """
    cells = []
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            source = _detached(source, cell.pop("attachments", {}), folder, name)
            source = re.sub(r" \| \[without solutions\]\([^)]*\)|\[without solutions\]\([^)]*\)", "", source)
            cells.append({**cell, "source": source})
        elif not source.startswith(_SET_UP):
            folded = [_TOGGLED] if any(tag == _TOGGLED or tag.startswith("exercise:") for tag in tags) else []
            cells.append(
                {
                    **cell,
                    "source": _NBVAL.sub("", source),
                    "metadata": {"tags": folded},
                    "outputs": [live(name, source, _without_a_kernel(output)) for output in cell["outputs"]],
                }
            )
    if badge:
        title, _, rest = cells[0]["source"].partition("\n")
        cells[0] = {**cells[0], "source": f"{title}\n\n{badge}\n{rest}"}
    return {**notebook, "cells": cells}


def elsewhere(catalogue: Catalogue, entry: Entry) -> str:
    """Links, in Markdown, that open a notebook in Colab and in Binder; empty until there is an address.

    Words and not the hosts' badges, which a browser would have to fetch from there.
    """
    if not catalogue.colab:
        return ""
    start = catalogue.colab.rstrip("/")
    links = [f"[Open in Colab]({start}/{entry.file}.ipynb)"]
    if source := re.search(r"/github/([^/]+/[^/]+)/blob/([^/]+)/(.+)$", start):
        repository, branch, folder = source.groups()
        links.append(
            f"[Open in Binder](https://mybinder.org/v2/gh/{repository}/{branch}?labpath={folder}/{entry.file}.ipynb)"
        )
    return " | ".join(links)


def _without_a_kernel(output: dict[str, Any]) -> dict[str, Any]:
    """An output; in place of words that ask to run the cell those that say what stands there then."""
    data = output.get("data", {})
    if set(data) == {"text/plain"} and _NO_WIDGET.match("".join(data["text/plain"])):
        return {**output, "data": {"text/markdown": _WORDS_FOR_WIDGET}}
    return output


def _detached(source: str, attachments: dict[str, dict[str, str]], folder: Path, name: str) -> str:
    """Markdown with its attached pictures as files."""
    for file, kinds in attachments.items():
        (encoded,) = kinds.values()
        kept = f"{name}-{file}"
        (folder / kept).write_bytes(base64.b64decode(encoded))
        source = source.replace(f"(attachment:{file})", f"({kept})")
    return source


def _page(text: str, place: Path, folder: Path) -> str:
    """A guide as a page: links to what is no page of the book become plain words."""
    known = {folder / name for name in (*OWN, *PAGES)}

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        if "://" in target or (place / target).resolve() in known:
            return f"[{words}]({target}{anchor})"
        return words if words.startswith("`") else f"{words} (`{Path(target).name}` in the repository)"

    pieces = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(piece if piece.startswith("```") else _LINK.sub(link, piece) for piece in pieces)


def _contents(catalogue: Catalogue) -> str:
    """The ten notebooks as cards: number, title, question, picture."""
    cards = [
        f"::::{{container}} card\n"
        f"[![{entry.picture}](notebooks/images/{entry.file}.webp)](notebooks/{entry.file}.ipynb)\n\n"
        f"**[{number:02d} {entry.title}](notebooks/{entry.file}.ipynb)**\n\n{entry.question}\n::::\n"
        for number, entry in enumerate(catalogue.entries)
    ]
    return "\n".join(cards)
