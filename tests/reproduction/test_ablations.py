from __future__ import annotations

from dataclasses import replace

import pytest

from mmtutorial.experiment import Plan, Request, parse_arms
from mmtutorial.reproduction.ablations import ABLATIONS, Ablation
from mmtutorial.settings.budgets import Preset
from mmtutorial.settings.presets import CLASS, SMOKE


def plan(preset: Preset = CLASS) -> Plan:
    return Plan(Request(labeled=100), preset, tuple(parse_arms("random")), (0, 1))


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_one_number_changes_and_all_else_stays(ablation: Ablation) -> None:
    base = plan()
    plans = dict(ablation.plans(base, available=10**6))
    assert len(plans) == len(ablation.values)
    for value, changed in plans.items():
        assert [arm.name for arm in changed.arms] == ablation.arms.split(",")
        assert changed.seeds == base.seeds
        before, after = base.settings(), changed.settings()
        if ablation.setting == "labeled":
            assert after.pop("labeled") == value
            before.pop("labeled")
        else:
            *groups, last = ablation.setting.split(".")
            inner_before, inner_after = before["preset"], after["preset"]
            for group in groups:
                inner_before, inner_after = inner_before[group], inner_after[group]
            assert inner_after.pop(last) == value
            inner_before.pop(last)
        assert before == after


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_the_preset_s_own_value_is_among_them(ablation: Ablation) -> None:
    """So that a curve passes through the row of the tables."""
    settings = [changed.settings() for _, changed in ablation.plans(plan(), available=10**6)]
    assert plan().settings() in settings


def test_labelled_images_that_are_not_there_are_left_out() -> None:
    [labeled] = [ablation for ablation in ABLATIONS if ablation.name == "labeled"]
    assert [value for value, _ in labeled.plans(plan(), available=330)] == [25, 50, 100, 200]


def test_relative_values_follow_the_preset() -> None:
    [steps] = [ablation for ablation in ABLATIONS if ablation.name == "steps"]
    small = replace(SMOKE, labeled=None)
    assert [value for value, _ in steps.plans(plan(small), available=100)] == [2, 5, 10, 20]
    assert [value for value, _ in steps.plans(plan(CLASS), available=100)] == [100, 250, 500, 1000]
