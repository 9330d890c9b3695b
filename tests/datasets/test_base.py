from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.datasets import DATASETS, SegmentationDataset, hold_out, open_dataset
from mmtutorial.datasets.drawn.scenes import Scenes
from mmtutorial.errors import InputError


def names(dataset: SegmentationDataset) -> list[str]:
    return [dataset.image_id(i) for i in range(len(dataset))]


def test_labeled_sets_are_nested_and_always_alike() -> None:
    few, more = open_dataset("scenes", labeled=20), open_dataset("scenes", labeled=60)
    assert names(few) == names(more)[:20]
    assert len(set(names(more))) == 60
    assert names(few) == names(open_dataset("scenes", labeled=20))
    assert set(names(few)) != {f"scenes-train-{i:05d}" for i in range(20)}


@given(count=st.integers(2, 250), share=st.floats(0.01, 0.9), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_hold_out_is_a_seeded_partition_in_order(count: int, share: float, seed: int) -> None:
    dataset = SegmentationDataset(Scenes("val"), indices=range(count))
    rest, held = hold_out(dataset, share, seed)
    assert sorted(names(rest) + names(held)) == names(dataset)
    assert names(rest) == sorted(names(rest))
    assert names(held) == sorted(names(held))
    assert len(held) == min(count - 1, max(1, round(share * count)))
    assert names(hold_out(dataset, share, seed)[1]) == names(held)


def test_another_seed_holds_out_other_images() -> None:
    dataset = SegmentationDataset(Scenes("val"))
    assert names(hold_out(dataset, seed=0)[1]) != names(hold_out(dataset, seed=1)[1])
    assert len(hold_out(dataset)[1]) == 25


def test_hold_out_refuses_what_it_cannot_do() -> None:
    dataset = SegmentationDataset(Scenes("val"), indices=[3])
    with pytest.raises(InputError, match="two or more"):
        hold_out(dataset)
    with pytest.raises(InputError, match="between 0 and 1"):
        hold_out(dataset, share=1.0)


def test_items_by_index() -> None:
    dataset = open_dataset("scenes", labeled=3)
    assert dataset[-1][0].tolist() == dataset[2][0].tolist()
    with pytest.raises(IndexError):
        dataset[3]
    assert len(list(dataset)) == 3
    assert repr(dataset) == "scenes, split train: 3 images, 9 classes"


def test_a_view_of_a_view_shares_what_was_decoded() -> None:
    dataset = open_dataset("scenes", split="val")
    view = dataset.subset([5, 4, 3]).subset([1])
    assert view.image_id(0) == "scenes-val-00004"
    assert view.arrays(0)[0] is dataset.arrays(4)[0]


def test_roles_name_splits_that_are_there() -> None:
    for info in DATASETS.values():
        assert info.roles.train in info.training_splits
        assert info.roles.report in info.splits
        assert info.roles.choose is None or info.roles.choose in info.splits
        assert len({info.roles.train, info.roles.choose, info.roles.report}) == 3
        assert info.roles.tagged in info.splits
        assert info.roles.tagged not in {info.roles.choose, info.roles.report, "unlabeled"}
        assert "unlabeled" in info.splits
    assert DATASETS["camvid"].roles.choose is None
