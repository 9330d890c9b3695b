"""The benchmarks compare like with like, and the page shows what they wrote. No clock is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.__main__ import COMMAND, FOUND, PAGE
from benchmarks.pairs import Case, compare, table
from benchmarks.tables import END, in_page
from mmtutorial.graph import PatchGraph, connected_graph
from mmtutorial.metrics import confusion_matrix
from mmtutorial.patches import crop_and_resize
from mmtutorial.randomness import seeded
from mmtutorial.triplet import triplet_loss


class Clock:
    """Time that passes by what is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_ours_and_the_peer_take_turns_and_the_ratio_is_taken_within_a_round() -> None:
    clock, order = Clock(), []
    # Another program slows the machine down tenfold in the second round.
    slowness: Iterator[float] = iter([1, 1, 1, 1, 1, 1, 10, 10, 1, 1])

    def work(name: str, seconds: float) -> None:
        order.append(name)
        clock.now += seconds * next(slowness)

    case = Case("s", "t", lambda: work("ours", 1.0), {"peer": lambda: work("peer", 3.0)})
    [row] = compare(case, 3, clock)
    assert order == ["ours", "ours", "peer", "peer", *("ours", "peer") * 3]
    assert (row.ours, row.theirs) == pytest.approx((1000, 3000))
    assert (row.ratio, row.low, row.high) == pytest.approx((3, 3, 3))


def test_short_work_is_called_several_times() -> None:
    clock = Clock()
    calls = []

    def work() -> None:
        calls.append(1)
        clock.now += 0.001

    [row] = compare(Case("s", "t", work, {"itself": work}), 1, clock)
    assert len(calls) == 2 * (2 + 50)
    assert row.ours == pytest.approx(1.0)


@pytest.mark.parametrize("way", sorted(peers.losses(torch.tensor([[0, 1, 2]]), 2.1)))
def test_other_losses_are_ours(way: str) -> None:
    embeddings = torch.randn((30, 8), generator=seeded(0), requires_grad=True)
    triplets = connected_graph(torch.arange(30) % 4, generator=seeded(1)).triplets
    ours, theirs = triplet_loss(embeddings, triplets), peers.losses(triplets, 2.1)[way](embeddings)
    torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-5)
    gradients = [torch.autograd.grad(loss, embeddings)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


def test_the_looped_graph_connects_each_class() -> None:
    labels = torch.arange(40) % 5
    triplets = torch.tensor(peers.looped_graph(labels.tolist()))
    assert PatchGraph(labels, triplets).components() == dict.fromkeys(range(5), 1)
    assert bool((labels[triplets[:, 2]] != labels[triplets[:, 0]]).all())


def test_counting_pairs_is_ours() -> None:
    truths, predictions = (torch.randint(5, (3, 8, 8), generator=seeded(i)) for i in (0, 1))
    truths[:, 0] = 255
    theirs = peers.bincount_confusion(list(truths.numpy()), list(predictions.numpy()), 5)
    assert confusion_matrix(list(truths), list(predictions), 5).tolist() == theirs.tolist()


def smooth() -> tuple[Tensor, Tensor]:
    coarse = torch.randint(256, (1, 3, 20, 20), generator=seeded(0)).float()
    image = torch.nn.functional.interpolate(coarse, (300, 300), mode="bicubic").clamp(0, 255).round().to(torch.uint8)
    return image, torch.tensor([[10, 20, 210, 220], [-20, 250, 100, 370]])


@pytest.mark.skipif(not peers.installed("cv2"), reason="cv2 is not installed")
def test_cv2_cuts_what_we_cut() -> None:
    image, boxes = smooth()
    ours = crop_and_resize(image, boxes, torch.zeros(2, dtype=torch.long), 100)
    pixels = np.ascontiguousarray(image[0].permute(1, 2, 0))
    for patch, box in zip(ours, boxes.tolist(), strict=True):
        theirs = torch.from_numpy(peers.cv2_crop(pixels, tuple(box), 100)).permute(2, 0, 1)
        # An area has sharper edges than a triangle, and the edge of the photo is the sharpest.
        assert float((patch.float() - theirs.float()).abs().mean()) < 2


def test_the_page_has_the_table_that_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = json.loads(FOUND.read_text(encoding="utf-8"))["rows"]
    assert page == in_page(page, table(rows), COMMAND)


def test_a_page_has_several_tables_each_by_its_own_mark() -> None:
    page = f"a\n<!-- table: x -->\nold\n{END}\nb\n<!-- table: y -->\nold\n{END}\nc"
    assert in_page(page, "new", "y") == f"a\n<!-- table: x -->\nold\n{END}\nb\n<!-- table: y -->\nnew\n{END}\nc"
    assert in_page(page, "new", "x") == f"a\n<!-- table: x -->\nnew\n{END}\nb\n<!-- table: y -->\nold\n{END}\nc"
