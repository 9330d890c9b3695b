"""Executes notebooks with solutions, and keeps of their outputs what lasts."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from nbclient import NotebookClient
from nbformat import NotebookNode

from notebooks.generator.masters import MARK
from notebooks.generator.pictures import smaller, smaller_html
from notebooks.generator.timings import MOST_A_CELL, MOST_A_NOTEBOOK, Timing

_WIDGET = "application/vnd.jupyter.widget-view+json"
_WIDGET_TEXT = "[A widget. Run this cell to use it; the picture beside it shows one of its states.]"
MOST_BYTES = 500_000


def run(notebook: NotebookNode, folder: Path, preset: str) -> tuple[NotebookNode, list[float]]:
    """Executes a copy of a notebook.

    Args:
        notebook: without outputs.
        folder: the kernel's working folder.
        preset: ``"smoke"`` or ``"class"``.

    Returns:
        The executed copy, and the processor seconds of each of its code cells. On an idle machine that is the time
        one waits, or longer than that where several threads work; and it is the same on a busy one.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    done, spent = copy.deepcopy(notebook), []

    def end(**_: Any) -> None:
        spent.append(_processor_seconds(client))

    client = NotebookClient(
        done,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=end,
    )
    client.execute(env={**os.environ, "MMTUTORIAL_PRESET": preset})
    # The first cell pays for the start of Python too.
    return tidied(done, notebook), [now - before for before, now in zip([0.0, *spent], spent, strict=False)]


def execute(notebook: NotebookNode, folder: Path) -> tuple[NotebookNode, Timing]:
    """Executes a notebook at both presets and keeps the outputs of ``class``.

    Raises:
        ValueError: a marked cell gives something else at ``smoke`` than at ``class``, a cell or the notebook takes
            too long, a solution does not pass its check, or something was written to stderr.
    """
    smoke, smoke_seconds = run(notebook, folder, "smoke")
    lesson, seconds = run(notebook, folder, "class")
    for small, large in zip(smoke.cells, lesson.cells, strict=True):
        if MARK in large.source.splitlines() and _compared(small) != _compared(large):
            raise ValueError(
                f"a marked cell must give the same at both presets:\n{large.source}\n"
                f"smoke: {_compared(small)}\nclass: {_compared(large)}"
            )
    _refuse_failed_checks(lesson)
    timing = Timing(round(sum(seconds), 1), round(max(seconds), 1), round(sum(smoke_seconds), 1))
    if timing.lesson > MOST_A_NOTEBOOK or timing.slowest_cell > MOST_A_CELL:
        raise ValueError(f"{timing}: a notebook may take {MOST_A_NOTEBOOK:.0f} s and a cell {MOST_A_CELL:.0f} s")
    return lesson, timing


def _processor_seconds(client: NotebookClient) -> float:
    """What the kernel has used of the processor so far."""
    times = psutil.Process(client.km.provisioner.pid).cpu_times()
    return float(times.user + times.system)


def _refuse_failed_checks(notebook: NotebookNode) -> None:
    """A solution that its own check refuses would be stored, and compared, like any other output."""
    texts = [output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())]
    failed = [line for text in texts for line in text.splitlines() if re.match(r"\d\d\.\w+: (wrong|not yet)", line)]
    if failed:
        raise ValueError(f"solutions do not pass their checks: {failed}")


def tidied(done: NotebookNode, made: NotebookNode) -> NotebookNode:
    """An executed notebook with the metadata of the made one, and with outputs that mean something later."""
    done.metadata = copy.deepcopy(made.metadata)
    for cell, original in zip(done.cells, made.cells, strict=True):
        cell.metadata = copy.deepcopy(original.metadata)
        if cell.cell_type == "code":
            cell.outputs = list(_lasting(cell.outputs))
    return done


def _lasting(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    for output in outputs:
        data = output.get("data", {})
        if output.output_type == "stream" and output.name == "stderr":
            # Progress bars. A warning or the traceback of a callback is no progress and must not pass unseen.
            if "Traceback" in output.text or "Warning" in output.text:
                raise ValueError(f"a cell wrote to stderr:\n{output.text}")
            continue
        if _WIDGET in data and output.output_type == "display_data":
            continue  # A progress bar, which comes on a slow machine only; explorers are what their cell ends with.
        if _WIDGET in data:
            # Its state is gone when the kernel ends, and a viewer would show an error in its place.
            output.data = {"text/plain": _WIDGET_TEXT}
        elif "image/png" in data and "text/html" in data:
            del data["image/png"]  # The same picture twice; the HTML has its alt text.
        if "text/html" in data:
            # No live figure will ask for the place of a stored picture.
            data["text/html"] = smaller_html(re.sub(r' data-touch="\w+"', "", data["text/html"]))
        if "image/png" in data:
            data["image/png"] = smaller(data["image/png"])
        yield output


def _compared(cell: NotebookNode) -> list[Any]:
    """What nbval compares of a cell, near enough: its streams and its data."""
    return [output.get("text") or dict(output.get("data", {})) for output in cell.outputs]
