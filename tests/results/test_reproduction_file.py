from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmtutorial.errors import InputError
from mmtutorial.results import read_reproduction
from tests.reproduction_folder import make_reproduction, save


def test_what_was_written_is_read(tmp_path: Path) -> None:
    made = make_reproduction()
    save(tmp_path, made)
    run = read_reproduction(tmp_path)
    assert len(run.rows) == len(made["rows"])
    for row, raw in zip(run.rows, made["rows"], strict=True):
        assert (row.arm, list(row.miou), row.mean) == (raw["arm"], raw["miou"], raw["miou_mean"])
        assert row.interval == pytest.approx(raw["miou_ci95"])
        assert np.isnan(row.class_iou[0, -1])
        assert row.confusion is not None
        assert row.confusion.tolist() == raw["confusion"]
    assert [p.random_purity for p in run.proxies] == [(0.3,) * 5, (0.3,) * 5, ()]
    assert run.comparisons[0].per_seed == pytest.approx(made["comparisons"][0]["per_seed"])
    assert {point.value for point in run.ablations[0].points} == {25.0, 50.0, 100.0, 400.0}


def test_the_least_that_a_running_reproduction_may_hold(tmp_path: Path) -> None:
    made = make_reproduction(seeds=1, blocks=(("scenes", "tiny"),))
    keep = {key: made[key] for key in ("schema", "benchmarks", "networks")}
    row = made["rows"][0]
    row |= {"per_class_iou": [None], "confusion": None, "knn_purity": None, "seconds": None, "steps": None}
    save(tmp_path, keep | {"rows": [row]})
    run = read_reproduction(tmp_path)
    assert run.rows[0].interval is None
    assert len(run.rows[0].class_iou) == 0
    assert (run.proxies, run.comparisons, run.ablations) == ((), (), ())


def test_a_named_value_of_an_ablation_stays_a_name(tmp_path: Path) -> None:
    made = make_reproduction()
    made["ablations"][0]["points"][0]["value"] = "any"
    save(tmp_path, made)
    assert read_reproduction(tmp_path).ablations[0].points[0].value == "any"


def broken(change: dict[str, Any]) -> str:
    return json.dumps(make_reproduction(seeds=2, blocks=(("scenes", "tiny"),)) | change)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read"),
        ("{", "not JSON"),
        ("[]", "schema None"),
        (broken({"schema": 3}), "schema 3, expected 1 or 2"),
        ('{"schema": 1}', "lacks the entry 'benchmarks'"),
        (broken({"rows": [], "ablations": []}), "there are neither rows nor ablations"),
        (broken({"rows": [3]}), "cannot be used"),
        (broken({"benchmarks": []}), "the benchmark 'scenes', which is not listed"),
        (broken({"networks": {}}), "the network 'tiny', which is not listed"),
        (broken({"ablations": [{"name": "a"}]}), "lacks the entry 'benchmark'"),
        (broken({}).replace('"seeds": [0, 1], "miou"', '"seeds": [0], "miou"'), "has 1 seeds and 2 values of miou"),
    ],
)
def test_an_unusable_file_is_named_in_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "reproduction.json").write_text(content)
    with pytest.raises(InputError) as caught:
        read_reproduction(tmp_path)
    assert said in str(caught.value)
    assert "reproduction.json" in str(caught.value)
    assert "\n" not in str(caught.value)
