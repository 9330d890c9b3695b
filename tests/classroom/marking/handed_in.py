"""Notebooks as students hand them in: the learner's edition of one, with some of its cells changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
Cells = list[dict[str, Any]]


def notebook(number: str, *, solved: bool = False) -> dict[str, Any]:
    [path] = (NOTEBOOKS / "solutions" if solved else NOTEBOOKS).glob(f"{number}_*.ipynb")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def place(cells: Cells, exercise: str) -> int:
    [found] = [
        number for number, cell in enumerate(cells) if f"exercise:{exercise}" in cell["metadata"].get("tags", [])
    ]
    return found


def solution(exercise: str) -> str:
    cells = notebook(exercise[:2], solved=True)["cells"]
    return "".join(cells[place(cells, exercise)]["source"])


def code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def answered(
    answers: dict[str, str] | None = None,
    *,
    number: str = "03",
    first: str = "",
    change: Callable[[Cells], Any] | None = None,
) -> bytes:
    """A notebook with answers in place of blanks.

    Args:
        answers: source of an exercise's cell by its name; those not named are solved as in the solutions.
        number: of the notebook.
        first: a cell before all others.
        change: changes the list of cells further.
    """
    made = copy.deepcopy(notebook(number, solved=True))
    for name, source in (answers or {}).items():
        made["cells"][place(made["cells"], name)]["source"] = source
    if first:
        made["cells"].insert(0, code(first))
    if change is not None:
        change(made["cells"])
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    return json.dumps(made).encode()
