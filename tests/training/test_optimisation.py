"""The learning rate of each step."""

from __future__ import annotations

import pytest

from mmtutorial.settings.budgets import Schedule
from mmtutorial.training.optimisation import learning_rate


def test_learning_rates_by_hand() -> None:
    cosine = Schedule(steps=10, images=1, lr=1.0, warmup=0.2)
    rates = [learning_rate(cosine, step) for step in range(10)]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert rates[6] == pytest.approx(0.5)
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert 0 < rates[-1] < 0.05
    step = Schedule(steps=8, images=1, lr=1.0, warmup=0, decay="step", milestones=(0.5, 0.75))
    assert [learning_rate(step, s) for s in range(8)] == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
    assert learning_rate(Schedule(steps=1, images=1, lr=1.0), 0) == 1.0
