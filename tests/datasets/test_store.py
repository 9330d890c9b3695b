"""Decoded images in memory, up to a number of bytes."""

from __future__ import annotations

import pickle

import numpy as np

from mmtutorial.datasets.store import Pair, Store


def pair(side: int) -> Pair:
    """Four bytes a pixel."""
    return np.zeros((3, side, side), np.uint8), np.zeros((side, side), np.uint8)


def test_the_first_ones_to_come_stay() -> None:
    store = Store(budget=4 * 4 * 4 * 2)
    for index in range(3):
        store.put(index, pair(4))
    assert [store.get(i) is not None for i in range(3)] == [True, True, False]
    assert (store.used, store.full) == (128, True)


def test_putting_one_again_takes_no_room() -> None:
    store = Store(budget=64)
    for _ in range(3):
        store.put(0, pair(4))
    assert (store.used, store.full) == (64, False)


def test_dropping_makes_room() -> None:
    store = Store(budget=64)
    store.put(0, pair(4))
    store.put(1, pair(4))
    store.drop(0)
    store.drop(7)
    assert (store.used, store.full) == (0, False)
    store.put(1, pair(4))
    assert store.get(1) is not None


def test_frozen_it_keeps_what_it_has_and_takes_no_more() -> None:
    store = Store(budget=10**6)
    store.put(0, pair(4))
    store.freeze()
    store.put(1, pair(4))
    assert store.get(0) is not None
    assert store.get(1) is None


def test_another_process_gets_no_copy() -> None:
    store = Store(budget=10**6)
    store.put(0, pair(100))
    text = pickle.dumps(store)
    assert len(text) < 300
    other = pickle.loads(text)
    other.put(0, pair(1))
    assert other.get(0) is None
