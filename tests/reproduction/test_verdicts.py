from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from mmtutorial.reproduction.beside import missing
from mmtutorial.reproduction.paper import ALEXNET, VGG, VOC
from mmtutorial.reproduction.verdicts import Claim, Judgement, findings, judge, topics
from mmtutorial.results import Difference, Reproduction, Row, read_reproduction, subtract
from tests.reproduction_folder import make_reproduction, save

CLAIM = Claim(VOC, ALEXNET, "random+graph", "random", (43.6, 19.8))


def read(out: Path, made: dict) -> Reproduction:
    save(out, made)
    return read_reproduction(out)


def test_imagenet_answers_for_what_stands_for_it(tmp_path: Path) -> None:
    made = make_reproduction(seeds=3)
    for row in made["rows"]:
        row["arm"] = row["arm"].replace("classification", "imagenet")
    found = read(tmp_path, made)
    assert missing(found) == []
    ensemble = found.row("scenes", "tiny-vgg", "classification&colorization+graph")
    assert ensemble is not None
    assert ensemble.arm == "imagenet&colorization+graph"
    assert found.row("scenes", "tiny", "nothing") is None


def set_scores(made: dict, arm: str, miou: list[float], network: str = "tiny") -> None:
    for row in made["rows"]:
        if (row["benchmark"], row["network"], row["arm"]) == ("scenes", network, arm):
            row |= {"miou": miou, "seeds": list(range(len(miou)))}


def difference(low: float, high: float) -> Difference:
    return Difference("a", "b", (low + high) / 2, (low, high), (low, high))


@given(st.floats(-50, 50), st.floats(0, 50))
def test_a_verdict_is_where_the_interval_lies(low: float, width: float) -> None:
    high = low + width
    expected = Judgement.REPRODUCED if low > 0 else Judgement.CONTRADICTED if high < 0 else Judgement.NOT_SHOWN
    assert judge(difference(low, high)) is expected


def test_without_an_interval_nothing_is_shown() -> None:
    assert judge(Difference("a", "b", 40.0, (None, None), (40.0,))) is Judgement.NOT_SHOWN
    assert judge(None) is Judgement.NOT_RUN


@pytest.mark.parametrize(
    ("scores", "control", "verdict", "control_verdict"),
    [
        ([30.0, 31, 32], [20.0, 22, 21], Judgement.REPRODUCED, Judgement.REPRODUCED),
        ([30.0, 31, 32], [29.0, 32, 32], Judgement.REPRODUCED, Judgement.NOT_SHOWN),
        ([30.0, 31, 32], [40.0, 42, 41], Judgement.REPRODUCED, Judgement.CONTRADICTED),
        ([1.0, 2, 3], [1.0, 3, 2], Judgement.CONTRADICTED, Judgement.NOT_SHOWN),
        ([10.0, 12, 11], [10.0, 12, 13], Judgement.NOT_SHOWN, Judgement.NOT_SHOWN),
    ],
)
def test_claim_and_fair_control_are_judged_apart(
    tmp_path: Path, scores: list[float], control: list[float], verdict: Judgement, control_verdict: Judgement
) -> None:
    made = make_reproduction(seeds=3)
    set_scores(made, "random", [10.5, 11.5, 11])
    set_scores(made, "random+more", control)
    set_scores(made, "random+graph", scores)
    [found] = findings(CLAIM, read(tmp_path, made))
    assert found.place == ("scenes", "tiny")
    assert (found.verdict, found.control_verdict) == (verdict, control_verdict)
    assert found.difference is not None
    assert found.difference.per_seed == pytest.approx([scores[0] - 10.5, scores[1] - 11.5, scores[2] - 11])


def test_only_a_tuned_arm_against_an_untuned_one_has_a_fair_control() -> None:
    def control(a: str, b: str) -> str | None:
        return Claim(VOC, VGG, a, b, (2, 1)).control

    assert control("random+graph", "colorization") == "colorization+more"
    assert control("colorization+graph", "colorization+triplets") is None
    assert control("classification", "random") is None
    assert control("classification&colorization+graph", "classification") is None


def test_every_claim_quotes_a_higher_figure_for_its_first_arm() -> None:
    claims = [claim for topic in topics() for claim in topic.claims]
    assert len(claims) == len({(c.benchmark, c.backbone, c.a, c.b) for c in claims}) == 37
    assert all(high > low for high, low in (claim.figures for claim in claims))


def test_a_full_run_leaves_no_claim_open_and_an_empty_place_does(tmp_path: Path) -> None:
    full = read(tmp_path, make_reproduction())
    assert missing(full) == []
    found = [f for topic in topics() for claim in topic.claims for f in findings(claim, full)]
    assert Judgement.NOT_RUN not in {f.verdict for f in found}
    alone = read(tmp_path, make_reproduction(blocks=(("scenes", "tiny"),)))
    [lost] = findings(Claim(VOC, VGG, "colorization+graph", "classification", (64.5, 64.2)), alone)
    assert (lost.verdict, lost.place, lost.difference) == (Judgement.NOT_RUN, None, None)
    places = {(lack.benchmark, lack.backbone, lack.ours) for lack in missing(alone)}
    assert places == {("VOC2012", "VGG-16", None), ("CityScapes", "VGG-16", None)}


def test_missing_rows_are_named(tmp_path: Path) -> None:
    made = make_reproduction()
    made["rows"] = [row for row in made["rows"] if row["arm"] not in ("bigan", "classification")]
    lacks = {(m.ours, m.arms) for m in missing(read(tmp_path, made))}
    assert (("scenes", "tiny"), ("classification", "bigan")) in lacks
    assert (("streets", "tiny-vgg"), ("classification",)) in lacks


def test_differences_are_over_shared_seeds_alone(tmp_path: Path) -> None:
    made = make_reproduction(seeds=2)
    run = read(tmp_path, made)
    [a, b] = run.rows[:2]
    assert isinstance(a, Row)
    # The second row has seed 0 in its second place, and a seed 7 that the first has not.
    moved = structs.replace(b, seeds=(7, 0))
    found = subtract(a, moved)
    assert found is not None
    assert found.value == pytest.approx(a.miou[0] - b.miou[1])
    assert found.interval is None
    assert subtract(a, structs.replace(b, seeds=(8, 9))) is None
