"""The graph explorer as plain data for the front end: patches, their classes, and the triplets of each panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from mmtutorial.graph import PatchGraph
from mmtutorial.plots import style

HOW = "Click two patches to tie them: the one not visited yet is the anchor. Pieces are counted as you go."


def rules(*, strict: bool) -> tuple[str, str, str]:
    """Return the three rules, the second with or without its condition."""
    before = "Its positive is a patch of its class that was visited before. The first of its class takes a later one."
    return (
        "Each patch is the anchor of one triplet, when it is visited.",
        before if strict else "Its positive is any other patch of its class.",
        "Its negative is a patch of another class that was visited before. It is drawn for you.",
    )


def classes_of(labels: Tensor, styles: Sequence[style.ClassStyle]) -> list[dict[str, Any]]:
    """Return the look of each class that occurs, by ascending id."""
    looks = [style.style_of(styles, label) for label in sorted(set(labels.tolist()))]
    return [{"name": look.name, "color": look.color, "marker": look.marker} for look in looks]


def panel(graph: PatchGraph, title: str, summary: str, *, fade: bool) -> dict[str, Any]:
    """Return one graph.

    Args:
        graph: Its triplets so far.
        title: What stands over it.
        summary: What stands under it.
        fade: Whether patches in no triplet are pale.
    """
    pieces = graph.components()
    return {
        "title": title,
        "summary": summary,
        "triplets": graph.triplets.tolist(),
        "pieces": [pieces[label] for label in sorted(pieces)],
        "fade": fade,
    }


def nodes_of(labels: Tensor) -> list[int]:
    """Return for each patch the place of its class among those that occur."""
    return [int(place) for place in labels.unique(return_inverse=True)[1].tolist()]
