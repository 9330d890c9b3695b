"""The bar over all arms counts steps, and what an earlier attempt did as done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmtutorial.experiment import runner as module
from tests.tiny_run import runner

ARMS = "random,random+graph,jigsaw,jigsaw+graph"


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    bars: list[Any] = []
    ordinary = module.tqdm

    def make(*arguments: Any, **options: Any) -> Any:
        bars.append(ordinary(*arguments, **options))
        return bars[-1]

    monkeypatch.setattr(module, "tqdm", make)
    return bars


def test_steps_are_counted_once_and_earlier_ones_say_nothing_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = watched(monkeypatch)
    first = runner(tmp_path / "out", arms="random,random+graph")
    first.run()
    steps = [arm.steps(first.plan.preset) for arm in first.plan.arms]
    assert (bars[0].total, bars[0].n, bars[0].initial) == (sum(sum(s.values()) for s in steps), bars[0].total, 0)
    again = runner(tmp_path / "out", arms=ARMS, resume=True)
    again.run()
    proxy, *_ = (arm.steps(again.plan.preset)["proxy"] for arm in again.plan.arms if arm.is_learned)
    tail = [arm.steps(again.plan.preset) for arm in again.plan.arms[2:]]
    new = proxy + sum(s["tuning"] + s["segmentation"] for s in tail)
    assert bars[1].total == bars[0].total + new
    assert (bars[1].n, bars[1].initial) == (bars[1].total, bars[0].total)
