"""Rows after the slides: their arms, their place on the page, and that no figure of the slides stands beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmtutorial.experiment.arms import ARMS
from mmtutorial.reports.reproduction_markdown import reproduction_markdown
from mmtutorial.reproduction.afterwards import LATER, after, arms_after
from mmtutorial.reproduction.paper import ALEXNET, CITYSCAPES, VGG, VOC, rank_tables
from mmtutorial.reproduction.rows import arms_of_tables
from mmtutorial.results import read_reproduction
from mmtutorial.widgets.table_explorer import printed
from tests.reproduction_folder import make_reproduction, make_row, save

[LATEST] = [later for later in LATER if (later.benchmark, later.backbone) == (VOC, ALEXNET)]


def with_later(arms: tuple[str, ...] = LATEST.arms, seeds: int = 4) -> dict:
    made = make_reproduction(seeds=seeds, blocks=(("scenes", "tiny"),))
    rng = np.random.default_rng(7)
    made["rows"] += [make_row("scenes", "tiny", arm, 20.0 + 5 * k, seeds, rng) for k, arm in enumerate(arms)]
    return made


def test_later_arms_exist_and_are_of_no_table_of_the_slides() -> None:
    of_slides = {row.arm for table in rank_tables() for row in table.rows}
    for later in LATER:
        assert set(later.arms) <= set(ARMS)
        assert not set(later.arms) & of_slides
        assert all(printed(later.benchmark, later.backbone, arm) == () for arm in later.arms)


@pytest.mark.parametrize("place", [(VOC, ALEXNET), (VOC, VGG), (CITYSCAPES, VGG), (CITYSCAPES, ALEXNET)])
def test_they_are_run_as_a_part_of_their_own(place: tuple[str, str]) -> None:
    found = arms_after(*place)
    assert not set(found) & set(arms_of_tables(*place))
    assert found == [arm for later in LATER if (later.benchmark, later.backbone) == place for arm in later.arms]


def test_what_stands_in_the_row_is_the_rows_difference(tmp_path: Path) -> None:
    save(tmp_path, with_later())
    found = read_reproduction(tmp_path)
    [row] = after(found, *found.blocks()[0])
    plain, tuned, control = (found.row("scenes", "tiny", arm) for arm in LATEST.arms)
    random = found.row("scenes", "tiny", "random")
    assert (row.plain, row.tuned, row.control) == (plain, tuned, control)
    assert random is not None
    assert plain is not None
    assert tuned is not None
    assert control is not None
    for difference, (a, b) in (
        (row.from_random, (plain, random)),
        (row.lift, (tuned, plain)),
        (row.fair_lift, (tuned, control)),
    ):
        assert difference is not None
        assert difference.value == pytest.approx(np.mean(np.subtract(a.miou, b.miou)))


def test_what_was_not_run_is_said_and_nothing_where_nothing_was(tmp_path: Path) -> None:
    save(tmp_path, with_later(LATEST.arms[:1]))
    found = read_reproduction(tmp_path)
    [row] = after(found, *found.blocks()[0])
    assert row.plain is not None
    assert (row.tuned, row.control, row.lift, row.fair_lift) == (None,) * 4
    assert "not run, not run" in reproduction_markdown(tmp_path)
    save(tmp_path, make_reproduction(blocks=(("scenes", "tiny"),)))
    found = read_reproduction(tmp_path)
    assert after(found, *found.blocks()[0]) == []
    assert "after the slides" not in reproduction_markdown(tmp_path)


def test_the_tables_of_the_slides_do_not_change(tmp_path: Path) -> None:
    save(tmp_path, make_reproduction(seeds=4, blocks=(("scenes", "tiny"),)))
    before = reproduction_markdown(tmp_path).splitlines()
    save(tmp_path, with_later())
    both = reproduction_markdown(tmp_path).splitlines()
    new = [line for line in both if line not in before]
    assert [line for line in both if line in before or not line] != []
    assert [line for line in before if line not in both] == []
    assert len(new) == 2
    assert f"`{LATEST.arm}`" in new[1]
