"""Colour is learnt where things have colours of their own: sky, road and grass of the drawn streets."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtutorial.datasets import open_dataset
from mmtutorial.networks import NetworkSpec, make_encoder
from mmtutorial.proxies import PROXIES
from mmtutorial.randomness import generator_for, global_seed
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.engine import train


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "steps", "least"),
    # What was measured with seeds 0, 1 and 2; less than half of the least is asked for.
    [
        ("colorization", 150, 0.09),  # 0.19, 0.23 and 0.24 of 3.44
        ("colorization-2016", 150, 0.09),  # 0.19, 0.20 and 0.22 of 2.36
        ("colorful", 300, 0.07),  # 0.15, 0.21 and 0.17 of 3.34 to 3.67
    ],
)
def test_it_beats_the_trivial_predictor_on_held_out_streets(
    tmp_path: Path, name: str, steps: int, least: float
) -> None:
    images = open_dataset("streets", split="unlabeled").subset(range(1000))
    kept = open_dataset("streets", split="val").subset(range(100))
    budget = ProxyBudget(Schedule(steps=steps, images=16, lr=4e-3), crop=48, points=64)
    with global_seed(0, "weights"):
        encoder = make_encoder(NetworkSpec("tiny", "fcn", PROXIES[name].input, batch_norm=True))
        stage = PROXIES[name](encoder, images, budget, seed=0)
    train(stage, seed=0, folder=tmp_path, machine=Machine("cpu"))
    score = stage.score(kept, generator_for(0, "score"))
    assert score.trivial - score.value > least
