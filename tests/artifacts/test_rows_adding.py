"""Rows added to the shipped reproduction: nothing that was there changes, and no row that does not belong gets in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmtutorial.artifacts import make
from mmtutorial.errors import InputError
from mmtutorial.results import read_reproduction
from tests.reproduction_folder import make_proxy, make_reproduction, make_row, save

PLACE = ("scenes", "tiny")
ARMS = ("bigan+more", "kmeans+graph")
"""Not in the tables of the slides."""


def later(seeds: int = 3) -> dict[str, Any]:
    made = make_reproduction(seeds=seeds, blocks=(PLACE,))
    rng = np.random.default_rng(3)
    made["rows"] = [make_row(*PLACE, arm, 25.0, seeds, rng) for arm in ARMS]
    made["proxies"] = [make_proxy(*PLACE, "bigan", seeds, rng)]
    return made | {"comparisons": [], "ablations": [], "versions": {"torch": "9.9"}, "command": "mmtutorial later"}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    shipped, run = tmp_path / "shipped", tmp_path / "run"
    for folder, made in ((shipped, make_reproduction(seeds=3)), (run, later())):
        folder.mkdir()
        save(folder, made)
    return shipped, run


def add(shipped: Path, run: Path) -> None:
    assert make.main(["reproduction", "--run", str(run), "--out", str(shipped)]) == 0


def test_what_was_there_stays_to_the_last_digit(folders: tuple[Path, Path]) -> None:
    shipped, run = folders
    before = json.loads((shipped / "reproduction.json").read_text())
    add(shipped, run)
    after = json.loads((shipped / "reproduction.json").read_text())
    grown = {"rows", "proxies", "comparisons"}
    for name in grown:
        assert after[name][: len(before[name])] == before[name]
    assert {key: value for key, value in after.items() if key not in grown | {"commands", "warnings"}} == {
        key: value for key, value in before.items() if key not in grown
    }
    assert [row["arm"] for row in after["rows"][len(before["rows"]) :]] == list(ARMS)
    assert [proxy["name"] for proxy in after["proxies"][len(before["proxies"]) :]] == ["bigan"]


def test_new_rows_are_those_of_the_run_and_say_where_they_come_from(folders: tuple[Path, Path]) -> None:
    shipped, run = folders
    add(shipped, run)
    found, made = read_reproduction(shipped), read_reproduction(run)
    assert found.rows[-2:] == made.rows
    assert found.proxies[-1:] == made.proxies
    assert [command.command for command in found.commands] == [found.command, "mmtutorial later"]
    assert found.warnings == ("bigan+more, kmeans+graph: made later, with torch 9.9; the other rows with 2.6.0",)


def test_each_new_row_is_paired_with_every_other_of_its_place_once(folders: tuple[Path, Path]) -> None:
    shipped, run = folders
    old = len(read_reproduction(shipped).comparisons)
    add(shipped, run)
    found = read_reproduction(shipped)
    rows = {row.arm: row for row in found.block_rows(*PLACE)}
    new = found.comparisons[old:]
    assert {(pair.a, pair.b) for pair in new} == {(a, b) for k, a in enumerate(ARMS) for b in rows if b not in ARMS[k:]}
    assert len(new) == 2 * len(rows) - 3
    for pair in new:
        expected = np.subtract(rows[pair.a].miou, rows[pair.b].miou)
        assert pair.per_seed == pytest.approx(expected, abs=1e-4)
        assert pair.value == pytest.approx(expected.mean(), abs=1e-4)


def test_a_second_time_is_refused(folders: tuple[Path, Path]) -> None:
    shipped, run = folders
    add(shipped, run)
    before = (shipped / "reproduction.json").read_bytes()
    with pytest.raises(InputError, match=r"bigan\+more on scenes and tiny is there already"):
        add(shipped, run)
    assert (shipped / "reproduction.json").read_bytes() == before


def other_settings(made: dict[str, Any]) -> None:
    made["settings"] = {"preset": {"proxy": {"schedule": {"steps": 7}}}}


def other_images(made: dict[str, Any]) -> None:
    made["benchmarks"][0]["labeled"] = 25


def other_place(made: dict[str, Any]) -> None:
    made["networks"]["alexnet"] = made["networks"]["tiny"]
    made["rows"][0]["network"] = "alexnet"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_settings, r"other settings \(preset\.proxy\.schedule\.steps\)"),
        (lambda made: made.update(preset="smoke"), r"other settings \(preset\)"),
        (other_images, "scenes has other images or labels"),
        (other_place, "scenes and alexnet have no rows here"),
        (lambda made: made.update(seeds=[0, 1]), r"have the seeds \(0, 1\), the others \(0, 1, 2\)"),
        (lambda made: made["rows"].append(made["rows"][0]), "is there already"),
    ],
)
def test_rows_that_do_not_belong_are_refused(
    folders: tuple[Path, Path], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    shipped, run = folders
    save(shipped, make_reproduction(seeds=3) | {"settings": {"preset": {"proxy": {"schedule": {"steps": 5}}}}})
    made = later()
    change(made)
    save(run, made)
    before = (shipped / "reproduction.json").read_bytes()
    with pytest.raises(InputError, match=said):
        add(shipped, run)
    assert (shipped / "reproduction.json").read_bytes() == before


def test_a_setting_that_one_of_the_two_does_not_know_is_no_difference(folders: tuple[Path, Path]) -> None:
    shipped, run = folders
    save(run, later() | {"settings": {"preset": {"weights": None}}})
    add(shipped, run)
    assert read_reproduction(shipped).rows[-1].arm == "kmeans+graph"
