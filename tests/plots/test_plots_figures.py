from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Rectangle

from mmtutorial import plots
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.plots.cost import Spent, frontier
from mmtutorial.plots.curves import Curve, band
from mmtutorial.plots.graphs import class_layout
from mmtutorial.randomness import seeded
from tests.plots.run_folder import CLASSES, picture, triplets_of

RNG = np.random.default_rng(3)
SMALL = ClassTable(("background", "cat", "$dog$"), ((0, 0, 0), (1, 2, 3), (4, 5, 6)), (0,))


def test_boxes_show_each_patch_twice_and_the_view_holds_them_all() -> None:
    image, mask = picture(RNG, 3, 60, 80)
    boxes = np.array([[-10, 5, 20, 35], [70, 40, 95, 65]])
    drawn = plots.patch_boxes(image, mask, boxes, np.array([1, 2]), SMALL)
    for axes in drawn.figure.axes:
        assert sum(isinstance(p, Rectangle) for p in axes.patches) == 4
        assert axes.get_xlim()[0] <= -10.5
        assert axes.get_xlim()[1] >= 94.5
        assert axes.get_ylim()[0] >= 64.5
    assert "2 patch boxes: 1 cat and 1 $dog$" in drawn.alt
    assert drawn.png().startswith(b"\x89PNG")


def test_no_boxes_is_an_image_alone() -> None:
    image, mask = picture(RNG, 3, 40, 40)
    drawn = plots.patch_boxes(image, mask, np.zeros((0, 4)), np.zeros(0, int), SMALL)
    assert "0 patch boxes" in drawn.alt
    drawn.png()


def test_the_grid_has_a_row_per_class_and_keeps_to_its_columns() -> None:
    labels = np.array([0] * 5 + [2] * 3)
    patches = RNG.integers(0, 256, (8, 3, 8, 8)).astype(np.uint8)
    drawn = plots.patch_grid(patches, labels, SMALL, columns=4)
    (axes,) = drawn.figure.axes
    assert len(axes.images) == 4 + 3
    assert [t.get_text() for t in axes.get_yticklabels()] == ["background (5)", "$dog$ (3)"]
    assert drawn.alt == "A batch of 8 patches in rows by class: 5 background and 3 $dog$."
    drawn.png()


@pytest.fixture(scope="module")
def batch() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    connected = np.array([[1, 0, 4], [2, 1, 5], [3, 2, 7], [5, 4, 0], [6, 5, 1], [8, 7, 2]])
    return labels, connected, np.array([[0, 3, 4], [5, 6, 8]])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=8))
def test_the_frontier_holds_what_nothing_beats_in_both(pairs: list[tuple[int, int]]) -> None:
    rows = [Spent(str(i), seconds, miou) for i, (seconds, miou) in enumerate(pairs)]
    kept = {(row.seconds, row.miou) for row in frontier(rows)}
    for row in rows:
        beaten = any(
            (o.seconds <= row.seconds and o.miou > row.miou) or (o.seconds < row.seconds and o.miou >= row.miou)
            for o in rows
        )
        assert ((row.seconds, row.miou) in kept) is not beaten


def test_accuracy_for_time_shows_each_arm_where_it_belongs_and_says_so() -> None:
    rows = [Spent("random", 10, 20, (18, 22)), Spent("random+more", 30, 35), Spent("random+graph", 32, 33)]
    drawn = plots.accuracy_for_time(rows)
    (axes,) = drawn.figure.axes
    named = {line.get_label(): line.get_xydata().tolist() for line in axes.lines if line.get_label()[0] != "_"}
    assert named == {"random": [[10, 20]], "random+more": [[30, 35]], "random+graph": [[32, 33]]}
    assert axes.get_xlim()[0] == 0
    assert "random+graph 33.0 in 32 s. Not beaten in both: random and random+more." in drawn.alt
    drawn.png()


def test_facts_of_a_graph(batch: tuple[np.ndarray, ...]) -> None:
    labels, connected, random = batch
    facts = plots.graph_facts(labels, connected)
    assert dict(facts.pieces) == {0: 1, 1: 1, 2: 1}
    assert facts.coverage == 1
    assert facts.sentence().endswith("the positive edges join each class into one piece.")
    facts = plots.graph_facts(labels, random)
    assert dict(facts.pieces) == {0: 3, 1: 2, 2: 2}
    assert dict(facts.largest) == {0: 2, 1: 2, 2: 1}
    assert (facts.used, facts.anchors) == (6, 2)
    assert facts.sentence() == (
        "2 triplets; 6 of 9 patches in use (67 %), 2 of them as anchor; "
        "the positive edges leave a class in 2 to 3 pieces."
    )


def test_facts_of_no_triplets() -> None:
    facts = plots.graph_facts(np.array([0, 0]), np.zeros((0, 3)))
    assert dict(facts.pieces) == {0: 2}
    assert facts.coverage == 0


def test_the_graph_agrees_with_the_library() -> None:
    torch = pytest.importorskip("torch")
    graph = pytest.importorskip("mmtutorial.graph")
    labels = torch.from_numpy(RNG.integers(0, 5, 60))
    for make in (graph.connected_graph, graph.random_triplets):
        made = make(labels, generator=seeded(1))
        facts = plots.graph_facts(labels.numpy(), made.triplets.numpy())
        assert dict(facts.pieces) == made.components()
        assert facts.coverage == pytest.approx(made.coverage())


def test_a_small_graph_shows_every_edge_and_hollow_unused_nodes(batch: tuple[np.ndarray, ...]) -> None:
    labels, connected, random = batch
    drawn = plots.graph_pair(labels, connected, random, SMALL)
    left, right = drawn.figure.axes
    for axes, triplets in ((left, random), (right, connected)):
        negative, positive = (c for c in axes.collections if isinstance(c, LineCollection))
        assert len(negative.get_segments()) == len(positive.get_segments()) == len(triplets)
        nodes = [c for c in axes.collections if isinstance(c, PathCollection)]
        assert sum(len(c.get_offsets()) for c in nodes) == len(labels)
        hollow = [c for c in nodes if len(c.get_offsets()) and np.allclose(c.get_facecolor()[0], 1)]
        assert sum(len(c.get_offsets()) for c in hollow) == len(labels) - len(np.unique(triplets))
    assert "6 of 9 patches" in drawn.alt
    assert "cat" in drawn.alt
    drawn.png()


def test_a_large_graph_leaves_out_negative_edges() -> None:
    labels = RNG.integers(0, 9, 120)
    connected, random = triplets_of(labels, RNG)
    drawn = plots.graph_pair(labels, connected, random, CLASSES)
    for axes, triplets in zip(drawn.figure.axes, (random, connected), strict=True):
        (lines,) = (c for c in axes.collections if isinstance(c, LineCollection))
        assert len(lines.get_segments()) == len(triplets)


def test_the_layout_keeps_classes_apart_and_repeats() -> None:
    labels = np.repeat([0, 1, 3], [1, 20, 400])
    edges = np.array([[i, i - 1, 0] for i in range(2, 21)])
    places = class_layout(labels, edges, seed=4)
    assert np.array_equal(places, class_layout(labels, edges, seed=4))
    centres = [places[labels == c].mean(axis=0) for c in (0, 1, 3)]
    assert min(np.linalg.norm(a - b) for a, b in itertools.pairwise(centres)) > 2
    assert np.isfinite(places).all()


def test_maps_name_their_classes_and_purity() -> None:
    labels = np.array([0, 1, 1, 2])
    drawn = plots.before_after(RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2)), labels, SMALL, purity=(0.25, 0.5))
    left, right = drawn.figure.axes
    assert left.get_title(loc="left") == "t-SNE before tuning, kNN purity 0.25"
    assert right.get_title(loc="left") == "t-SNE after tuning, kNN purity 0.50"
    assert sum(len(c.get_offsets()) for c in left.collections) == 4
    assert "background, cat and $dog$" in drawn.alt
    drawn.png()


def curve(steps: list[float], values: list[float]) -> Curve:
    return Curve(np.array(steps), np.array(values))


def test_a_band_keeps_the_steps_of_all_seeds() -> None:
    joined = band([curve([1, 2, 3], [1, 2, 3]), curve([1, 3], [3, 7])])
    assert joined.steps.tolist() == [1, 3]
    assert joined.mean.tolist() == [2, 5]
    assert (joined.low.tolist(), joined.high.tolist()) == ([1, 3], [3, 7])


def test_curves_keep_their_colour_and_say_their_ends() -> None:
    order = ("a", "b", "c")
    alone = plots.loss_curves({"b": [curve([1, 2], [1, 0.5])]}, title="Tuning", order=order)
    both = plots.loss_curves({"a": [curve([1, 2], [2, 1])], "b": [curve([1, 2], [1, 0.5])]}, title="T", order=order)
    assert alone.figure.axes[0].lines[0].get_color() == both.figure.axes[0].lines[1].get_color()
    assert "b 1.00 to 0.50" in alone.alt


def test_lines_stand_at_their_points_with_chance_dashed_and_the_last_value_in_the_legend() -> None:
    drawn = plots.lines(
        range(0, 30, 10),
        {"true": (0.1, 0.2, 0.4), "shuffled": (0.1, 0.1, 0.12)},
        title="Purity",
        x="steps",
        y="kNN purity",
        level=("chance", 1 / 9),
        spread={"true": (0.0, 0.1, 0.1)},
    )
    (axes,) = drawn.figure.axes
    true, shuffled, chance = axes.lines
    assert true.get_xydata().tolist() == [[0, 0.1], [10, 0.2], [20, 0.4]]
    assert true.get_color() != shuffled.get_color()
    assert (chance.get_linestyle(), set(chance.get_ydata())) == ("--", {1 / 9})
    assert axes.get_ylim()[0] == 0
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == [
        "true: 0.40",
        "shuffled: 0.12",
        "chance: 0.11",
    ]
    tops = np.concatenate([path.vertices[:, 1] for band in axes.collections for path in band.get_paths()])
    assert tops.max() == pytest.approx(0.5), "the spread goes to both sides of its line"
    assert drawn.alt == (
        "Purity: kNN purity over steps, first and last: true 0.10 to 0.40; shuffled 0.10 to 0.12; dashed, chance: 0.11."
    )


def test_logarithmic_axes_name_each_point_and_begin_where_they_can() -> None:
    (axes,) = plots.lines((1, 8, 64), {"a": (0.1, 0.01, 1)}, title="T", x="x", y="y", log="xy").figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "8", "64"]
    (axes,) = plots.lines((1, 2), {"a": (-1, 1)}, title="T", x="x", y="y").figure.axes
    assert axes.get_ylim()[0] < -1, "what lies below zero is shown"
    drawn = plots.lines((1, 2), {"a": (3.0, 2.9)}, title="T", x="x", y="y")
    assert drawn.figure.axes[0].get_ylim()[0] > 2.8, "a small change far above zero can be seen"
    assert not drawn.figure.legends, "one line needs no name"


@pytest.mark.parametrize(
    ("points", "curves", "spread", "said"),
    [
        ((1, 2), {}, None, "got none"),
        ((), {"a": ()}, None, "each of 0 points, at least one; got 'a' 0"),
        ((1, 2), {"a": (1, 2), "b": (1,)}, None, "each of 2 points, at least one; got 'a' 2, 'b' 1"),
        ((1,), {"a": (1,)}, {"a": (1, 2)}, "got 'a' 1, 'a' 2"),
        ((1,), {"a": (1,)}, {"b": (1,)}, "no line 'b', only a"),
    ],
)
def test_lines_that_do_not_fit_their_points_are_refused(
    points: tuple[int, ...], curves: dict[str, Any], spread: dict[str, Any] | None, said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        plots.lines(points, curves, title="T", x="x", y="y", spread=spread)


def test_seeds_without_common_steps_do_not_crash() -> None:
    drawn = plots.loss_curves({"a": [curve([1], [2]), curve([2], [1])]}, title="T")
    assert "a not logged" in drawn.alt
    drawn.png()


def test_tuning_shows_distances_and_active_share() -> None:
    one = {"a": [curve([1, 2], [0.5, 0.2])]}
    drawn = plots.tuning_curves(one, {"a": [curve([1, 2], [0.5, 0.9])]}, {"a": [curve([1, 2], [1, 0.8])]})
    left, right = drawn.figure.axes
    assert len([line for line in left.lines if len(line.get_xdata())]) == 2
    assert len(right.lines) == 1
    assert "positive distance 0.50 to 0.20, negative 0.50 to 0.90, active share 1.00 to 0.80" in drawn.alt


def test_arms_show_every_seed_and_no_bar_without_an_interval() -> None:
    rows = [plots.Interval("a", 2.0, (1, 3), (1.5, 2.5)), plots.Interval("b", 4.0, None, (4.0,))]
    drawn = plots.arm_intervals(rows)
    lines = drawn.figure.axes[0].lines
    assert [len(line.get_xdata()) for line in lines] == [2, 2, 1, 1, 1]
    assert "in percent: a 2.0 (95 % interval 1.0 to 3.0); b 4.0 (95 % interval \N{EN DASH})." in drawn.alt


def test_a_trifling_difference_does_not_fill_the_axis() -> None:
    drawn = plots.arm_intervals([plots.Interval("a", 40.0), plots.Interval("b", 40.1)])
    low, high = drawn.figure.axes[0].get_xlim()
    assert high - low == pytest.approx(4)
    assert low < 40 < 40.1 < high


def test_a_difference_that_is_not_shown_is_hollow() -> None:
    rows = [
        plots.Interval("a", 2.0, (1, 3)),
        plots.Interval("b", 0.5, (-1, 2)),
        plots.Interval("c", -2, (-3, -1)),
    ]
    drawn = plots.difference_intervals(rows)
    dots = [line for line in drawn.figure.axes[0].lines if line.get_markersize() == 10]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True, False]
    assert "b +0.5 (95 % interval \N{MINUS SIGN}1.0 to 2.0, not shown)" in drawn.alt


@pytest.mark.parametrize("arms", [1, 4, 8])
def test_predictions_have_a_tile_for_each_arm(arms: int) -> None:
    image, truth = picture(RNG, 3, 50, 70)
    names = [f"colorization+a{i}" for i in range(arms)]
    drawn = plots.predictions(image, truth, np.stack([truth] * arms), names, list(range(arms)), SMALL)
    assert sum(bool(axes.images) for axes in drawn.figure.axes) == arms + 2
    assert "colorization+a0 0.0" in drawn.alt
    assert "void" in drawn.alt
    drawn.png()


def test_confusion_rows_are_percentages_and_an_absent_class_has_none() -> None:
    drawn = plots.confusion_matrix(np.array([[3, 1, 0], [0, 0, 0], [5, 0, 5]]), SMALL, title="arm")
    texts = [t.get_text() for t in drawn.figure.axes[0].texts]
    assert texts == ["75", "25", "0", *["\N{EN DASH}"] * 3, "50", "0", "50"]
    assert "50 % of $dog$ is called background" in drawn.alt


def test_class_iou_prints_every_number() -> None:
    drawn = plots.class_iou(np.array([[10.0, 20.0, np.nan]]), ["arm"], SMALL)
    assert [t.get_text() for t in drawn.figure.axes[0].texts] == ["10.0", "20.0", "\N{EN DASH}"]
    assert "arm: background 10.0, cat 20.0" in drawn.alt
