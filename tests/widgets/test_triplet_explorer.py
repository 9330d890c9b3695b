"""The triplet explorer against the formulas written out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.widgets import TripletExplorer
from mmtutorial.widgets.triplet_explorer import toy_batch

angle = st.integers(0, 359)
EXPLORER = TripletExplorer()


def vector(degrees: float) -> np.ndarray:
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


@settings(max_examples=60)
@given(a=angle, p=angle, n=angle, margin=st.floats(0, 4.5))
def test_loss_and_gradient_are_those_of_the_formula(a: int, p: int, n: int, margin: float) -> None:
    facts = EXPLORER.facts(EXPLORER.state(anchor=a, positive=p, negative=n, margin=margin))
    near, far = 2 - 2 * math.cos(math.radians(a - p)), 2 - 2 * math.cos(math.radians(a - n))
    assert facts["positive_distance"] == pytest.approx(near, abs=1e-9)
    assert facts["negative_distance"] == pytest.approx(far, abs=1e-9)
    raw = near - far + margin
    assert facts["loss"] == pytest.approx(max(0.0, raw), abs=1e-9)
    if abs(raw) < 1e-9:
        return
    assert facts["open"] is (raw > 0)
    # d = 2 - 2 cos of unit vectors; only the part along the circle remains.
    e = [vector(v) for v in (a, p, n)]
    free = [-2 * e[1] + 2 * e[2], -2 * e[0], 2 * e[0]]
    wanted = [g - (g @ v) * v for g, v in zip(free, e, strict=True)] if raw > 0 else np.zeros((3, 2))
    np.testing.assert_allclose(facts["gradient"], wanted, atol=1e-9)


@given(a=angle, p=angle, n=angle)
@settings(max_examples=30)
def test_in_the_quadrant_no_hinge_closes_at_the_original_margin(a: int, p: int, n: int) -> None:
    state = EXPLORER.state(anchor=a, positive=p, negative=n, margin=2.1, non_negative=True)
    assert all(0 <= state[role] <= 90 for role in ("anchor", "positive", "negative"))
    facts = EXPLORER.facts(state)
    assert max(facts["positive_distance"], facts["negative_distance"]) <= 2 + 1e-9
    assert facts["open"]
    assert facts["active_share"] == 1


@pytest.mark.parametrize("non_negative", [False, True])
def test_the_share_of_active_triplets_is_counted(non_negative: bool) -> None:
    near, far = toy_batch(30, non_negative)
    assert near.max() <= (2 if non_negative else 4) + 1e-9
    for margin in (0.0, 0.5, 2.0, 4.5):
        facts = EXPLORER.facts(EXPLORER.state(margin=margin, non_negative=non_negative))
        active = [n - f + margin > 0 for n, f in zip(near, far, strict=True)]
        assert facts["active_share"] == pytest.approx(sum(active) / len(active))
    half = facts["half_margin"]
    assert np.mean(near - far + half - 1e-9 > 0) <= 0.5 <= np.mean(near - far + half + 1e-9 > 0)


def test_distances_of_your_own() -> None:
    explorer = TripletExplorer((np.array([0.1, 0.5]), np.array([1.0, 0.6])))
    assert "scatter" not in [control.name for control in explorer.controls]
    assert explorer.facts(explorer.state(margin=0.5))["active_share"] == 0.5
    assert "Of 2 triplets of a batch 50 % are active" in explorer.static(margin=0.5).alt
    for wrong in ((np.zeros(2), np.zeros(3)), (np.zeros(0), np.zeros(0))):
        with pytest.raises(InputError, match="give one of each a triplet"):
            TripletExplorer(wrong)


def test_the_words_give_loss_and_hinge() -> None:
    alt = EXPLORER.static(anchor=0, positive=90, negative=180, margin=1.0).alt
    assert "positive 2.00, to the negative 4.00; margin 1.00; loss 0.00; the hinge is closed" in alt
    assert "loss 1.00; the hinge is open." in EXPLORER.static(anchor=0, positive=90, negative=180, margin=3.0).alt
