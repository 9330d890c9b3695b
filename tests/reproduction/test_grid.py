"""A whole reproduction, as small as can be: real processes, real training."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmtutorial.errors import InputError
from mmtutorial.reproduction import Grid, Scope, reproduce
from mmtutorial.reproduction.executors import run_jobs, workforce
from mmtutorial.reproduction.grid import ensemble_of
from mmtutorial.reproduction.paper import ENSEMBLE
from mmtutorial.reproduction.rows import PARTS
from mmtutorial.results import read_reproduction
from mmtutorial.settings.budgets import Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.workers import Workers
from tests.tiny_run import SETTINGS, weights

TINY = SETTINGS | {"proxy.schedule.steps": "3", "tuning.schedule.steps": "3", "segmentation.schedule.steps": "3"}


def scope(**changes: Any) -> Scope:
    base = Scope(("scenes",), ("tiny-vgg",), "smoke", ("tables",), (0, 1), settings=tuple(TINY.items()))
    return replace(base, **changes)


def grid(out: Path, **changes: Any) -> Grid:
    return Grid(scope(**changes), out, "mmtutorial reproduce", Machine("cpu"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grid")
    reproduce(grid(folder), resume=False, workers=Workers(1))
    return folder


@pytest.fixture
def found(out: Path) -> dict[str, Any]:
    return json.loads((out / "reproduction.json").read_text())


def test_every_row_has_every_seed(found: dict[str, Any]) -> None:
    names = [row["arm"] for row in found["rows"]]
    assert {"random", "random+more", "colorization+graph", "classification", ENSEMBLE} <= set(names)
    assert len(names) == len(set(names))
    assert all(len(row["miou"]) == 2 == len(row["per_class_iou"]) for row in found["rows"])
    assert {proxy["name"] for proxy in found["proxies"]} == {"classification", "colorization", "colorization-2016"}
    assert len(found["comparisons"]) == len(names) * (len(names) - 1) / 2


def test_differences_are_those_of_the_rows(found: dict[str, Any]) -> None:
    miou = {row["arm"]: row["miou"] for row in found["rows"]}
    for pair in found["comparisons"]:
        expected = [a - b for a, b in zip(miou[pair["a"]], miou[pair["b"]], strict=True)]
        assert pair["per_seed"] == pytest.approx(expected, abs=1e-3)


def test_the_file_can_be_read_back(out: Path, found: dict[str, Any]) -> None:
    assert len(read_reproduction(out).rows) == len(found["rows"])


def test_done_again_with_resume_nothing_is_trained_and_nothing_changes(out: Path, found: dict[str, Any]) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("model.safetensors")}
    reproduce(grid(out), resume=True, workers=Workers(1))
    assert {path: path.stat().st_mtime_ns for path in out.rglob("model.safetensors")} == before
    assert json.loads((out / "reproduction.json").read_text()) == found


def test_two_processes_give_what_one_gives(out: Path, tmp_path: Path) -> None:
    reproduce(grid(tmp_path, seeds=(1,)), resume=False, workers=Workers(2))
    alone = weights(tmp_path)
    assert alone
    together = weights(out)
    assert all(together[path] == content for path, content in alone.items())


def test_nothing_is_trained_by_two_jobs(tmp_path: Path) -> None:
    jobs = grid(tmp_path, parts=PARTS, networks=("tiny", "tiny-vgg")).training_jobs()
    places = [(job.out, arm.name, seed) for job in jobs for arm in job.plan.arms for seed in job.plan.seeds]
    assert len(places) == len(set(places))
    proxies = [(job.out, job.plan.arms[0].pretraining, job.plan.seeds) for job in jobs]
    assert len(proxies) == len(set(proxies))
    assert all(len({arm.pretraining for arm in job.plan.arms}) == 1 for job in jobs)


def test_at_its_own_value_an_ablation_takes_the_runs_of_the_tables(tmp_path: Path) -> None:
    cells = grid(tmp_path, parts=PARTS, networks=("tiny",), preset="class", settings=()).ablation_cells()
    assert {(c.ablation, c.value) for c in cells if c.folder.path == tmp_path / "scenes-tiny"} == {
        ("margin", 0.3),
        ("patches", 5),
        ("images", 8),
        ("steps", 500),
    }
    elsewhere = [c.folder for c in cells if c.folder.path.parent != tmp_path]
    assert len(elsewhere) == len(set(elsewhere)) == len(cells) - 4


def test_without_the_tables_an_ablation_runs_alone(tmp_path: Path) -> None:
    made = reproduce(
        grid(tmp_path, parts=("margin",), networks=("tiny",), seeds=(0,)), resume=False, workers=Workers(1)
    )
    [ablation] = made.ablations
    assert made.rows == ()
    assert {point.arm for point in ablation.points} == {"random+graph"}
    assert {point.value for point in ablation.points} == {0.1, 0.3, 0.5, 1.0, 2.1}


def test_at_the_scale_of_the_paper_imagenet_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_scale = grid(tmp_path / "out", preset="paper", networks=("vgg16",), settings=())
    [cell] = at_scale.cells()
    ensemble = ensemble_of(cell)
    assert ensemble is not None
    assert [arm.name for arm in ensemble.arms] == ["imagenet", "colorization+graph"]
    assert not {arm.name for arm in cell.plan.arms} & {"classification", "classification+graph"}

    def refused(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    # Without its weights nothing begins: it would end in the midst of a run of days.
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    with pytest.raises(InputError, match=r"cannot download .*vgg16_bn.*put it at"):
        reproduce(at_scale, resume=False, workers=Workers(1))
    assert not (tmp_path / "out").exists()


def test_a_job_is_plain_data(tmp_path: Path) -> None:
    job = grid(tmp_path).training_jobs()[0]
    assert pickle.loads(pickle.dumps(job)) == job


def test_the_ensemble_is_where_the_slides_have_it(tmp_path: Path) -> None:
    cells = grid(tmp_path, datasets=("scenes", "streets"), networks=("tiny", "tiny-vgg")).cells()
    assert [(c.dataset, c.network) for c in cells if ensemble_of(c)] == [("scenes", "tiny-vgg")]


def test_bad_input_in_a_job_is_one_clear_line(tmp_path: Path) -> None:
    broken = grid(tmp_path).training_jobs()[0]
    schedule = Schedule(steps=3, images=2, lr=1e30)
    preset = replace(broken.plan.preset, proxy=replace(broken.plan.preset.proxy, schedule=schedule))
    preset = replace(preset, segmentation=replace(preset.segmentation, schedule=schedule))
    job = replace(broken, plan=replace(broken.plan, preset=preset))
    with (
        pytest.raises(InputError, match="lower the learning rate"),
        workforce(Workers(2), Machine("cpu"), 2, tmp_path) as doing,
    ):
        run_jobs([job], doing, "training")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"datasets": ("scnes",)}, "unknown data set 'scnes'; did you mean 'scenes'"),
        ({"networks": ("tiny", "alex")}, "unknown network 'alex'"),
    ],
)
def test_names_that_are_not_there(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        reproduce(grid(tmp_path / "out", **changes), resume=False, workers=Workers(1))
    assert not (tmp_path / "out").exists()


def test_a_folder_is_not_taken_twice(out: Path) -> None:
    with pytest.raises(InputError, match="already holds a run; add --resume"):
        reproduce(grid(out), resume=False, workers=Workers(1))
    with pytest.raises(InputError, match="other settings"):
        reproduce(grid(out, labeled=5), resume=True, workers=Workers(1))


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_stopped_and_resumed_it_ends_as_if_it_had_not_been(out: Path, tmp_path: Path) -> None:
    settings = [word for name, value in TINY.items() for word in ("--set", f"{name}={value}")]
    words = [
        "--preset",
        "smoke",
        "--dataset",
        "scenes",
        "--networks",
        "tiny-vgg",
        "--parts",
        "tables",
        "--seeds",
        "0,1",
    ]
    command = [sys.executable, "-m", "mmtutorial.cli", "reproduce", *words, *settings, "--workers", "2", "--out"]
    command += [str(tmp_path), "--accelerator", "cpu"]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.rglob("evaluation.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130, said[-500:]
    assert "the same command with --resume goes on from here" in said
    assert "Traceback" not in said.split("mmtutorial: stopped")[0][-200:]
    assert not (tmp_path / "reproduction.json").exists()
    subprocess.run([*command, "--resume"], check=True, capture_output=True, timeout=300)
    assert weights(tmp_path) == weights(out)


def test_what_earlier_commands_finished_stays_in_the_file(tmp_path: Path) -> None:
    """Another seed, then another ablation; the folder is then one of before commands were written down."""
    margin = {"networks": ("tiny",), "parts": ("margin",)}
    reproduce(grid(tmp_path, **margin, seeds=(3,)), resume=False, workers=Workers(1))
    first = read_reproduction(tmp_path)
    second = replace(grid(tmp_path, **margin, seeds=(1,)), command="mmtutorial reproduce --seeds 1")
    made = reproduce(second, resume=True, workers=Workers(1))
    [before], [after] = first.ablations, made.ablations
    assert made.seeds == (3, 1)
    assert [(p.value, p.arm, p.seeds) for p in after.points] == [(p.value, p.arm, (3, 1)) for p in before.points]
    assert [p.miou[0] for p in after.points] == [p.miou[0] for p in before.points]
    assert [(c.command, c.covers["seeds"]) for c in made.commands] == [
        ("mmtutorial reproduce", [3]),
        ("mmtutorial reproduce --seeds 1", [1]),
    ]
    assert made.command == "mmtutorial reproduce --seeds 1"
    claim = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({name: claim[name] for name in ("command", "settings")}))
    again = reproduce(replace(second, command="mmtutorial reproduce --resume"), resume=True, workers=Workers(1))
    assert again.ablations == made.ablations
    assert read_reproduction(tmp_path) == again
