"""Match: random triplets beside the class-wise connected graph, patch by patch, or grown by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from torch import Tensor

from mmtutorial import words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.graph import PatchGraph
from mmtutorial.patches import PatchBatch
from mmtutorial.plots import style
from mmtutorial.plots.graphs import GraphFacts, facts_of
from mmtutorial.widgets import examples
from mmtutorial.widgets import graph_facts as graphs
from mmtutorial.widgets.graph_picture import Panel, ring_layout
from mmtutorial.widgets.growing import Growing
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Button, Choice, Control, Memory, Play, Slider, State, Toggle
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.scenic import Reply
from mmtutorial.widgets.toolkit.touchable import Touchable, addresses_of
from mmtutorial.widgets.touch import graph_scene as scenes

COMPARE, BY_HAND = "random triplets beside the graph", "grow it by hand"
_PATCHES, _CLASSES = 30, 6
_STEPPING = ("visited", "play", "all", "look", "node", "equal_count")
_GROWING = ("before", "positive", "join", "undo", "reset")
_LEFT, _TOP, _WIDTH, _HEIGHT = (8, 612), 42, 580, 470


@dataclass(frozen=True)
class GraphSides(Facts):
    """Both graphs of one state.

    Attributes:
        nodes: Number of patches.
        marked: The patch whose triplets are picked out, if any.
        left: Random triplets, or what has grown by hand.
        right: The class-wise connected graph.
        says: A sentence on the marked patch, for the left and for the right.
    """

    nodes: int
    marked: int | None
    left: GraphFacts
    right: GraphFacts
    says: tuple[str, str]


class GraphExplorer(Touchable[GraphSides]):
    """The same patches twice: under random triplets, and in the class-wise connected graph.

    In the mode "grow it by hand" the reader ties each patch to its positive, and the left side shows what grows.

    Args:
        batch: Patches to choose from; patches of the built-in scenes by default.
        classes: Their class table.

    Raises:
        InputError: The patches have fewer than two classes, or no table is given with them.
    """

    name = "graph explorer"
    figure = "graph"
    size = (1200, 640)

    def __init__(self, batch: PatchBatch | None = None, classes: ClassTable | None = None) -> None:
        if batch is None:
            batch, classes = examples.scene_patches(), examples.scene_images().classes
        if classes is None:
            raise InputError("patches were given without their class table; pass classes=dataset.classes")
        present = len(batch.labels.unique())
        if present < 2 or len(batch) < 6:
            raise InputError(
                f"{len(batch)} patches of {present} classes make no triplets worth a look; give 6 of 2 classes or more"
            )
        self._pool, self._styles = batch, style.class_styles(classes)
        # A frame asks for its graphs several times: for its ranges, its numbers and its picture.
        self._draw_both = lru_cache(maxsize=4)(partial(graphs.draw_both, batch))
        self._pixels = _bytes(batch.images)
        self.controls = _controls(min(_PATCHES, len(batch)), min(_CLASSES, present), self._join)

    def limits(self, state: State) -> Mapping[str, tuple[int, int]]:
        """Keep to the patches there are."""
        nodes = len(self._drawing(state).labels)
        return {"visited": (0, nodes), "node": (0, nodes - 1), "positive": (0, nodes - 1)}

    def idle(self, state: State) -> Collection[str]:
        """Hide stepping while a graph grows by hand, and the other way round."""
        if state["mode"] == BY_HAND:
            return _STEPPING
        return _GROWING if state["look"] else (*_GROWING, "node")

    def state(self, **values: Any) -> State:
        """Check values; ties made by hand last only as long as they are allowed for the patches on show."""
        state = super().state(**values)
        return state.with_(choices=self._grown(state).numbers)

    def facts(self, state: State) -> GraphSides:
        """Count what both sides connect, and say what becomes of the marked patch."""
        left, right = self._graphs(state)
        marked = self._marked(state, left, right)
        says = self._says(state, left, right, marked)
        return GraphSides(len(left.labels), marked, facts_of(left), facts_of(right), says)

    def draw(self, canvas: Canvas, state: State, facts: GraphSides) -> None:
        """Draw both graphs over their numbers."""
        drawing, sides = self._drawing(state), self._graphs(state)
        layout = ring_layout(drawing.connected, _WIDTH, _HEIGHT)
        pixels = self._pixels[drawing.chosen.numpy()]
        candidate = state["positive"] if state["mode"] == BY_HAND else None
        numbers = ((facts.left, candidate), (facts.right, None))
        for x, graph, title, (side, next_positive) in zip(_LEFT, sides, _titles(state), numbers, strict=True):
            canvas.text(x, 28, title, size=TITLE, bold=True)
            canvas.box(x, _TOP, x + _WIDTH, _TOP + _HEIGHT, edge=style.PALE, width=1)
            Panel(graph, layout, pixels, self._styles, facts.marked, next_positive).draw(canvas, x, _TOP)
            canvas.text(x, _TOP + _HEIGHT + 26, _summary(side), fit=_WIDTH)
        for x, sentence in zip(_LEFT, facts.says, strict=True):
            canvas.paragraph(x, _TOP + _HEIGHT + 54, _WIDTH, sentence, lines=3)

    def alt(self, state: State, facts: GraphSides) -> str:
        """Say both sides in words."""
        parts = []
        for title, side, sentence in zip(_titles(state), (facts.left, facts.right), facts.says, strict=True):
            pieces = [f"{self._name(c)} {words.count(n, 'piece')}" for c, n in side.pieces.items()]
            parts.append(f"{title}: {_summary(side)} {words.listed(pieces)}. {sentence}")
        return " ".join(parts)

    def scene(self, state: State) -> dict[str, Any]:
        """Return patches, classes and both graphs; while one grows by hand, the rules in place of the second."""
        by_hand, drawing, grown = state["mode"] == BY_HAND, self._drawing(state), self._grown(state)
        sides = list(zip(self._graphs(state), _titles(state), strict=True))
        alone = by_hand and not grown.done
        return {
            "by_hand": by_hand,
            "done": by_hand and grown.done,
            "nodes": scenes.nodes_of(drawing.labels),
            "order": self._order(state),
            "classes": scenes.classes_of(drawing.labels, self._styles),
            "visited": grown.visited if by_hand else [],
            "panels": [
                scenes.panel(graph, title, _summary(facts_of(graph)), fade=not by_hand)
                for graph, title in (sides[:1] if alone else sides)
            ],
            "rules": list(scenes.rules(strict=state["before"])) if alone else None,
            "how": scenes.HOW,
        }

    def art(self, state: State) -> list[str]:
        """Return the patches on show."""
        return addresses_of(self._pixels[self._drawing(state).chosen.numpy()])

    def act(self, state: State, move: Mapping[str, Any]) -> Reply:
        """Tie two patches, or refuse with the rule that is broken."""
        grown = self._grown(state)
        anchor, positive = grown.anchor_of(*move["tie"])
        refused = grown.refusal(anchor, positive)
        if refused:
            return Reply(f"Rule {refused.rule}. {refused.says}", "bad", refused.rule)
        numbers = (*grown.numbers, anchor, positive)
        after = Growing.kept(grown.labels, numbers, grown.seed, grown.strict, self._name)
        if after.done:
            text = f"{after.ending()} Beside it: connected_graph over the same patches."
            return Reply(text, "good", changes={"choices": numbers})
        label = int(grown.labels[anchor])
        tied = f"Patch {anchor} is tied to {positive}. {len(after.ties)} of {len(grown.labels)} patches visited; "
        pieces = words.count(after.in_use(label), "piece")
        return Reply(f"{tied}what is tied of class {self._name(label)} is {pieces}.", changes={"choices": numbers})

    def _join(self, state: State) -> Mapping[str, Any]:
        """Tie the next patch to the positive of the slider; a tie that is not allowed is dropped with the state."""
        anchor = self._marked(state, *self._graphs(state))
        return {} if anchor is None else {"choices": (*state["choices"], anchor, state["positive"])}

    def _drawing(self, state: Mapping[str, Any]) -> graphs.Drawing:
        return self._draw_both(**{name: state[name] for name in ("patches", "classes", "seed", "equal_count")})

    def _graphs(self, state: State) -> tuple[PatchGraph, PatchGraph]:
        drawing = self._drawing(state)
        if state["mode"] == BY_HAND:
            grown = self._grown(state)
            return grown.graph(), graphs.after(drawing.connected, len(grown.ties))
        left = graphs.random_after(drawing.random, state["visited"], state["equal_count"])
        return left, graphs.after(drawing.connected, state["visited"])

    def _grown(self, state: Mapping[str, Any]) -> Growing:
        labels = self._drawing(state).labels
        return Growing.kept(labels, state["choices"], state["seed"], state["before"], self._name)

    def _marked(self, state: State, left: PatchGraph, right: PatchGraph) -> int | None:
        """Return the patch whose triplets are picked out: the one asked for, or the newest."""
        if state["mode"] == BY_HAND:
            visited = self._grown(state).visited
            return next((i for i in self._order(state) if i not in visited), None)
        if state["look"]:
            return int(state["node"])
        return int(right.triplets[-1, 0]) if len(right.triplets) else None

    def _says(self, state: State, left: PatchGraph, right: PatchGraph, marked: int | None) -> tuple[str, str]:
        if state["mode"] == BY_HAND:
            rule = "The graph takes a patch of the class visited before; only the first of a class takes a later one."
            return self._by_hand(state, marked), rule if state["before"] else f"{rule} You need not."
        if marked is None:
            return ("Move “patches visited” to begin.",) * 2
        return self._triplets_of(left, marked), self._triplets_of(right, marked)

    def _triplets_of(self, graph: PatchGraph, node: int) -> str:
        """Say in which triplets a patch is."""
        own = [row for row in graph.triplets.tolist() if row[0] == node]
        who = f"Patch {node} ({self._name(int(graph.labels[node]))})"
        if len(own) > 1:
            return f"{who} is anchor of {len(own)} triplets; positives and negatives: {_pairs(own)}."
        if own:
            return f"{who} is an anchor: positive {own[0][1]}, negative {own[0][2]} (dashed)."
        if bool((graph.triplets == node).any()):
            return f"{who} is no anchor, only another patch’s positive or negative."
        return f"{who} is in no triplet so far." if len(graph.triplets) else f"{who}: no triplets yet."

    def _by_hand(self, state: State, anchor: int | None) -> str:
        """Say what the positive under consideration would do."""
        grown = self._grown(state)
        if anchor is None:
            return grown.ending()
        positive, label = state["positive"], int(grown.labels[anchor])
        who = f"Next: patch {anchor} ({self._name(label)})."
        refused = grown.refusal(anchor, positive)
        if refused:
            return f"{who} {refused.says}"
        preview = Growing.kept(grown.labels, (*grown.numbers, anchor, positive), grown.seed, grown.strict, self._name)
        pieces = preview.in_use(label)
        verdict = "its class stays connected" if pieces == 1 else f"its class is then in {pieces} pieces"
        return f"{who} Positive {positive}: {verdict}. Press “join” to keep it."

    def _order(self, state: State) -> list[int]:
        """Return the patches in the order of visiting."""
        order: list[int] = self._drawing(state).connected.triplets[:, 0].tolist()
        return order

    def _name(self, label: int) -> str:
        return style.style_of(self._styles, label).name


def _controls(patches: int, classes: int, join: Callable[[State], Mapping[str, Any]]) -> Sequence[Control]:
    def all_at_once(state: State) -> Mapping[str, Any]:
        return {"visited": state["patches"]}

    return (
        Choice("mode", "show", (COMPARE, BY_HAND), COMPARE),
        Slider("visited", "patches visited", 0, patches, min(18, patches)),
        Play("play", "step by step", "visited"),
        Button("all", "all at once", all_at_once),
        Slider("patches", "patches", 6, patches, min(18, patches)),
        Slider("classes", "classes", 2, classes, min(4, classes)),
        Slider("seed", "seed", 0, 99, 0),
        Toggle("look", "look at one patch, not at the newest"),
        Slider("node", "patch", 0, patches - 1, 0),
        Toggle("equal_count", "as many random triplets as the graph has"),
        Toggle("before", "the positive must be visited before", True),
        Slider("positive", "next positive", 0, patches - 1, 0),
        Button("join", "join", join),
        Button("undo", "undo", lambda state: {"choices": state["choices"][:-2]}),
        Button("reset", "start again", lambda state: {"choices": ()}),
        Memory("choices", "ties made by hand: anchor, positive, anchor, positive, ..."),
    )


def _titles(state: State) -> tuple[str, str]:
    if state["mode"] == BY_HAND:
        return "Grown by hand", "Class-wise connected graph"
    return ("Random triplets, as many as beside" if state["equal_count"] else "Random triplets"), (
        "Class-wise connected graph"
    )


def _summary(side: GraphFacts) -> str:
    return (
        f"{words.count(side.triplets, 'triplet')}; {side.used} of {side.nodes} patches in use "
        f"({100 * side.coverage:.0f} %), {len(side.unused)} unused."
    )


def _pairs(rows: Sequence[Sequence[int]], most: int = 4) -> str:
    shown = ", ".join(f"{positive}/{negative}" for _, positive, negative in rows[:most])
    return f"{shown} …" if len(rows) > most else shown


def _bytes(images: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return images as uint8 ``(P, 3, S, S)``, whether they were bytes or shares of 1."""
    pixels = images.cpu()
    if pixels.is_floating_point():
        pixels = (pixels * 255).round().clamp(0, 255)
    return pixels.numpy().astype(np.uint8)
