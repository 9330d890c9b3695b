"""The figures of a reproduction: ours beside theirs, ablations, proxy tasks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mmtutorial import plots
from mmtutorial.plots.beside import LOOKS, Family, Pair
from mmtutorial.plots.picture import Picture
from mmtutorial.reproduction.paper import ALEXNET, METHODS

RNG = np.random.default_rng(0)
KINDS: tuple[Family, ...] = ("random", "supervised", "proxy", "tuned", "ensemble")


def pairs() -> list[Pair]:
    figures = [row for row in METHODS if row.backbone == ALEXNET]
    made = []
    for i, row in enumerate(figures):
        ours = None if row.arm == "bigan" else 10 + row.miou / 3
        bounds = None if ours is None else (ours - 1, ours + 1)
        made.append(Pair(row.method, row.miou, row.arm, ours, KINDS[i % 5], bounds, (ours or 0.0,) if ours else ()))
    return made


def overlaps(picture: Picture) -> list[tuple[str, str]]:
    """Pairs of texts in the figure that touch one another."""
    canvas = FigureCanvasAgg(picture.figure)
    canvas.draw()
    texts = [t for axes in picture.figure.axes for t in (*axes.texts, *axes.get_yticklabels(), axes.title)]
    texts += [axes.xaxis.label for axes in picture.figure.axes]
    boxes = [(t.get_text(), t.get_window_extent(canvas.get_renderer())) for t in texts if t.get_text()]
    return [(a, b) for (a, first), (b, second) in itertools.combinations(boxes, 2) if first.overlaps(second)]


def test_the_rows_stand_in_their_order_and_no_label_touches_another() -> None:
    drawn = plots.ours_beside_theirs(pairs(), theirs="Slides: VOC 2012, AlexNet", ours="Ours: scenes, tiny")
    left, right = drawn.figure.axes
    names = [label.get_text() for label in right.get_yticklabels()]
    assert names[:2] == ["classification", "random+graph"]
    assert names[-1] == "random"
    assert [t.get_text() for t in left.texts] == sorted((t.get_text() for t in left.texts), reverse=True)
    assert "not run" in [t.get_text() for t in right.texts]
    assert overlaps(drawn) == []


def test_the_words_hold_the_numbers() -> None:
    drawn = plots.ours_beside_theirs(pairs(), theirs="theirs", ours="ours")
    assert "Noroozi and Favaro 2016 37.6, jigsaw 22.5 (95 % interval 21.5 to 23.5)" in drawn.alt
    assert "Donahue et al. 2016 35.2, bigan not run" in drawn.alt


def test_nothing_run_is_still_a_figure() -> None:
    drawn = plots.ours_beside_theirs(
        [Pair("ImageNet", 48.0, "classification", None, "supervised")], theirs="a", ours="b"
    )
    assert drawn.png().startswith(b"\x89PNG")


def test_each_kind_of_arm_has_a_colour_and_a_marker_of_its_own() -> None:
    assert len({color for _, color, _ in LOOKS.values()}) == len({m for _, _, m in LOOKS.values()}) == len(KINDS)


def course(values: list[float]) -> list[plots.Setting]:
    return [plots.Setting(v, 10 + v / 100, (9 + v / 100, 11 + v / 100)) for v in values]


def test_an_ablation_has_a_line_and_a_band_an_arm() -> None:
    drawn = plots.ablation_curves(
        {"random": course([400, 25, 100]), "random+graph": course([25, 100])}, title="t", setting="images", log=True
    )
    [axes] = drawn.figure.axes
    assert [line.get_xdata().tolist() for line in axes.lines] == [[25, 100, 400], [25, 100]]
    assert len(axes.collections) == 2
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["25", "100", "400"]
    assert len({(line.get_color(), line.get_marker()) for line in axes.lines}) == 2
    assert "random+graph 10.2 at 25, 11.0 at 100" in drawn.alt
    drawn.svg()


def test_names_take_places_in_a_row_and_zero_forbids_a_logarithm() -> None:
    named = [plots.Setting("any", 10.0), plots.Setting("visited", 11.0), plots.Setting("2", 12.0)]
    [axes] = plots.ablation_curves({"random+graph": named}, title="t", setting="positive", log=True).figure.axes
    assert axes.lines[0].get_xdata().tolist() == [0, 1, 2]
    [axes] = plots.ablation_curves({"a": course([0, 10])}, title="t", setting="s", log=True).figure.axes
    assert axes.get_xscale() == "linear"


def test_a_point_without_an_interval_leaves_a_gap_in_the_band() -> None:
    points = [plots.Setting(1, 5.0, (4, 6)), plots.Setting(2, 5.0), plots.Setting(3, 5.0, (4, 6))]
    [axes] = plots.ablation_curves({"a": points}, title="t", setting="s").figure.axes
    covered = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
    assert not (covered[:, 0] == 2).any()


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (4, 4), (9, 6)])
def test_a_proxy_task_has_three_rows_of_one_caption(count: int, columns: int) -> None:
    rows = [RNG.integers(0, 256, (count, 3, side, side)).astype(np.uint8) for side in (24, 24, 8)]
    drawn = plots.proxy_rows(rows, ["sees", "target", "says"], title="jigsaw")
    assert sum(len(axes.images) for axes in drawn.figure.axes) == 3 * columns
    assert [band.get_suptitle() for band in drawn.figure.subfigs] == ["sees", "target", "says"]
    shown = drawn.figure.subfigs[0].axes[0].images[0].get_array()
    assert np.array_equal(shown, np.moveaxis(rows[0][0], 0, -1))
    drawn.jpeg()
