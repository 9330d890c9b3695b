"""From a master to the notebook of an edition, without outputs."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from notebooks.generator import frame, ladder, quiz
from notebooks.generator.catalogue import FOLDER, Catalogue, Entry
from notebooks.generator.masters import Cell, read_master
from notebooks.generator.timings import read_timings

# Nothing in here names a machine or a version, so that the same master gives the same bytes everywhere.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def path_of(entry: Entry, edition: frame.Edition, folder: Path = FOLDER) -> Path:
    """Where the notebook of an edition lies."""
    return folder / ("solutions" if edition == "solution" else "") / f"{entry.file}.ipynb"


def make(catalogue: Catalogue, entry: Entry, edition: frame.Edition, folder: Path = FOLDER) -> NotebookNode:
    """The notebook of an edition, without outputs."""
    timing = read_timings(folder).get(entry.file)
    cells = [
        Cell("markdown", frame.head(catalogue, entry, timing, edition)),
        Cell("code", frame.set_up(catalogue), (frame.HIDDEN,)),
        *ladder.with_rungs(read_master(folder / "src" / f"{entry.file}.py"), ladder.read_ladder(folder)),
        Cell("code", frame.FOOT),
    ]
    made = [_node(entry, place, cell, edition) for place, cell in enumerate(cells)]
    if entry.picture:
        data = base64.b64encode((folder / "images" / f"{entry.file}.webp").read_bytes()).decode("ascii")
        made[0].attachments = {frame.PICTURE: {"image/webp": data}}
    notebook = nbformat.v4.new_notebook(cells=made, metadata=METADATA)
    nbformat.validate(notebook)
    return notebook


def text_of(notebook: NotebookNode) -> str:
    """The notebook as it stands in its file."""
    return nbformat.writes(notebook) + "\n"


def _node(entry: Entry, place: int, cell: Cell, edition: frame.Edition) -> NotebookNode:
    new = nbformat.v4.new_markdown_cell if cell.kind == "markdown" else nbformat.v4.new_code_cell
    source = cell.with_blanks() if edition == "learner" else cell.with_solution()
    if quiz.TAG in cell.tags:
        source = quiz.shown(quiz.read_quiz(cell.source))
    node = new(source)
    # The same in both editions and at each making: a random id would change every file each time.
    node.id = hashlib.sha256(f"{entry.file} {place} {cell.kind}".encode()).hexdigest()[:12]
    if cell.tags:
        node.metadata["tags"] = list(cell.tags)
    if frame.HIDDEN in cell.tags:
        node.metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    return node
