from __future__ import annotations

import pytest

from mmtutorial.errors import InputError
from mmtutorial.settings.machine import MOST_PROCESSES, Machine


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"devices": 0}, "devices is 0; give 1 or more"),
        ({"devices": MOST_PROCESSES + 1}, "devices is 257; give 256 or less"),
        ({"loaders": -1}, "loaders is -1; give 0 or more"),
        ({"loaders": 9999}, "loaders is 9999; give 256 or less"),
    ],
)
def test_what_no_machine_has_is_refused(given: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Machine(**given)  # type: ignore[arg-type]


def test_the_bounds_themselves_are_allowed() -> None:
    assert Machine(devices=1, loaders=0) == Machine()
    assert Machine(devices=MOST_PROCESSES, loaders=MOST_PROCESSES).devices == 256
