from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mmtutorial.results.statistics import interval95, paired_difference

scores = st.lists(st.floats(0, 100), min_size=2, max_size=12)


@given(values=scores)
def test_the_interval_agrees_with_scipy(values: list[float]) -> None:
    low, high = interval95(values)
    error = float(stats.sem(values))
    if error > 1e-9:
        assert (low, high) == pytest.approx(stats.t.interval(0.95, len(values) - 1, np.mean(values), error))
    assert low is not None
    assert high is not None
    assert low <= np.mean(values) + 1e-9
    assert high >= np.mean(values) - 1e-9


def test_an_interval_by_hand() -> None:
    """Mean 3, deviation sqrt(2.5), five values; t with 4 degrees of freedom is 2.776."""
    half = 2.7764451 * math.sqrt(2.5 / 5)
    assert interval95([1, 2, 3, 4, 5]) == pytest.approx((3 - half, 3 + half))
    assert interval95([4.0, 4.0, 4.0]) == (4.0, 4.0)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_fewer_than_two_values_have_no_interval(values: list[float]) -> None:
    assert interval95(values) == (None, None)


def test_the_interval_holds_the_truth_in_95_of_100_cases() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        low, high = interval95(random.normal(40, 3, 5).tolist())
        assert low is not None
        assert high is not None
        held += low <= 40 <= high
    assert 0.935 < held / 2000 < 0.965


@given(pairs=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=3, max_size=8))
def test_a_difference_agrees_with_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    a, b = (list(values) for values in zip(*pairs, strict=True))
    mean, (low, high) = paired_difference(a, b)
    assert mean == pytest.approx(np.mean(a) - np.mean(b), abs=1e-9)
    if np.std(np.subtract(a, b)) > 1e-6:
        expected = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-9)


def test_pairing_takes_out_what_seeds_have_in_common() -> None:
    mean, (low, high) = paired_difference([31.0, 41.0, 52.0], [30.0, 40.0, 50.0])
    assert mean == pytest.approx(4 / 3)
    assert low is not None
    assert high is not None
    assert -0.2 < low < high < 3


def test_one_pair_has_a_difference_and_no_interval() -> None:
    assert paired_difference([5.0], [3.5]) == (1.5, [None, None])


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_difference([1.0, 2.0], [1.0])
