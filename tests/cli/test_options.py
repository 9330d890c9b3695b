from __future__ import annotations

import pytest

from mmtutorial.cli.options import seeds_of
from mmtutorial.errors import InputError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", (0,)),
        ("0-4", (0, 1, 2, 3, 4)),
        ("0,2-4", (0, 2, 3, 4)),
        ("3-3", (3,)),
        ("1, 0,1", (1, 0)),
        ("2-4, 3 - 5,0", (2, 3, 4, 5, 0)),
        ("007", (7,)),
    ],
)
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4-0", "range 4-0, which ends below its start"),
        ("0-", "not whole numbers"),
        ("-3", "negative"),
        ("0--4", "not whole numbers"),
        ("0-4-8", "not whole numbers"),
        ("0..4", "not whole numbers"),
        ("1_0", "not whole numbers"),
        ("²", "not whole numbers"),
        ("0,,1", "not whole numbers"),
        ("1e3", "not whole numbers"),
        ("0-999999999", "more than 1000"),
        ("99999999999999999999", "not whole numbers"),
    ],
)
def test_seeds_that_are_none(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        seeds_of(text)
