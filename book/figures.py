"""The figures one touches, as the book shows them: without a kernel, over recorded states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmtutorial.artifacts import load_artifact
from mmtutorial.widgets import GraphExplorer, PipelineMap, TripletExplorer, TsneExplorer
from mmtutorial.widgets.touch.recorded import recorded

CALL = ".touch("
"""By which a cell that shows such a figure is known."""


def _pipeline() -> str:
    explorer = PipelineMap()
    stages = [stage["name"] for stage in explorer.scene(explorer.state())["stages"]]
    return recorded(explorer, over={"stage": stages}, stage="Match")


def _graph() -> str:
    return recorded(
        GraphExplorer(), over={"visited": range(19), "equal_count": [False, True]}, visited=18, patches=18, classes=4
    )


def _circle() -> str:
    places = ("anchor", "positive", "negative", "margin")
    return recorded(TripletExplorer(), over={"non_negative": [False, True]}, free=places)


def _maps() -> str:
    frames = load_artifact("tuning-frames")
    return recorded(TsneExplorer(frames), over={"moment": range(len(frames.steps))})


FIGURES: dict[str, Callable[[], str]] = {
    "00_start": _pipeline,
    "03_match": _graph,
    "04_triplet_loss": _circle,
    "05_tuning": _maps,
}
"""By the name of the notebook in which each stands."""


def live(name: str, source: str, output: dict[str, Any]) -> dict[str, Any]:
    """An output of a notebook's cell; a figure to touch as one that lives without a kernel."""
    if CALL not in source or "text/html" not in output.get("data", {}):
        return output
    return {**output, "data": {"text/html": FIGURES[name]()}}
