from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from mmtutorial.reproduction.beside import beside, columns, rank_agreements
from mmtutorial.reproduction.paper import ALEXNET, METHODS
from mmtutorial.results import read_reproduction
from mmtutorial.results.reproduction import Reproduction
from tests.reproduction_folder import make_reproduction, save

FIGURES = [row for row in METHODS if row.backbone == ALEXNET]


def read(out: Path, made: dict) -> Reproduction:
    save(out, made)
    return read_reproduction(out)


def tau(x: list[float], y: list[float]) -> float:
    """Kendall's tau, written out; no ties."""
    pairs = list(itertools.combinations(range(len(x)), 2))
    return sum(np.sign(x[i] - x[j]) * np.sign(y[i] - y[j]) for i, j in pairs) / len(pairs)


def rho(x: list[float], y: list[float]) -> float:
    """Spearman's rho, written out; no ties."""
    d = np.argsort(np.argsort(x)) - np.argsort(np.argsort(y))
    return 1 - 6 * float((d**2).sum()) / (len(x) * (len(x) ** 2 - 1))


def test_rank_correlations_agree_with_their_definitions_seed_by_seed(tmp_path: Path) -> None:
    made = make_reproduction(seeds=4, blocks=(("scenes", "tiny"),))
    run = read(tmp_path, made)
    found = rank_agreements(run)[0]
    assert (found.table.name, found.place, found.rows, found.of, found.seeds) == (
        "methods",
        ("scenes", "tiny"),
        12,
        12,
        4,
    )
    ours = {row.arm: row.miou for row in run.rows}
    theirs = [figure.miou for figure in FIGURES]
    for measure, spread in ((rho, found.spearman), (tau, found.kendall)):
        values = [measure(theirs, [ours[figure.arm][seed] for figure in FIGURES]) for seed in range(4)]
        assert (spread.mean, spread.low, spread.high) == pytest.approx((np.mean(values), min(values), max(values)))


def test_the_reverse_order_is_minus_one(tmp_path: Path) -> None:
    made = make_reproduction(seeds=2, blocks=(("scenes", "tiny"),))
    theirs = {figure.arm: figure.miou for figure in FIGURES}
    made["rows"] = [row for row in made["rows"] if row["arm"] in theirs]
    for row in made["rows"]:
        row["miou"] = [100 - theirs[row["arm"]]] * 2
    found = rank_agreements(read(tmp_path, made))[0]
    assert (found.spearman.mean, found.kendall.high) == pytest.approx((-1, -1))


def test_no_rank_correlation_of_two_rows_nor_of_equal_values_nor_without_a_shared_seed(tmp_path: Path) -> None:
    made = make_reproduction(seeds=2, blocks=(("scenes", "tiny"),))
    rows = made["rows"]
    made["rows"] = [row for row in rows if row["arm"] in ("random", "classification")]
    assert rank_agreements(read(tmp_path, made)) == []
    made["rows"] = [row | {"miou": [20.0, 20.0]} for row in rows]
    assert rank_agreements(read(tmp_path, made)) == []
    made["rows"] = [row | {"seeds": [2 * k, 2 * k + 1]} for k, row in enumerate(rows)]
    assert rank_agreements(read(tmp_path, made)) == []


def test_ranks_count_only_what_was_run(tmp_path: Path) -> None:
    made = make_reproduction(blocks=(("scenes", "tiny"),))
    made["rows"] = [row for row in made["rows"] if row["arm"] not in ("classification", "colorization+more")]
    run = read(tmp_path, made)
    rows = {row.printed.arm: row for row in beside(FIGURES, run, *run.blocks()[0])}
    assert (rows["classification"].their_rank, rows["classification"].our_rank) == (None, None)
    assert rows["random+graph"].their_rank == 1
    assert rows["random"].their_rank == rows["random"].our_rank == 11
    assert rows["colorization+graph"].control is None
    gain = rows["random+graph"].gain
    assert gain is not None
    assert gain.b == "random+more"
    assert rows["random"].control is None


def test_columns_pair_with_and_without(tmp_path: Path) -> None:
    run = read(tmp_path, make_reproduction())
    found = [column for place in run.blocks() for column in columns(run, *place)]
    assert [column.printed.pretraining for column in found] == [
        *("random", "jigsaw", "colorization"),
        *("random", "colorization"),
        *("random", "colorization"),
    ]
    for column in found:
        assert column.tuned is not None
        assert column.control is not None
        assert column.lift is not None
        assert column.fair_lift is not None
        assert column.fair_lift.value == pytest.approx(column.tuned.mean - column.control.mean)
