"""What is met while an export is read: faults, which refuse it all together, and what is passed over, with counts."""

from __future__ import annotations

from collections import defaultdict

from mmtutorial.errors import InputError


class Fault(Exception):
    """A shape or a file that cannot be used, on its way to :meth:`Findings.fault`, which knows the place."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


class Findings:
    """Collects faults and remarks, so that a user hears of all of them at once.

    Example:
        >>> findings = Findings()
        >>> for number in range(3):
        ...     findings.fault(f"task {number}", "a polygon has no label", "give it one")
        >>> findings.refuse()
        Traceback (most recent call last):
        mmtutorial.errors.InputError: task 0: a polygon has no label (and 2 more: task 1, task 2); give it one
    """

    def __init__(self) -> None:
        # Faults of one kind share their remedy, which is said once. Each has its place and a text that begins with it.
        self._faults: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._remarks: dict[str, list[str]] = defaultdict(list)

    def fault(self, where: str, what: str, remedy: str) -> None:
        """Note something that must not be passed over.

        Args:
            where: the file, and the place in it.
            what: what is wrong there.
            remedy: what the user can do, the same text for all faults of the kind.
        """
        self._faults[remedy].append((where, f"{where}: {what}"))

    def error(self, error: InputError) -> None:
        """Note what another room refuses; its message is a fault and, after the last semicolon, a remedy."""
        what, _, remedy = str(error).rpartition("; ")
        self._faults[remedy].append(("", what))

    def remark(self, what: str, where: str) -> None:
        """Note something passed over, or taken in one of two ways; ``what`` is the same text for all of the kind."""
        self._remarks[what].append(where)

    @property
    def faulty(self) -> bool:
        """Whether there are faults."""
        return bool(self._faults)

    @property
    def remarks(self) -> tuple[str, ...]:
        """A line for each kind of thing passed over, with its count and the first place."""
        return tuple(
            f"{what}: {len(places)} ({'first: ' if len(places) > 1 else ''}{places[0]})"
            for what, places in self._remarks.items()
        )

    def refuse(self) -> None:
        """Raise an error that tells all faults; do nothing where there are none.

        Raises:
            InputError: there are faults. Those of one kind are told by the first of them, with the places of others.
        """
        kinds = [_told(faults) + f"; {remedy}" for remedy, faults in self._faults.items()]
        if len(kinds) == 1:
            raise InputError(kinds[0])
        if kinds:
            total = sum(map(len, self._faults.values()))
            numbered = ". ".join(f"({number}) {kind}" for number, kind in enumerate(kinds, start=1))
            raise InputError(f"{total} faults of {len(kinds)} kinds, so nothing is written: {numbered}")


def _told(faults: list[tuple[str, str]], most: int = 3) -> str:
    (where, first), *more = faults
    if not more:
        return first
    file = where.split(", ")[0]
    places = list(dict.fromkeys(place.removeprefix(f"{file}, ") for place, _ in more if place not in ("", where)))
    named = ": " + ", ".join(places[:most]) + (", ..." if len(places) > most else "") if places else ""
    return f"{first} (and {len(more)} more{named})"
