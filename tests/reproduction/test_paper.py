from __future__ import annotations

import pytest

from mmtutorial.reproduction import paper
from mmtutorial.reproduction.paper import ALEXNET, BENCHMARKS, CITYSCAPES, METHODS, PER_CLASS, VGG, VOC, rank_tables


def figure(backbone: str, arm: str) -> float:
    [found] = [row.miou for row in METHODS if (row.backbone, row.arm) == (backbone, arm)]
    return found


def test_every_row_of_the_slides_is_there_once() -> None:
    assert [sum(row.backbone == backbone for row in METHODS) for backbone in (VGG, ALEXNET)] == [5, 12]
    assert len({(row.backbone, row.arm) for row in METHODS}) == len(METHODS) == 17
    assert len({(c.benchmark, c.backbone, c.pretraining) for c in BENCHMARKS}) == len(BENCHMARKS) == 7
    assert len(set(paper.VOC_OBJECTS)) == 20
    assert [len(row.iou) for row in PER_CLASS] == [20] * 4


def test_the_slides_order_is_kept() -> None:
    proxies = [row.miou for row in METHODS if row.backbone == ALEXNET][4:]
    assert proxies == sorted(proxies)
    assert METHODS[0].miou == 64.2
    assert METHODS[-1].arm == "random+graph"


def test_the_gaps_that_the_slides_print() -> None:
    assert figure(VGG, "classification") - figure(VGG, "colorization") == pytest.approx(8.2)
    assert figure(ALEXNET, "classification") - figure(ALEXNET, "colorization") == pytest.approx(9.6)


def test_the_background_that_follows_from_the_mean() -> None:
    """From 21 times a mean that is rounded to 0.1: known to about one point."""
    derived = {"classification": 90.3, "colorization": 89.8, "colorization+graph": 93.9, paper.ENSEMBLE: 91.3}
    assert {row.arm for row in PER_CLASS} == set(derived)
    for row in PER_CLASS:
        assert row.background == pytest.approx(derived[row.arm], abs=0.051)
        assert min(row.iou) < row.miou < row.background < 100


def test_tables_agree_where_they_print_the_same_run_and_differ_where_they_do() -> None:
    column = {(c.benchmark, c.backbone, c.pretraining): c for c in BENCHMARKS}
    for c in BENCHMARKS:
        if c.benchmark == VOC:
            assert c.imagenet == figure(c.backbone, "classification")
    assert column[VOC, ALEXNET, "random"].mm == figure(ALEXNET, "random+graph")
    assert column[VOC, ALEXNET, "colorization"].mm == figure(ALEXNET, "colorization+graph")
    assert column[VOC, VGG, "colorization"].mm == figure(VGG, "colorization+graph") == PER_CLASS[2].miou
    assert (column[VOC, ALEXNET, "random"].baseline, figure(ALEXNET, "random")) == (19.8, 23.5)
    assert (column[VOC, VGG, "colorization"].baseline, figure(VGG, "colorization")) == (60.2, 56.0)
    seconds = {(c.benchmark, c.backbone): c.mm_second for c in BENCHMARKS if c.mm_second is not None}
    assert seconds == {(VOC, VGG): 64.3, (CITYSCAPES, VGG): 65.6}


def test_mm_lifts_every_column_of_the_slides() -> None:
    assert all(c.mm > c.baseline for c in BENCHMARKS)


def test_a_table_of_ranks_has_each_arm_once() -> None:
    tables = rank_tables()
    assert [(t.name, len(t.rows)) for t in tables] == [
        ("methods", 12),
        ("methods", 5),
        ("benchmarks", 7),
        ("benchmarks", 5),
        ("benchmarks", 5),
        ("per-class means", 4),
    ]
    for table in tables:
        assert len({row.arm for row in table.rows}) == len(table.rows)
        assert {(row.benchmark, row.backbone) for row in table.rows} == {(table.benchmark, table.backbone)}
