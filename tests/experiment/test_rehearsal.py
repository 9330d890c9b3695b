"""What cannot be trained is refused before the folder is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import ARMS
from mmtutorial.experiment.rehearsal import rehearse
from mmtutorial.proxies import PROXIES
from tests.tiny_run import runner


@pytest.mark.parametrize(
    ("arms", "options", "said"),
    [
        ("jigsaw", {"proxy__crop": 16}, "too small for 3 x 3 tiles; give 18 or more"),
        ("imagenet", {}, "no ImageNet weights for TinyEncoder"),
        ("random", {"segmentation__crop": 8, "segmentation__schedule__images": 1}, "segmentation cannot be trained"),
        ("random+graph", {"tuning__output_size": 8, "tuning__patches": 1, "tuning__schedule__images": 1}, "tuning"),
    ],
)
def test_impossible_settings_leave_nothing(tmp_path: Path, arms: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        runner(tmp_path / "out", arms=arms, **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


EXTREMES = {
    "tuning__side": ["0.000001,0.000001", "1,1", "0.000001,1"],
    "tuning__patches": [1, 300],
    "tuning__background_share": [0, 1],
    "tuning__margin": [0, 1000],
    "tuning__temperature": [0.001, 1000],
    "tuning__jitter": [1],
    "tuning__loss": ["contrastive"],
    "tuning__label_by": ["majority"],
    "tuning__crop": [8, 500],
    "tuning__output_size": [8, 33],
    "tuning__graphs": [1, 50],
    "segmentation__scale": ["0.05,0.05", "20,20", "0.05,20"],
    "segmentation__crop": [8, 33],
    "segmentation__points": [1, 10_000],
    "segmentation__encoder_lr": [0, 1000],
    "proxy__scale": ["0.05,0.05", "20,20"],
    "proxy__crop": [16, 45],
    "proxy__points": [1, 10_000],
    "size": [8, 9],
    "head": ["hypercolumn"],
    "evaluated": [1],
}


@settings(max_examples=25, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in EXTREMES.items()}),
    st.sampled_from(["random+graph", "random+supcon", "colorization+triplets", "random"]),
)
def test_at_the_edges_of_the_bounds_it_trains_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any], arm: str
) -> None:
    try:
        tiny = runner(tmp_path_factory.mktemp("edges"), arms=arm, **options)
    except InputError:
        return
    rehearse(tiny.stages, [ARMS[arm]])


def test_every_proxy_task_goes_through_its_rehearsal(tmp_path: Path) -> None:
    tiny = runner(tmp_path, arms=",".join(PROXIES))
    assert not list(tmp_path.rglob("*.safetensors"))
    assert all(arm.is_learned for arm in tiny.plan.arms)
