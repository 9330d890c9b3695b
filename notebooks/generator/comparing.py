"""Are the notebooks what their masters would make today?"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from notebooks.generator.catalogue import FOLDER, read_catalogue
from notebooks.generator.executing import MOST_BYTES
from notebooks.generator.making import make, path_of, text_of
from notebooks.generator.table import with_table

REMEDY = "run 'make notebooks'"


def without_outputs(notebook: NotebookNode) -> list[Any]:
    """All that a master decides: metadata, and of each cell its id, kind, source, metadata and pictures, in order."""
    cells = [
        (cell.get("id"), cell.cell_type, cell.source, dict(cell.metadata), cell.get("attachments"))
        for cell in notebook.cells
    ]
    return [dict(notebook.metadata), notebook.nbformat, notebook.nbformat_minor, *cells]


def differences(folder: Path = FOLDER) -> list[str]:
    """What differs, one line each; empty where all is up to date."""
    catalogue = read_catalogue(folder)
    found = []
    for entry in catalogue.entries:
        learner, solution = (path_of(entry, edition, folder) for edition in ("learner", "solution"))
        if not learner.exists() or learner.read_text(encoding="utf-8") != text_of(
            make(catalogue, entry, "learner", folder)
        ):
            found.append(f"{learner.relative_to(folder)} is not what its master makes: {REMEDY}")
        if is_stale(solution, make(catalogue, entry, "solution", folder)):
            found.append(f"{solution.relative_to(folder)} is not what its master makes, or not executed: {REMEDY}")
        elif solution.stat().st_size > MOST_BYTES:
            found.append(
                f"{solution.relative_to(folder)} has more than {MOST_BYTES} bytes: show fewer or smaller pictures"
            )
    wanted = {path_of(entry, edition, folder) for entry in catalogue.entries for edition in ("learner", "solution")}
    there = {*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")}
    found += [f"{path.relative_to(folder)} has no master: remove it" for path in sorted(there - wanted)]
    readme = (folder.parent / "README.md").read_text(encoding="utf-8")
    if readme != with_table(readme, catalogue):
        found.append(f"the table of notebooks in README.md is not what index.toml makes: {REMEDY}")
    return found


def with_outputs_of(made: NotebookNode, path: Path) -> NotebookNode | None:
    """The made notebook with the outputs that an older one has, where their code is the same but for comments.

    A change of text, or of a neighbour's title in the head, then needs no execution. None: the code differs.
    """
    if not path.exists():
        return None
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    old = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in old]
    if [_code_of(cell.source) for cell in code] != [_code_of(cell.source) for cell in old] or counts != list(
        range(1, len(code) + 1)
    ):
        return None
    for cell, before in zip(code, old, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    return made


def _code_of(source: str) -> str:
    """What of a cell decides its outputs: its code without comments; all of it where it is not plain Python."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return source


def is_stale(path: Path, made: NotebookNode) -> bool:
    """Whether an executed notebook is missing, made from another master, or not executed from top to end."""
    if not path.exists():
        return True
    notebook = nbformat.read(path, as_version=4)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    return without_outputs(notebook) != without_outputs(made) or counts != list(range(1, len(counts) + 1))
