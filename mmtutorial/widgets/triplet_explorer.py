"""The triplet loss on the unit circle: distances, loss, gradient, and when the hinge closes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmtutorial import words
from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.plots import style
from mmtutorial.randomness import seeded
from mmtutorial.triplet import hinge, triplet_distances, triplet_loss, triplet_statistics
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas, Point
from mmtutorial.widgets.toolkit.charts import Chart
from mmtutorial.widgets.toolkit.controls import Slider, State, Toggle
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.touchable import Touchable

Distances = tuple[NDArray[np.float64], NDArray[np.float64]]

MOST = 4.5
"""Greatest margin: a little above 4, the greatest squared distance of unit vectors."""
_MIDDLE, _RADIUS = (262.0, 304.0), 212.0
_TABLE, _CHART = 548, 884
_ROLES = ("anchor", "positive", "negative")
_COLOURS = (style.INK, style.SAFE_COLOURS[0], style.SAFE_COLOURS[3])


@dataclass(frozen=True)
class TripletFacts(Facts):
    """One triplet and the batch behind it; distances are squared, 0 to 4.

    Attributes:
        positive_distance: From anchor to positive.
        negative_distance: From anchor to negative.
        loss: Of the triplet.
        gradient: ``(3, 2)`` of the loss by anchor, positive and negative.
        active_share: Share of the batch's triplets whose hinge is open, 0 to 1.
        half_margin: The margin at which half of them are.
        triplets: Number of the batch's triplets.
    """

    positive_distance: float
    negative_distance: float
    loss: float
    gradient: NDArray[np.float64]
    active_share: float
    half_margin: float
    triplets: int

    @property
    def open(self) -> bool:
        """Whether the triplet's hinge is open."""
        return self.loss > 0


class TripletExplorer(Touchable[TripletFacts]):
    """One triplet on the unit circle, and the share of active triplets of a batch against the margin.

    Args:
        distances: Squared anchor-positive and anchor-negative distances ``(M,)`` of a batch of your own; by
            default those of 60 toy embeddings, whose scatter is a slider.

    Raises:
        InputError: The two differ in length, or there are none.
    """

    name = "triplet explorer"
    figure = "circle"
    size = (1200, 600)

    def __init__(self, distances: Distances | None = None) -> None:
        if distances is not None and (len(distances[0]) != len(distances[1]) or not len(distances[0])):
            raise InputError(
                f"{len(distances[0])} positive and {len(distances[1])} negative distances; give one of each a triplet"
            )
        self._distances = distances
        angles = zip(_ROLES, (50, 80, 30), strict=True)
        scatter = () if distances else (Slider("scatter", "scatter of the batch’s classes, degrees", 5, 90, 30),)
        self.controls = (
            *(Slider(role, f"{role}, degrees", 0, 359, angle) for role, angle in angles),
            Slider("margin", "margin", 0.0, MOST, 0.5, 0.05),
            Toggle("non_negative", "non-negative features, as behind a ReLU"),
            *scatter,
        )

    def limits(self, state: State) -> Mapping[str, tuple[int, int]]:
        """Non-negative features lie in the first quadrant."""
        return dict.fromkeys(_ROLES, (0, 90 if state["non_negative"] else 359))

    def facts(self, state: State) -> TripletFacts:
        """Return distances, loss and gradient of the triplet; share of active triplets of the batch."""
        places = torch.tensor([_unit(state[role]) for role in _ROLES], dtype=torch.float64, requires_grad=True)
        triplet = torch.tensor([[0, 1, 2]])
        loss = triplet_loss(places, triplet, margin=state["margin"])
        (gradient,) = torch.autograd.grad(loss, places)
        positive, negative = (d.item() for d in triplet_distances(places.detach(), triplet))
        near, far = self._batch(state)
        watched = triplet_statistics(torch.from_numpy(near), torch.from_numpy(far), margin=state["margin"])
        half = float(np.median(far - near))
        return TripletFacts(
            positive, negative, loss.item(), gradient.numpy(), watched.active_share, half, triplets=len(near)
        )

    def draw(self, canvas: Canvas, state: State, facts: TripletFacts) -> None:
        """Draw circle, numbers and curve."""
        self._circle(canvas, state, facts)
        self._numbers(canvas, state, facts)
        self._curve(canvas, state, facts)

    def alt(self, state: State, facts: TripletFacts) -> str:
        """Return the numbers in words."""
        where = "the quadrant of non-negative features" if state["non_negative"] else "the unit circle"
        hinge_is = "open" if facts.open else "closed: no gradient"
        return (
            f"A triplet on {where}: anchor at {state['anchor']}, positive at {state['positive']}, negative at "
            f"{state['negative']} degrees. Squared distance to the positive {facts.positive_distance:.2f}, to the "
            f"negative {facts.negative_distance:.2f}; margin {state['margin']:.2f}; loss {facts.loss:.2f}; the "
            f"hinge is {hinge_is}. Of {words.count(facts.triplets, 'triplet')} of a batch "
            f"{100 * facts.active_share:.0f} % are active at this margin; half are at "
            f"{words.number(facts.half_margin, 2)}."
        )

    def scene(self, state: State) -> dict[str, Any]:
        """Return the batch; the triplet itself is worked out where it is dragged."""
        near, far = self._batch(state)
        return {"gaps": (far - near).tolist(), "most": MOST, "remark": self._bound(state)}

    def _batch(self, state: State) -> Distances:
        return self._distances or toy_batch(state["scatter"], state["non_negative"])

    def _circle(self, canvas: Canvas, state: State, facts: TripletFacts) -> None:
        canvas.text(8, 28, "One triplet", size=TITLE, bold=True)
        (x, y), r = _MIDDLE, _RADIUS
        canvas.line([(x - r - 30, y), (x + r + 30, y)], style.PALE, 1.5)
        canvas.line([(x, y - r - 30), (x, y + r + 30)], style.PALE, 1.5)
        inside = state["non_negative"]
        canvas.circle(_MIDDLE, r, edge=style.PALE if inside else style.FAINT, width=2)
        if inside:
            arc = [_on(angle) for angle in range(0, 91, 3)]
            canvas.line(arc, style.INK, 3)
        at = [_on(state[role]) for role in _ROLES]
        canvas.line([at[0], at[1]], _COLOURS[1], 3)
        canvas.dashes(at[0], at[2], _COLOURS[2], 3)
        for place, pull, color in zip(at, facts.gradient, _COLOURS, strict=True):
            # Downhill, against the gradient; up is negative in pixels.
            step = (-45 * float(pull[0]), 45 * float(pull[1]))
            canvas.arrow(place, (place[0] + step[0], place[1] + step[1]), style.blend(color, 0.6), 6, head=16)
        for place, color in zip(at, _COLOURS, strict=True):
            canvas.circle(place, 12, color, "#FFFFFF", 2)
        for letter, place in self._letters(state):
            canvas.text(*place, letter, bold=True, anchor="mm")
        canvas.text(8, 584, "Arrows: where one step downhill moves each point.", size=16, color=style.QUIET)

    def _letters(self, state: State) -> list[tuple[str, Point]]:
        """Names of the points outside the circle; points that meet share their place in one line."""
        groups: list[tuple[float, list[str]]] = []
        for role in _ROLES:
            found = next((g for g in groups if _apart(g[0], state[role]) < 14), None)
            if found:
                found[1].append(role[0])
            else:
                groups.append((state[role], [role[0]]))
        return [(",".join(names), _on(angle, _RADIUS + 30)) for angle, names in groups]

    def _numbers(self, canvas: Canvas, state: State, facts: TripletFacts) -> None:
        lines = (
            ("D(a, p)", facts.positive_distance, _COLOURS[1]),
            ("D(a, n)", facts.negative_distance, _COLOURS[2]),
            ("margin", state["margin"], style.FAINT),
            ("loss", facts.loss, style.INK),
        )
        canvas.text(_TABLE, 28, "Its loss", size=TITLE, bold=True)
        for row, (name, value, color) in enumerate(lines):
            base = 76 + 66 * row
            canvas.text(_TABLE, base, name)
            canvas.text(_TABLE + 280, base, f"{value:.2f}", anchor="rs", bold=True)
            canvas.box(_TABLE, base + 10, _TABLE + 280, base + 24, fill="#F1F2F4")
            # A loss is at most 4 plus the margin.
            canvas.box(_TABLE, base + 10, _TABLE + max(1, 280 * value / (4 + MOST)), base + 24, fill=color)
        canvas.text(_TABLE, 348, "max(0, D(a, p) − D(a, n) + margin)", size=14)
        verdict = "Hinge open: the triplet pulls and pushes." if facts.open else "Hinge closed: no gradient."
        canvas.box(_TABLE, 366, _TABLE + 280, 430, fill="#FBE9DD" if facts.open else "#E3EEF7")
        canvas.paragraph(_TABLE + 10, 392, 264, verdict, size=17, lines=2)
        self._remark(canvas, state, facts)

    def _remark(self, canvas: Canvas, state: State, facts: TripletFacts) -> None:
        remark = self._bound(state)
        if facts.open and not np.abs(facts.gradient).max() > 1e-9:
            remark = "The hinge is open, yet here the gradient is zero."
        canvas.paragraph(_TABLE, 464, 282, remark, size=16, color=style.QUIET, lines=4)

    def _bound(self, state: State) -> str:
        if state["non_negative"]:
            return "In the quadrant D is at most 2: at a margin of 2.1 no hinge ever closes."
        return "Unit vectors: D is at most 4, so above a margin of 4 no hinge ever closes."

    def _curve(self, canvas: Canvas, state: State, facts: TripletFacts) -> None:
        canvas.text(_CHART - 36, 28, "A whole batch", size=TITLE, bold=True)
        chart = Chart(canvas, _CHART, 96, 1180, 396, (0, MOST), (0, 1))
        canvas.text(_CHART - 36, 66, f"active at this margin: {100 * facts.active_share:.0f} %")
        chart.axes([0, 1, 2, 3, 4], [0, 0.25, 0.5, 0.75, 1], xlabel="margin", digits=2)
        near, far = (torch.from_numpy(d) for d in self._batch(state))
        margins = np.linspace(0, MOST, 91)
        shares = [float((hinge(near, far, float(m)) > 0).double().mean()) for m in margins]
        chart.curve(margins.tolist(), shares, style.SAFE_COLOURS[2], 4)
        chart.upright(state["margin"])
        canvas.circle(chart.at(state["margin"], facts.active_share), 8, style.SAFE_COLOURS[3], style.INK)
        half = f"Share of {words.count(facts.triplets, 'triplet')} of a connected graph whose hinge is open. "
        half += f"Half of them are at margin {words.number(facts.half_margin, 2)}."
        canvas.paragraph(_CHART - 36, 464, 330, half, size=16, color=style.QUIET, lines=5)


@lru_cache(maxsize=256)
def toy_batch(scatter: int, non_negative: bool, patches: int = 60, classes: int = 3) -> Distances:
    """Return the distances along a connected graph over toy embeddings on the circle.

    Args:
        scatter: Standard deviation of the angle within a class, in degrees.
        non_negative: Whether negative coordinates are mirrored into the first quadrant.
        patches: Number of embeddings.
        classes: Number of classes; their middles are spread evenly.
    """
    generator = seeded(0)
    labels = torch.arange(patches) % classes
    middles = (10 + 70 * labels / (classes - 1)) if non_negative else 360 * labels / classes
    angles = torch.deg2rad(middles + scatter * torch.randn(patches, generator=generator))
    places = torch.stack((angles.cos(), angles.sin()), dim=1).double()
    places = places.abs() if non_negative else places
    near, far = triplet_distances(places, connected_graph(labels, generator=generator).triplets)
    return near.numpy(), far.numpy()


def _unit(degrees: float) -> Point:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def _on(degrees: float, radius: float = _RADIUS) -> Point:
    x, y = _unit(degrees)
    return _MIDDLE[0] + radius * x, _MIDDLE[1] - radius * y


def _apart(a: float, b: float) -> float:
    """Return the angle between two directions, 0 to 180 degrees."""
    return abs((a - b + 180) % 360 - 180)
