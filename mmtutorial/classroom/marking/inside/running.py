"""Runs a notebook from the top, and tells what came of each cell: text, pictures, an error. Nothing hangs on it.

Points are given for answers alone. The run says whether the notebook works as a whole, and makes its pictures again for
whoever marks those by hand.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from contextlib import suppress
from typing import Any

from mmtutorial.classroom.line import Line

_MOST_PICTURES = 4
_MOST_BYTES = 400_000
_LONGEST = 2000


def run_cells(line: Line, order: dict[str, Any]) -> None:
    """Run all cells, telling of each; one that fails does not keep the next from running."""
    shell = _shell()
    for number, source in enumerate(order["sources"]):
        line.send(json.dumps({"cell": number, **_outcome(shell, source)}).encode())
    line.send(json.dumps({"done": True}).encode())


def _shell() -> Any:
    """IPython without a terminal, files or colours."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.pylabtools import select_figure_formats
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell: Any = InteractiveShell.instance(config=config)
    shell.display_formatter.active_types = ["text/plain", "image/png"]
    with suppress(Exception):
        formats: Any = select_figure_formats
        formats(shell, {"png"})
    return shell


def _outcome(shell: Any, source: str) -> dict[str, Any]:
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    pictures = [_bytes(found.data["image/png"]) for found in captured.outputs if "image/png" in (found.data or {})]
    pictures += _left_open()
    texts = [captured.stdout, *(found.data.get("text/plain", "") for found in captured.outputs if found.data)]
    kind = type(error).__name__ if error is not None else ""
    return {
        "state": "ran" if error is None else "blank" if kind == "NotFilledIn" else "error",
        "error": f"{kind}: {' '.join(str(error).split())}"[:_LONGEST] if error is not None else "",
        "text": "\n".join(text for text in texts if text)[:_LONGEST],
        "pictures": [
            base64.b64encode(data).decode() for data in pictures[:_MOST_PICTURES] if 0 < len(data) < _MOST_BYTES
        ],
    }


def _bytes(data: Any) -> bytes:
    if isinstance(data, bytes):
        return data
    with suppress(ValueError):
        return base64.b64decode(data)
    return b""


def _left_open() -> list[bytes]:
    """Figures that the cell drew and did not show."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    found = []
    for number in pyplot.get_fignums() if pyplot else []:
        stream = io.BytesIO()
        with suppress(Exception):
            pyplot.figure(number).savefig(stream, format="png", dpi=70, bbox_inches="tight")
            found.append(stream.getvalue())
    if pyplot:
        pyplot.close("all")
    return found
