from __future__ import annotations

import numpy as np
import pytest

from mmtutorial.datasets import VOID, VOID_COLOUR, ClassTable
from mmtutorial.datasets.camvid import CLASSES as CAMVID
from mmtutorial.datasets.classes import voc_palette
from mmtutorial.datasets.voc import CLASSES as VOC
from mmtutorial.errors import InputError, unknown


def test_voc_names_stand_at_their_official_ids() -> None:
    official = {"cat": 8, "cow": 10, "dog": 12, "horse": 13, "person": 15, "sheep": 17, "tvmonitor": 20}
    assert {name: VOC.index(name) for name in official} == official


def test_voc_palette_is_the_official_one() -> None:
    assert voc_palette(5) == ((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128))
    assert voc_palette(21)[15] == (192, 128, 128)
    assert voc_palette(256)[255] == VOID_COLOUR


def test_keep_renumbers_in_the_order_of_the_table_and_voids_the_rest() -> None:
    table, lookup = VOC.keep(["sheep", "cat"])
    assert table.names == ("background", "cat", "sheep")
    assert table.palette == (VOC.palette[0], VOC.palette[8], VOC.palette[17])
    assert lookup.shape == (256,)
    assert lookup.dtype == np.uint8
    assert [lookup[i] for i in (0, 8, 17)] == [0, 1, 2]
    assert set(np.delete(lookup, (0, 8, 17))) == {VOID}


def test_keep_without_background_numbers_from_the_first_class() -> None:
    table, lookup = CAMVID.keep(["car", "road"])
    assert table.names == ("road", "car")
    assert table.background_ids == ()
    assert table.background == ()
    assert (lookup[3], lookup[8], lookup[0]) == (0, 1, VOID)


def test_keep_follows_background_that_is_not_the_first_id() -> None:
    table, _ = ClassTable(("a", "b", "ground"), voc_palette(3), (2,)).keep(["b"])
    assert table.names == ("b", "ground")
    assert table.background_ids == (1,)
    assert table.object_ids == (0,)


def test_a_misspelt_class_names_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown class 'hors'; did you mean 'horse'\\?"):
        VOC.keep(["hors"])


def test_keeping_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no class given"):
        VOC.keep([])


@pytest.mark.parametrize(
    ("names", "background", "message"),
    [((), (), "1 to 255 names"), (("a", "a"), (0,), "must differ"), (("a", "b"), (2,), "not among the ids")],
)
def test_a_wrong_table_is_refused(names: tuple[str, ...], background: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ClassTable(names, voc_palette(len(names)), background)


def test_colour_paints_ids_and_void() -> None:
    painted = VOC.colour(np.array([[0, 8], [VOID, 30]], dtype=np.uint8))
    assert painted.tolist() == [[[0, 0, 0], [64, 0, 0]], [list(VOID_COLOUR), list(VOID_COLOUR)]]


def test_unknown_lists_what_is_known() -> None:
    error = unknown("data set", "scnes", ["scenes", "voc"])
    assert str(error) == "unknown data set 'scnes'; did you mean 'scenes'? known: scenes, voc"
    assert "did you mean" not in str(unknown("data set", "zzz", ["scenes"]))
    assert "'VOC'" in str(unknown("data set", "voc", ["VOC"]))


def test_an_error_is_one_line() -> None:
    assert str(InputError("first\n  second")) == "first second"
