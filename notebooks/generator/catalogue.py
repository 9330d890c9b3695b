"""``index.toml``: which notebooks there are, and what stands at their head."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Entry:
    """One notebook.

    Attributes:
        file: name of the master without ``.py``: ``"03_match"``.
        title: without the number.
        minutes: for reading and exercises.
        objectives: each completes "After this you can ...".
        question: stands under the first picture; the notebook answers it.
        picture: what the first picture shows, in words; it lies in ``images/`` and is made by its ``make.py``.
    """

    file: str
    title: str
    minutes: int
    objectives: tuple[str, ...]
    question: str = ""
    picture: str = ""

    @property
    def number(self) -> str:
        """The two digits at the start of the file's name."""
        return self.file[:2]


@dataclass(frozen=True)
class Catalogue:
    """All notebooks in their order.

    Attributes:
        address: where pip finds the package, such as ``git+https://...``; empty until it has a public home.
        colab: start of the addresses at which Colab opens the notebooks; empty: no badges.
        entries: the notebooks.
    """

    address: str
    colab: str
    entries: tuple[Entry, ...] = field(default=())

    def entry(self, file: str) -> Entry:
        """The notebook of a name, or of its number.

        Raises:
            SystemExit: there is none; the message lists those there are.
        """
        for entry in self.entries:
            if file in (entry.file, entry.number):
                return entry
        raise SystemExit(f"no notebook '{file}' in index.toml; known: {', '.join(e.file for e in self.entries)}")


def read_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Reads ``index.toml`` and refuses an entry without master, and a master without entry.

    Raises:
        ValueError: they do not match, or a field is missing.
    """
    table = tomllib.loads((folder / "index.toml").read_text(encoding="utf-8"))
    try:
        entries = tuple(Entry(**{**row, "objectives": tuple(row["objectives"])}) for row in table["notebook"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"index.toml: an entry has too few or too many fields ({error})") from None
    masters = sorted(path.stem for path in (folder / "src").glob("[0-9][0-9]_*.py"))
    listed = [entry.file for entry in entries]
    if listed != masters:
        raise ValueError(f"index.toml lists {listed}, but notebooks/src has {masters}; both, in order, must agree")
    return Catalogue(table["address"], table["colab"], entries)
