"""``timings.json``: how long each notebook takes, as measured when it was last executed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

# Seconds.
MOST_A_NOTEBOOK = 180.0
MOST_A_CELL = 60.0
MOST_ALL_AT_SMOKE = 300.0


@dataclass(frozen=True)
class Timing:
    """Processor seconds of one notebook with one thread: what one waits on an idle machine.

    Attributes:
        lesson: all cells at preset ``class``.
        slowest_cell: the slowest of them.
        smoke: all cells at preset ``smoke``.
    """

    lesson: float
    slowest_cell: float
    smoke: float


def read_timings(folder: Path) -> dict[str, Timing]:
    """Timings by notebook; none where nothing was measured yet."""
    path = folder / "timings.json"
    if not path.exists():
        return {}
    return {name: Timing(**row) for name, row in json.loads(path.read_text(encoding="utf-8")).items()}


def write_timings(folder: Path, timings: dict[str, Timing]) -> None:
    """Writes them in the order of the notebooks."""
    table = {name: asdict(timings[name]) for name in sorted(timings)}
    (folder / "timings.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
