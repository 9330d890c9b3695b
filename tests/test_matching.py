from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.graph import connected_graph
from mmtutorial.matching import MATCHINGS, get_matching
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import seeded


def batch_of(labels: list[int], images: list[int]) -> PatchBatch:
    n = len(labels)
    return PatchBatch(torch.zeros(n, 3, 1, 1), torch.tensor(labels), torch.zeros(n, 4), torch.tensor(images))


BATCHES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40).map(
    lambda pairs: batch_of([label for label, _ in pairs], sorted(image for _, image in pairs))
)


@given(BATCHES, st.sampled_from(sorted(MATCHINGS)), st.integers(0, 2**31))
def test_every_triplet_is_one(batch: PatchBatch, name: str, seed: int) -> None:
    anchor, positive, negative = get_matching(name)(batch, seeded(seed)).triplets.T
    assert torch.equal(batch.labels[anchor], batch.labels[positive])
    assert bool((batch.labels[anchor] != batch.labels[negative]).all())


@given(BATCHES, st.integers(0, 2**31))
def test_within_never_leaves_the_image_and_takes_every_patch_it_can(batch: PatchBatch, seed: int) -> None:
    triplets = MATCHINGS["within"](batch, seeded(seed)).triplets
    image = batch.image_index[triplets]
    assert bool((image == image[:, :1]).all())
    usable = [
        node
        for node in range(len(batch))
        if len(set(batch.labels[batch.image_index == batch.image_index[node]].tolist())) > 1
    ]
    assert sorted(triplets[:, 0].tolist()) == usable


def test_within_one_image_is_the_connected_graph() -> None:
    labels = [0, 1, 1, 0, 2, 0]
    found = MATCHINGS["within"](batch_of(labels, [7] * 6), seeded(3))
    assert torch.equal(found.triplets, connected_graph(labels, generator=seeded(3)).triplets)


@pytest.mark.parametrize("name", ["graph", "equal-triplets"])
def test_the_control_has_as_many_triplets_as_the_graph(name: str) -> None:
    batch = batch_of([0, 1, 2] * 15, list(range(45)))
    assert len(MATCHINGS[name](batch, seeded(0)).triplets) == 45
    assert len(MATCHINGS["triplets"](batch, seeded(0)).triplets) <= 15


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(InputError, match="unknown matching 'grahp'; did you mean 'graph'"):
        get_matching("grahp")
