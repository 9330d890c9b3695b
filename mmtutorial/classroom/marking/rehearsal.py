"""A submitted notebook run from the top: whether it works as a whole, and what it shows. It earns no points."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from mmtutorial.classroom.asking import shown
from mmtutorial.classroom.marking.workshop import JailedCaller, Workshop

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_PICTURE = 500_000
_MOST_PICTURES = 60
_LONGEST = 2000


@dataclass(frozen=True)
class Shown:
    """What came of one cell.

    Attributes:
        cell: its number among the cells that ran, from 0.
        text: what it printed and returned.
        error: why it stopped; empty where it did not.
        pictures: PNG files.
    """

    cell: int
    text: str = ""
    error: str = ""
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Run:
    """What came of a run.

    Attributes:
        status: ``ran``, ``stopped at a blank``, ``an error``, ``out of time``, ``out of memory``, ``ended itself`` or
            ``not run``.
        at: the cell, or what it said; empty where all ran.
        seconds: it took.
        cells: what each showed.
    """

    status: str
    at: str = ""
    seconds: float = 0.0
    cells: tuple[Shown, ...] = ()


def run_notebook(workshop: Workshop, sources: Sequence[str], seconds: float) -> Run:
    """Run a notebook from the top, and go on after cells that fail.

    Args:
        workshop: where.
        sources: its code cells.
        seconds: after which it is stopped.
    """
    start = time.monotonic()
    with workshop.open(whole=True) as place:
        status, cells = _followed(place, sources, start + seconds)
        if not status:
            place.end()
    taken = time.monotonic() - start
    first = next((cell for cell in cells if cell.error), None)
    if status:
        return Run(status, f"in code cell {len(cells) + 1}", taken, tuple(cells))
    if first is None:
        return Run("ran", "", taken, tuple(cells))
    return Run(_status(first.error), f"in code cell {first.cell + 1}: {shown(first.error)}", taken, tuple(cells))


def _status(error: str) -> str:
    if error.startswith("NotFilledIn"):
        return "stopped at a blank"
    if error.startswith("MemoryError") or "can't allocate memory" in error:
        return "out of memory"
    if error.startswith("SystemExit"):
        return "ended itself"
    return "an error"


def _followed(place: JailedCaller, sources: Sequence[str], end: float) -> tuple[str, list[Shown]]:
    """Cells as they are told, and why no more came; nothing where all came."""
    cells: list[Shown] = []
    try:
        place.tell(json.dumps({"what": "run", "sources": list(sources)}).encode(), end)
        while True:
            told = json.loads(place.hear(end))
            if told.get("done"):
                return "", cells
            if len(cells) >= len(sources):
                return "ended itself", cells
            pictures = sum(len(cell.pictures) for cell in cells)
            cells.append(_shown(len(cells), told, _MOST_PICTURES - pictures))
    except TimeoutError:
        return "out of time", cells
    except (EOFError, OSError, ValueError, TypeError, AttributeError, RecursionError):
        return "ended itself", cells


def _shown(number: int, told: dict[str, object], left: int) -> Shown:
    """One cell as told by the learner's process, which may tell anything."""
    pictures = []
    listed = told.get("pictures")
    for text in listed[: min(4, left)] if isinstance(listed, list) else []:
        data = base64.b64decode(text) if isinstance(text, str) else b""
        if data.startswith(_PNG) and len(data) < _MOST_PICTURE:
            pictures.append(data)
    text, error = (str(told.get(name) or "")[:_LONGEST] for name in ("text", "error"))
    return Shown(number, text, error, tuple(pictures))
