from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmtutorial.errors import InputError
from mmtutorial.provenance import write_record
from mmtutorial.reports.class_purity_markdown import all_tables, class_purity_table
from mmtutorial.reports.run_markdown import markdown_tables
from mmtutorial.results import RunFolder, read_results
from mmtutorial.results.class_purity import class_purities
from tests.tiny_run import finish, runner

ARM = "random+graph"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    finish(runner(out, arms=f"random,{ARM}", seeds=(0, 1), labeled=4))
    return out


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def change(out: Path, seed: int, classes: Any) -> None:
    path = RunFolder(out).stage(seed, "tuning", ARM).purity
    record = json.loads(path.read_text())
    values = {"before": record["before"], "after": record["after"]} | ({} if classes is None else {"classes": classes})
    write_record(path, values, record["made_by"])


def test_the_mean_of_the_classes_is_the_purity_of_the_run(run: Path) -> None:
    for seed in (0, 1):
        record = json.loads(RunFolder(run).stage(seed, "tuning", ARM).purity.read_text())
        for when in ("before", "after"):
            shares = [value for value in record["classes"][when].values() if value is not None]
            assert np.mean(shares) == pytest.approx(record[when], abs=1e-6)


def test_a_row_for_each_tuned_arm_has_the_means_over_seeds(run: Path) -> None:
    first, second = read_results(run).names[:2]
    change(run, 0, {"before": {second: None, first: 0.2}, "after": {second: 0.9, first: 0.4}})
    change(run, 1, {"before": {first: 0.4}, "after": {first: 0.8}})
    assert class_purity_table(run, read_results(run)).splitlines() == [
        f"| kNN purity before, after | {first} | {second} |",
        "|---|---|---|",
        "| `random+graph` | 0.30, 0.60 | none, 0.90 |",
    ]


def test_all_tables_end_with_this_one_where_there_is_one(run: Path) -> None:
    results = read_results(run)
    arms = markdown_tables(results)
    assert all_tables(run) == f"{arms}\n\n{class_purity_table(run, results)}"
    for seed in (0, 1):
        change(run, seed, None)
    assert all_tables(run) == arms


def test_runs_of_before_have_no_such_table(run: Path) -> None:
    change(run, 0, None)
    RunFolder(run).stage(1, "tuning", ARM).purity.unlink()
    results = read_results(run)
    assert class_purities(RunFolder(run), results.arms[1]) == {}
    assert class_purity_table(run, results) == ""


@pytest.mark.parametrize("classes", [7, [], {"before": {}}, {"before": {"star": "0.2"}, "after": {}}])
def test_a_damaged_record_is_told_with_its_remedy(run: Path, classes: Any) -> None:
    change(run, 1, classes)
    with pytest.raises(InputError, match=r"purity\.json is damaged .* delete it and run again with --resume"):
        class_purity_table(run, read_results(run))
