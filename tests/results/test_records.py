"""Records: what is written is read again, and what cannot be is named in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.results import ArmScores, Difference, Results, Scores, read_results, subtract, write_record
from mmtutorial.results.records import Purity
from mmtutorial.results.statistics import bounds, paired_difference

percent = st.floats(0, 100).map(lambda value: round(value, 4))
maybe = st.none() | percent


@st.composite
def arms(draw: st.DrawFn, classes: int = 3) -> ArmScores:
    seeds = draw(st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True))
    each = {"min_size": len(seeds), "max_size": len(seeds)}
    row = st.lists(maybe, min_size=classes, max_size=classes).map(tuple)
    counts = st.lists(st.integers(0, 2**60), min_size=classes, max_size=classes).map(tuple)
    return ArmScores(
        arm=draw(st.text(max_size=8)),
        pretraining="random",
        tuning="none",
        seeds=tuple(seeds),
        miou=tuple(draw(st.lists(percent, **each))),
        mean=draw(percent),
        ci95=draw(st.just((None, None)) | st.tuples(st.floats(-9, 0), st.floats(0, 9))),
        per_class_iou=tuple(draw(st.lists(st.none() | row, **each))),
        pixels=tuple(draw(st.just([]) | st.lists(counts, min_size=classes, max_size=classes))),
        steps={"proxy": draw(st.integers(0, 10**6))},
        seconds=tuple(draw(st.lists(st.none() | st.floats(0, 1e6), **each))),
        knn_purity=draw(st.none() | st.just(Purity((0.5, None), (0.7, None)))),
    )


@given(st.lists(arms(), min_size=1, max_size=3))
@settings(max_examples=60)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, found: list[ArmScores]) -> None:
    folder = tmp_path_factory.mktemp("written")
    made = Results(names=("a", "b", "c"), background_ids=(0,), arms=tuple(found), warnings=("c is not scored",))
    write_record(folder / "results.json", made)
    assert read_results(folder) == made


def results(**changes: Any) -> dict[str, Any]:
    arm = {"name": "random", "pretraining": "random", "tuning": "none", "seeds": [0, 1], "miou": [30.0, 40.0]}
    arm |= {"miou_mean": 35.0, "per_class_iou": [[30.0, None]] * 2, "confusion": [[3, 1], [0, 0]]}
    return {"schema": 1, "classes": ["a", "b"], "arms": [arm | changes]}


def read(folder: Path, content: str | bytes) -> Results:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "results.json").write_bytes(data)
    return read_results(folder)


def test_files_of_the_first_schema_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, json.dumps(results()))
    assert (found.schema, found.commands, found.warnings, found.version) == (1, (), (), None)
    [arm] = found.arms
    assert arm.class_iou.tolist()[0][0] == 30.0
    assert np.isnan(arm.class_iou[:, 1]).all()
    assert arm.class_means == [30.0, None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seeds": [0]}, "has 1 seeds and 2 values of miou"),
        ({"seeds": [0, 0]}, "has a seed twice"),
        ({"seeds": [], "miou": []}, "has 0 seeds"),
        ({"seeds": [0, True]}, "cannot be used"),
        ({"miou": [30.0, 101.0]}, "<= 100"),
        ({"miou": [30.0, -1.0]}, ">= 0"),
        ({"miou": [30.0, None]}, "cannot be used"),
        ({"miou_ci95": [3.0, None]}, "one end"),
        ({"miou_ci95": [3.0, 2.0]}, "down to"),
        ({"miou_ci95": [3.0]}, "cannot be used"),
        ({"confusion": [[1, 2]]}, "not of the 2 classes"),
        ({"confusion": [[1, 2], [3]]}, "not of the 2 classes"),
        ({"confusion": [[1, 2], [3, -4]]}, ">= 0"),
        ({"confusion": [[1, 2], [3, 0.5]]}, "cannot be used"),
        ({"per_class_iou": [[1.0, 2.0, 3.0], None]}, "not of the 2 classes"),
        ({"steps": {"tuning": "many"}}, "cannot be used"),
        ({"name": 7}, "cannot be used"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, json.dumps(results(**change)))
    assert said in str(caught.value)
    assert "results.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe{}", b"[" * 100_000, json.dumps(results(miou_mean=float("nan"))), '{"schema": 1, "classes": 1e999}'],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(InputError, match="is not JSON"):
        read(tmp_path, content)


def test_a_wrong_table_of_classes_has_one_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, json.dumps(results() | {"palette": [[1, 2, 3]]}))
    assert str(caught.value).endswith("give one colour per name")
    assert "InputError" not in str(caught.value)


def test_a_number_that_is_none_is_not_written(tmp_path: Path) -> None:
    arm = Scores(arm="a", seeds=(0,), miou=(float("nan"),), mean=1.0)
    with pytest.raises(ValueError, match=r"nan|JSON"):
        write_record(
            tmp_path / "results.json",
            Results(names=("a",), arms=(ArmScores(**msgspec.structs.asdict(arm), pretraining="", tuning=""),)),
        )
    assert not list(tmp_path.iterdir())


@given(arms(), arms())
def test_a_difference_is_over_the_seeds_that_both_have(a: ArmScores, b: ArmScores) -> None:
    shared = [seed for seed in a.seeds if seed in b.seeds]
    found = subtract(a, b)
    if not shared:
        assert found is None
        return
    assert found is not None
    assert found.per_seed == tuple(a.by_seed[seed] - b.by_seed[seed] for seed in shared)
    mean, ends = paired_difference([a.by_seed[s] for s in shared], [b.by_seed[s] for s in shared])
    assert (found.value, list(found.ci95)) == (mean, ends)
    assert (found.interval is None) == (len(shared) == 1)


def test_bounds() -> None:
    assert bounds((None, None)) is None
    assert bounds((-1.0, 2.0)) == (-1.0, 2.0)
    for ends in ((None, 1.0), (0.0, None), (2.0, 1.0)):
        with pytest.raises(ValueError, match="interval"):
            Difference("a", "b", 0.0, ends)


@pytest.mark.parametrize(("old", "new"), [('"miou_mean": 35.0', '"miou_mean": 35.5'), ('"random"', '"rendom"')])
def test_results_that_were_changed_since_are_no_longer_taken_for_what_was_measured(
    tmp_path: Path, old: str, new: str
) -> None:
    arm = ArmScores(arm="random", pretraining="random", tuning="none", seeds=(0,), miou=(35.0,), mean=35.0)
    made = Results(names=("a", "b"), background_ids=(0,), arms=(arm,))
    path = tmp_path / "results.json"
    write_record(path, made)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match="was changed since it was written; run `mmtutorial run` again with --resume"):
        read_results(tmp_path)
    write_record(path, made)
    assert read_results(tmp_path) == made
