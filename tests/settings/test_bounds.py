from __future__ import annotations

import dataclasses
import math
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.errors import InputError
from mmtutorial.settings.bounds import Within
from mmtutorial.settings.budgets import Schedule
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import NETWORKS, PRESETS, SMOKE, get_preset


def numbers_of(node: Any, prefix: str = "") -> dict[str, tuple[float, ...]]:
    """Every number of a preset by its path."""
    found: dict[str, tuple[float, ...]] = {}
    for name in typing.get_type_hints(type(node)):
        value = getattr(node, name)
        if dataclasses.is_dataclass(value):
            found |= numbers_of(value, f"{prefix}{name}.")
        elif not isinstance(value, str | bool) and name != "weights":  # a file
            found[prefix + name] = value if isinstance(value, tuple) else () if value is None else (value,)
    return found


STRANGE = ["nan", "inf", "-inf", "-1", "0", "1e999", "1e308", "-0.0", "9" * 30, "1_0", "٣", "", "none", "5,2", "nan,1"]
TEXTS = st.one_of(
    st.sampled_from([*STRANGE, "0,0", "1,1,1", "0.5,0.5", ",,"]),
    st.floats().map(str),
    st.integers().map(str),
    st.tuples(st.floats(), st.floats()).map(lambda pair: f"{pair[0]},{pair[1]}"),
    st.text(max_size=8),
)


@given(path=st.sampled_from(sorted(numbers_of(SMOKE))), text=TEXTS)
def test_whatever_is_set_is_a_sane_number_or_refused_in_one_line(path: str, text: str) -> None:
    said, changed = "", SMOKE
    try:
        changed = override(SMOKE, {path: text})
    except InputError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or path.split(".")[0] in said
    for name, numbers in numbers_of(changed).items():
        assert all(math.isfinite(number) and number >= 0 for number in numbers), name
        assert list(numbers) == sorted(numbers), name


@pytest.mark.parametrize("path", sorted(numbers_of(SMOKE)))
@pytest.mark.parametrize("text", ["nan", "-1", "1e999", "9" * 40, "-1,-1", "nan,nan", "2e9,1e9"])
def test_no_field_takes_what_is_no_number_or_negative_or_beyond_measure(path: str, text: str) -> None:
    with pytest.raises(InputError, match=path):
        override(SMOKE, {path: text})


@pytest.mark.parametrize("network", [None, *NETWORKS])
@pytest.mark.parametrize("preset", PRESETS)
def test_what_ships_is_within_its_bounds(preset: str, network: str | None) -> None:
    for dataset in ("scenes", "voc", "cityscapes"):
        get_preset(preset, dataset, network).check()


def test_a_batch_too_large_for_any_machine_is_refused_whatever_the_order() -> None:
    changes = {"segmentation.schedule.images": "9000", "segmentation.crop": "200"}
    for items in (list(changes.items()), list(reversed(changes.items()))):
        with pytest.raises(InputError, match="a batch of segmentation has 9000 images of 200 x 200 pixels"):
            override(SMOKE, dict(items))
    assert override(SMOKE, {"segmentation.schedule.images": "9000", "segmentation.crop": "16"})
    with pytest.raises(InputError, match="a batch of tuning has 2000000 images"):
        override(SMOKE, {"tuning.patches": "2000", "tuning.schedule.images": "1000"})


def test_a_record_checks_itself() -> None:
    with pytest.raises(InputError, match="lr is nan; give a finite number"):
        Schedule(steps=1, images=1, lr=math.nan)
    with pytest.raises(InputError, match="images is 0; give 1 or more"):
        Schedule(steps=1, images=0, lr=1)


def test_bounds_of_one_number_and_of_several() -> None:
    bound = Within(0, 1, above=True)
    assert [bound.fault(value) for value in (0.5, 1, None, (0.2, 0.2), ())] == [""] * 5
    assert bound.fault(0) == bound.fault((0, 1)) == "more than 0"
    assert bound.fault(1.5) == "1 or less"
    assert bound.fault((0.5, 0.2)) == "the smaller number first"
    assert Within(0, 1).fault(0) == ""
