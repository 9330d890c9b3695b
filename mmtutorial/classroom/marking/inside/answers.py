"""Answers questions with a function of a notebook, beside the learner's code."""

from __future__ import annotations

import importlib
import json
from typing import Any

from mmtutorial.classroom.answering import Answering
from mmtutorial.classroom.exits import closed_exits
from mmtutorial.classroom.line import Line
from mmtutorial.classroom.marking.inside.running import run_cells
from mmtutorial.classroom.marking.inside.statements import Answer, Notebook, run


def work(line: Line) -> None:
    """Take an order, say what was found, and answer until the other side is gone."""
    line.send(b"ready")
    order = json.loads(line.receive())
    with closed_exits(process=False):
        if order["what"] == "run":
            run_cells(line, order)
            return
        answer(line, order)


def answer(line: Line, order: dict[str, Any]) -> None:
    """Find the function, say so, then answer questions with it."""
    notebook = Notebook(order["sources"])
    found = notebook.answers(order["exercise"])
    if order["whole"]:
        places, which = notebook.statements, Answer(len(notebook.statements))
    elif found:
        which = found[order["which"]]
        places = notebook.needed(which, order["exercise"])
    else:
        line.send(json.dumps({"answers": 0, "named": 0, "failed": [], "found": False}).encode())
        return
    names: dict[str, Any] = {"__name__": "__main__", "get_ipython": lambda: None, "display": print}
    failed = run(places, names)
    function: Any = names.get(order["exercise"].rpartition(".")[2])
    if which.expression is not None:
        try:
            function = eval(which.expression, names)
        except BaseException as error:
            failed.append(f"what is handed to check: {type(error).__name__}: {error}"[:300])
    named = sum(place.expression is None for place in found)
    said = {"answers": len(found), "named": named, "failed": failed[:20], "found": callable(function)}
    line.send(json.dumps(said).encode())
    adapt = None
    if order["adapt"]:
        module, _, name = order["adapt"].partition(":")
        adapt = getattr(importlib.import_module(module), name)
    answering = Answering(function, order["arguments"], adapt)
    while True:
        line.send(answering.answer(line.receive()))
