"""Several commands in one folder: its results are all that is finished there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mmtutorial.experiment import Plan, Request, Runner, parse_arms, write_pictures, write_results
from mmtutorial.reports.run import write_report
from mmtutorial.results import RunFolder, read_arrays, read_results
from mmtutorial.settings.machine import Machine
from tests.tiny_run import preset

FIRST, SECOND = "mmtutorial run --arms random,colorization", "mmtutorial run --arms random+more --seeds 0,1"


def command(out: Path, arms: str, seeds: tuple[int, ...], text: str) -> dict[str, Any]:
    plan = Plan(Request(), preset(), tuple(parse_arms(arms)), seeds)
    runner = Runner(plan, out, Machine("cpu"), command=text, resume=out.exists())
    write_results(runner, runner.run())
    write_pictures(runner)
    found: dict[str, Any] = json.loads(runner.folder.results.read_text())
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("together") / "first"
    command(out, "random,colorization", (1, 0), FIRST)
    return out


@pytest.fixture(scope="module")
def both(first: Path) -> Path:
    out = first.parent / "both"
    shutil.copytree(first, out)
    command(out, "random+more", (0, 5), SECOND)
    return out


def test_arms_and_seeds_of_every_command_are_there(first: Path, both: Path) -> None:
    before, after = read_results(first), read_results(both)
    assert [(arm.arm, arm.seeds) for arm in after.arms] == [
        ("random", (1, 0)),
        ("colorization", (1, 0)),
        ("random+more", (0, 5)),
    ]
    assert after.arms[:2] == before.arms
    assert after.proxies == before.proxies
    assert [proxy.seeds for proxy in after.proxies] == [(1, 0)]


def test_differences_are_over_the_seeds_that_both_have(both: Path) -> None:
    found = read_results(both)
    pairs = {(d.a, d.b): d for d in found.comparisons}
    assert set(pairs) == {("colorization", "random"), ("random+more", "random")}
    one = pairs["random+more", "random"]
    assert one.interval is None
    expected = found.arms[2].by_seed[0] - found.arms[0].by_seed[0]
    assert one.per_seed == pytest.approx([expected], abs=1e-4)
    assert len(pairs["colorization", "random"].per_seed) == 2


def test_every_command_is_written_down(first: Path, both: Path) -> None:
    assert [c.command for c in read_results(first).commands] == [FIRST]
    found = read_results(both)
    assert [c.command for c in found.commands] == [FIRST, SECOND]
    assert (found.command, found.date) == (SECOND, found.commands[-1].date)
    assert json.loads(RunFolder(both).request.read_text())["command"] == SECOND


def test_the_same_command_again_changes_nothing(both: Path) -> None:
    before = RunFolder(both).results.read_bytes()
    command(both, "random+more", (0, 5), SECOND)
    assert RunFolder(both).results.read_bytes() == before


def test_pictures_and_page_show_all_arms(both: Path) -> None:
    arrays = read_arrays(RunFolder(both).predictions)
    assert arrays is not None
    assert arrays["arms"].tolist() == ["colorization", "random", "random+more"]
    page = write_report(both).read_text()
    assert all(f'<th scope="row">{name}</th>' in page for name in ("random", "colorization", "random+more"))


def test_another_order_or_a_lost_table_keeps_the_numbers(both: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(both, out)
    RunFolder(out).results.write_text('{"schema"')
    command(out, "random+more", (5,), SECOND)
    found, expected = read_results(out), read_results(both)
    assert {arm.arm: arm.by_seed for arm in found.arms} == {arm.arm: arm.by_seed for arm in expected.arms}


def test_an_arm_of_other_settings_is_left_out_and_named(both: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(both, out)
    record = RunFolder(out).stage(0, "segmentation", "colorization").evaluation
    record.write_text(record.read_text().replace("7", "8", 1))
    command(out, "random+more", (0, 5), SECOND)
    found = read_results(out)
    assert [(arm.arm, arm.seeds) for arm in found.arms] == [
        ("random", (1, 0)),
        ("colorization", (1,)),
        ("random+more", (0, 5)),
    ]
    assert any(w.startswith("colorization with seed 0, of an earlier command, is left out") for w in found.warnings)


def test_a_folder_of_before_commands_were_written_down(first: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(first, out)
    old = json.loads(RunFolder(out).request.read_text())
    RunFolder(out).request.write_text(json.dumps({name: old[name] for name in ("command", "settings")}))
    command(out, "random+more", (0,), SECOND)
    assert [c.command for c in read_results(out).commands] == [FIRST, SECOND]


def test_classes_that_no_scored_image_shows_are_named(tmp_path: Path) -> None:
    """Two images of scenes show few of its nine classes."""
    plan = Plan(Request(), preset(evaluated=2), tuple(parse_arms("random,random+more")), (0,))
    runner = Runner(plan, tmp_path / "out", Machine("cpu"), command="mmtutorial run", resume=False)
    found = write_results(runner, runner.run())
    shown = {int(i) for k in range(2) for i in runner.data.scored.arrays(k)[1].ravel().tolist()} - {255}
    names = runner.data.classes.names
    assert found.classes_not_scored == tuple(name for i, name in enumerate(names) if i not in shown) != ()
    for arm in found.arms:
        [iou] = arm.per_class_iou
        assert [value is not None for value in iou or ()] == [i in shown for i in range(len(names))]
    assert any("not scored" in warning for warning in found.warnings)
    assert found.classes_not_scored[0] in write_report(tmp_path / "out").read_text()
