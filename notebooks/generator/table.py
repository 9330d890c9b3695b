"""The table of notebooks in the README, between two markers."""

from __future__ import annotations

import re

from notebooks.generator.catalogue import Catalogue
from notebooks.generator.frame import badge

BEGIN, END = "<!-- notebooks: made by make notebooks -->", "<!-- notebooks: end -->"


def table(catalogue: Catalogue) -> str:
    """The table in Markdown."""
    # GitHub makes a column as narrow as its longest word, and shrinks the pictures in it: the head keeps it open.
    lines = [f"| {'&nbsp;' * 36} | notebook | it asks | minutes |", "|---|---|---|---|"]
    for entry in catalogue.entries:
        name = f"[{entry.number} {entry.title}](notebooks/{entry.file}.ipynb) {badge(catalogue, entry)}".strip()
        # Made by docs/images/make.py. The title beside it says what it is, so it needs no words of its own.
        picture = f'<img src="docs/images/notebooks/{entry.file}.png" width="160" alt="">'
        lines.append(f"| {picture} | {name} | {entry.question} | {entry.minutes} |")
    return "\n".join(lines)


def with_table(readme: str, catalogue: Catalogue) -> str:
    """The README with the table of today between its markers.

    Raises:
        ValueError: the markers are not there exactly once.
    """
    made = f"{BEGIN}\n{table(catalogue)}\n{END}"
    text, found = re.subn(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: made, readme, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"README.md must have the markers '{BEGIN}' and '{END}' once; they were found {found} times")
    return text
