"""What an exercise is worth, and what being late costs: one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.examining import LEAST
from mmtutorial.errors import InputError, unknown


@dataclass(frozen=True)
class Points:
    """The points of a class.

    Attributes:
        each: points by exercise; those not named are worth nothing. None: every exercise is worth one.
        least: share of an exercise's cases below which it earns nothing.
        due: when notebooks had to be handed in; None: whenever.
        per_day: part of the points that each day begun after that costs.
        most: part of the points that being late costs at most.
    """

    each: Mapping[str, float] | None = None
    least: float = LEAST
    due: datetime | None = None
    per_day: float = 0.0
    most: float = 1.0
    source: Mapping[str, Any] = field(default_factory=dict)

    def of(self, exercise: str) -> float:
        """Return what an exercise is worth."""
        return 1.0 if self.each is None else self.each.get(exercise, 0.0)

    def earned(self, exercise: str, share: float) -> float:
        """Return the points for a share of the cases, to hundredths; nothing stays nothing."""
        return round(self.of(exercise) * (share if share >= self.least else 0.0), 2)

    def kept(self, handed_in: datetime) -> float:
        """Return the part of the points that is left for a notebook handed in at some time."""
        if self.due is None or handed_in <= self.due:
            return 1.0
        late = handed_in - self.due
        days = late.days + (late.seconds > 0 or late.microseconds > 0)
        return 1.0 - min(self.per_day * days, self.most)


def read_points(path: Path | None) -> Points:
    """Read the points.

    Args:
        path: a TOML file: a table ``points`` (exercise = number), and if wanted ``partial`` with ``least``, and
            ``late`` with ``due``, ``per_day`` and ``most``. None: each exercise is worth one.

    Raises:
        InputError: it cannot be read, or names what there is not.
    """
    if path is None:
        return Points()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f'cannot read {path}: {error}; it needs lines such as "03.components" = 2 below [points]'
        ) from None
    for name in table:
        if name not in ("points", "partial", "late"):
            raise unknown(f"table in {path}", name, ("points", "partial", "late"))
    each = _table(path, table, "points", EXERCISES)
    partial = _table(path, table, "partial", ("least",))
    late = _table(path, table, "late", ("due", "per_day", "most"))
    due = late.pop("due", None)
    if due is not None and not isinstance(due, datetime):
        raise InputError(f"{path}: due = {due} is no date with time; write due = 2027-05-01T12:00:00")
    for owner, values in (("points", each), ("partial", partial), ("late", late)):
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
                raise InputError(f"{path}: {owner}.{name} = {value!r} is no number of 0 or more; write one")
            if owner != "points" and value > 1:
                raise InputError(
                    f"{path}: {owner}.{name} = {value!r} is a part of the points, 0 to 1; write 0.1 for 10 %"
                )
    return Points(
        {name: float(value) for name, value in each.items()} if "points" in table else None,
        least=float(partial.get("least", Points.least)),
        due=due.replace(tzinfo=None) if due else None,
        per_day=float(late.get("per_day", 0.0)),
        most=float(late.get("most", 1.0)),
    )


def _table(path: Path, table: Mapping[str, Any], name: str, known: Any) -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise InputError(f"{path}: {name} is no table; write [{name}] and below it a line for each entry")
    for entry in found:
        if entry not in known:
            raise unknown(f"entry of [{name}] in {path}", entry, known)
    return dict(found)
