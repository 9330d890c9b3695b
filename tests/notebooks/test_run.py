"""The notebooks run, at preset ``smoke`` and without network, and what is marked in them is truly compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from notebooks.generator.masters import MARK
from tests.notebooks.running import LEARNERS, NOTEBOOKS, SOLUTIONS, environment, nbval_lax


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def named(path: Path) -> str:
    return path.stem


def exercise_of(cell: NotebookNode) -> str | None:
    """The exercise whose blank a cell is."""
    tags = [tag.removeprefix("exercise:") for tag in cell.metadata.get("tags", ()) if tag.startswith("exercise:")]
    return tags[0] if tags and "todo(" in cell.source else None


@pytest.mark.slow
@pytest.mark.parametrize("path", SOLUTIONS, ids=named)
def test_a_notebook_with_solutions_runs_and_gives_what_it_shows(path: Path) -> None:
    outcome = nbval_lax(path)
    assert not outcome.failed, outcome.text
    assert outcome.passed == len(code_cells(nbformat.read(path, as_version=4))), outcome.text


@pytest.mark.slow
@pytest.mark.parametrize("path", SOLUTIONS, ids=named)
def test_every_marked_cell_is_truly_compared(path: Path, tmp_path: Path) -> None:
    """With every stored output changed a little, exactly the marked cells fail; there are three or more."""
    notebook = nbformat.read(path, as_version=4)
    marked = {i for i, cell in enumerate(code_cells(notebook)) if MARK in cell.source.splitlines()}
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "text" in output:
                output.text += "changed"
            for kind in output.get("data", {}):
                output.data[kind] += "changed"
    nbformat.write(notebook, tmp_path / path.name)
    outcome = nbval_lax(tmp_path / path.name)
    assert outcome.failed == marked, outcome.text
    assert len(marked) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("path", LEARNERS, ids=named)
def test_a_learner_s_notebook_stops_at_its_first_blank(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    blanks = [(cell, exercise) for cell in code_cells(notebook) if (exercise := exercise_of(cell))]
    if not blanks:
        pytest.skip("it has no blanks")
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError) as caught:
        client.execute(env=environment())
    blank, name = blanks[0]
    assert caught.value.ename == "NotFilledIn"
    assert f"exercise {name} is not filled in yet" in caught.value.evalue
    run = [cell.execution_count is not None for cell in code_cells(notebook)]
    assert run.index(False) == code_cells(notebook).index(blank) + 1, "it stops at the blank itself"


def test_there_is_something_to_run() -> None:
    assert SOLUTIONS
    assert [path.name for path in SOLUTIONS] == [path.name for path in LEARNERS]
    assert NOTEBOOKS.is_dir()


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("socket.create_connection(('192.0.2.1', 80), timeout=1)", True),
        ("urllib.request.urlopen('http://example.org', timeout=1)", True),
        ("s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); socket.create_connection(s.getsockname())", False),
    ],
)
def test_the_network_is_refused_except_for_this_machine(code: str, refused: bool) -> None:
    lines = f"import socket, urllib.request; {code}"
    done = subprocess.run(
        [sys.executable, "-c", lines], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ("may not use the network" in done.stderr) == refused
    assert (done.returncode != 0) == refused
