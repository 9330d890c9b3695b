"""Masters: text, code and solutions in one Python file, cells divided by ``# %%`` (py:percent).

A code cell with the tag ``exercise:NAME`` holds an exercise. What stands between the lines ``# BEGIN SOLUTION``
and ``# END SOLUTION`` is the solution: learners get a blank in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jupytext

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
MARK = "# NBVAL_CHECK_OUTPUT"
_TAG = "exercise:"


@dataclass(frozen=True)
class Cell:
    """One cell of a master.

    Attributes:
        kind: ``"markdown"`` or ``"code"``.
        source: as written.
        tags: of the cell.
    """

    kind: Literal["markdown", "code"]
    source: str
    tags: tuple[str, ...] = ()

    @property
    def exercise(self) -> str | None:
        """Name of the exercise that the cell holds, or None."""
        names = [tag.removeprefix(_TAG) for tag in self.tags if tag.startswith(_TAG)]
        return names[0] if names else None

    @property
    def marked(self) -> bool:
        """Whether nbval compares the cell's output."""
        return any(line.strip() == MARK for line in self.source.splitlines())

    def with_solution(self) -> str:
        """Source without the markers."""
        return "\n".join(line for line in self.source.splitlines() if line.strip() not in (BEGIN, END))

    def with_blanks(self) -> str:
        """Source with a blank in place of each solution, and without the marks that serve the tests.

        Raises:
            ValueError: the markers do not pair, or stand in a cell that is no exercise.
        """
        kept: list[str] = []
        inside = False
        for line in self.source.splitlines():
            marker = line.strip()
            if marker == MARK:
                continue
            if marker in (BEGIN, END):
                if inside == (marker == BEGIN) or self.exercise is None:
                    raise ValueError(f"markers of solutions do not pair, or the cell has no tag:\n{self.source}")
                inside = marker == BEGIN
                if inside:
                    indent = line[: len(line) - len(line.lstrip())]
                    kept += [f"{indent}# Your code in place of the next line.", f'{indent}todo("{self.exercise}")']
            elif not inside:
                kept.append(line)
        if inside:
            raise ValueError(f"a solution has no end:\n{self.source}")
        return "\n".join(kept)

    def solution_lines(self) -> list[str]:
        """The lines between the markers, without indent; for the test that none reaches a learner."""
        found = re.findall(rf"{BEGIN}\n(.*?){END}", self.source, flags=re.DOTALL)
        return [line.strip() for block in found for line in block.splitlines() if line.strip()]


def read_master(path: Path) -> list[Cell]:
    """Cells of a master.

    Raises:
        ValueError: it has a cell that is neither text nor code, or an empty one.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    cells = []
    for cell in notebook.cells:
        if cell.cell_type not in ("markdown", "code") or not cell.source.strip():
            raise ValueError(f"{path.name}: an empty cell, or one that is neither text nor code: {cell.source!r}")
        cells.append(Cell(cell.cell_type, cell.source.strip("\n"), tuple(cell.metadata.get("tags", ()))))
    return cells
