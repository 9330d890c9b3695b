from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmtutorial.errors import InputError
from mmtutorial.provenance import once, read_record, write_record

MADE_BY: dict[str, str | int] = {"settings": "a1", "images": "b1", "name": "random", "seed": 0}


def again(path: Path, made_by: dict[str, str | int], weights: str | None = None) -> tuple[int, int]:
    """What the record says, and how often it was computed."""
    computed = []

    def compute() -> dict[str, int]:
        computed.append(1)
        return {"value": 7}

    return once(path, made_by, compute, lambda found: int(found["value"]), lambda: weights), len(computed)


def test_computed_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "score.json"
    assert again(path, MADE_BY, "w") == (7, 1)
    assert again(path, MADE_BY, "w") == (7, 0)
    assert json.loads(path.read_text())["made_by"] == {**MADE_BY, "weights": "w"}


@pytest.mark.parametrize("change", [{"settings": "a2"}, {"images": "b2"}, {"name": "random+graph"}, {"seed": 1}])
def test_a_record_of_something_else_is_refused(tmp_path: Path, change: dict[str, str | int]) -> None:
    path = tmp_path / "score.json"
    again(path, MADE_BY)
    before = path.read_bytes()
    with pytest.raises(InputError, match=rf"score\.json was made with other settings \({next(iter(change))}\)"):
        again(path, MADE_BY | change)
    assert path.read_bytes() == before


def test_a_record_of_other_weights_is_computed_anew(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    again(path, MADE_BY, "w")
    assert again(path, MADE_BY, "other") == (7, 1)
    assert again(path, MADE_BY, "other") == (7, 0)
    # Whose weights are not there any more still has a record of what they scored.
    assert again(path, MADE_BY, None) == (7, 0)


def test_records_of_earlier_versions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_text('{\n "value": 3\n}\n')
    assert again(path, MADE_BY, "w") == (3, 0)


def test_every_bit_counts(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    again(path, MADE_BY, "w")
    whole = path.read_bytes()
    chance = random.Random(1)
    for place in chance.sample(range(8 * len(whole)), 300):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        if abs(place // 8 - whole.index(b"seal") - 1.5) < 2:
            continue  # Without the name of its seal a record is one of an earlier version, and says what it said.
        with pytest.raises(InputError) as caught:
            again(path, MADE_BY, "w")
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"7", b'"text"', b"null", b"\xff\xfe", b'{"value": NaN}', b'{"value": 1e999}', b"[" * 9999]
)
def test_what_is_no_record(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "score.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_record(path)
    assert str(path) in str(caught.value)
    assert "delete it and run again with --resume" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, "seven", [], {}, {"a": 1}])
def test_a_value_of_the_wrong_kind(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "score.json"
    write_record(path, {"value": value}, MADE_BY)
    with pytest.raises(InputError, match="is damaged"):
        again(path, MADE_BY)


def test_an_error_of_the_computation_is_its_own(tmp_path: Path) -> None:
    def fail() -> dict[str, Any]:
        raise KeyError("mine")

    decode: Callable[[dict[str, Any]], int] = len
    with pytest.raises(KeyError, match="mine"):
        once(tmp_path / "x.json", MADE_BY, fail, decode)
    assert list(tmp_path.iterdir()) == []
