"""What the book is made of, and what a notebook becomes in it."""

from __future__ import annotations

import base64
import copy
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")

from book.sources import OWN, PAGES, REPOSITORY, as_page, elsewhere, gather
from mmtutorial.errors import InputError
from notebooks.generator.catalogue import Catalogue, read_catalogue


def code(source: str, *, tags: tuple[str, ...] = (), **data: str) -> dict[str, Any]:
    outputs = [{"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}] if data else []
    return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}, "outputs": outputs}


def text(source: str, **attachments: bytes) -> dict[str, Any]:
    files = {name: {"image/webp": base64.b64encode(value).decode()} for name, value in attachments.items()}
    return {"cell_type": "markdown", "source": source, "metadata": {}, **({"attachments": files} if files else {})}


def page_of(*cells: dict[str, Any], folder: Path, name: str = "03_match", badge: str = "") -> list[dict[str, Any]]:
    return as_page({"cells": list(copy.deepcopy(cells))}, folder, name, badge)["cells"]


def test_every_guide_is_in_the_book_and_in_its_contents() -> None:
    guides = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "docs").glob("*.md")}
    assert guides | {"TEACHING.md"} == set(PAGES)
    index = (REPOSITORY / "book" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([\w/]+)$", index, flags=re.MULTILINE))
    notebooks = {f"notebooks/{entry.file}" for entry in read_catalogue(REPOSITORY / "notebooks").entries}
    pages = {name.removesuffix(".md") for name in (*PAGES, *OWN) if name != "index.md"}
    assert notebooks | pages == listed


def test_answers_are_folded_the_set_up_is_gone_and_marks_of_tests_too(tmp_path: Path) -> None:
    cells = page_of(
        code("# @title Set-up: run this first\nimport sys", tags=("hide-input",)),
        code("def answer():\n    return 1", tags=("exercise:03.components",)),
        code("# NBVAL_CHECK_OUTPUT\nprint(1)"),
        code("helper = 1", tags=("hide-input",)),
        folder=tmp_path,
    )
    assert [cell["metadata"]["tags"] for cell in cells] == [["hide-input"], [], ["hide-input"]]
    assert cells[1]["source"] == "print(1)"


def test_attached_pictures_become_files_and_the_way_to_the_blanks_is_closed(tmp_path: Path) -> None:
    head = "# Title\n\n![words](attachment:first)\n\n[next: A](04.ipynb) | [without solutions](../03_match.ipynb)"
    (cell,) = page_of(text(head, first=b"picture"), folder=tmp_path, badge="[Open in Colab](https://example.org)")
    assert (tmp_path / "03_match-first").read_bytes() == b"picture"
    assert cell["source"] == (
        "# Title\n\n[Open in Colab](https://example.org)\n\n![words](03_match-first)\n\n[next: A](04.ipynb)"
    )
    assert "attachments" not in cell


def test_what_asks_for_a_kernel_says_what_stands_there_then(tmp_path: Path) -> None:
    (cell,) = page_of(code("explorer.widget()", **{"text/plain": "[A widget. Run this cell]"}), folder=tmp_path)
    (output,) = cell["outputs"]
    assert output["data"] == {
        "text/markdown": "*In a running notebook a figure stands here whose controls can be moved.*"
    }


def test_a_figure_to_touch_lives(tmp_path: Path) -> None:
    stored = {"text/html": "<div><img></div>", "text/plain": "[A figure to touch."}
    (cell,) = page_of(code("explorer.touch()", **stored), folder=tmp_path, name="04_triplet_loss")
    assert "data-recorded" in cell["outputs"][0]["data"]["text/html"]
    (still,) = page_of(code("explorer.static()", **stored), folder=tmp_path, name="04_triplet_loss")
    assert still["outputs"][0]["data"] == stored


def test_each_notebook_with_a_figure_to_touch_is_known() -> None:
    from book.figures import CALL, FIGURES

    found = {
        path.stem
        for path in (REPOSITORY / "notebooks" / "solutions").glob("*.ipynb")
        if any(CALL in cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    }
    assert found == set(FIGURES)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of links to the real files, but for one notebook."""
    root = tmp_path / "tree"
    (root / "notebooks" / "solutions").mkdir(parents=True)
    for name in ("docs", "TEACHING.md", "notebooks/images", "notebooks/index.toml", "notebooks/src"):
        (root / name).symlink_to(REPOSITORY / name)
    for path in (REPOSITORY / "notebooks" / "solutions").glob("*.ipynb"):
        (root / "notebooks" / "solutions" / path.name).symlink_to(path)
    return root


def test_a_broken_notebook_is_named(tree: Path, tmp_path: Path) -> None:
    place = tree / "notebooks" / "solutions" / "02_mix.ipynb"
    notebook = nbformat.read(place, as_version=4)
    place.unlink()
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match=r"02_mix\.ipynb is missing; make it with: make notebooks"):
        gather(tmp_path / "a", tree)
    wrong = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    number = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells[number].outputs = [wrong]
    nbformat.write(notebook, place)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match=rf"cell {number + 1} of .*02_mix.ipynb ended in ValueError"):
        gather(tmp_path / "b", tree)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    nbformat.write(notebook, place)
    (tmp_path / "c").mkdir()
    with pytest.raises(InputError, match=r"02_mix\.ipynb was not executed"):
        gather(tmp_path / "c", tree)


def test_links_to_what_is_no_page_become_words(tmp_path: Path) -> None:
    gather(tmp_path)
    reference = (tmp_path / "docs" / "reference.md").read_text(encoding="utf-8")
    assert "(../examples/mix_and_match.py)" not in reference
    assert "`mix_and_match.py`" in reference
    assert "](marking.md)" in reference, "and pages stay links"


def test_there_are_ways_to_colab_and_binder_once_there_is_an_address() -> None:
    import dataclasses

    catalogue: Catalogue = dataclasses.replace(read_catalogue(REPOSITORY / "notebooks"), colab="")
    entry = catalogue.entries[3]
    assert elsewhere(catalogue, entry) == ""
    told = dataclasses.replace(catalogue, colab="https://colab.research.google.com/github/a/b/blob/main/notebooks/")
    assert elsewhere(told, entry) == (
        "[Open in Colab](https://colab.research.google.com/github/a/b/blob/main/notebooks/03_match.ipynb) | "
        "[Open in Binder](https://mybinder.org/v2/gh/a/b/main?labpath=notebooks/03_match.ipynb)"
    )
    other = dataclasses.replace(catalogue, colab="https://colab.example.org/x")
    assert elsewhere(other, entry) == "[Open in Colab](https://colab.example.org/x/03_match.ipynb)"
