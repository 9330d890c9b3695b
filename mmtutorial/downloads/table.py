"""The catalogue as a table: in ``data_scripts/README.md`` and on the terminal."""

from __future__ import annotations

from mmtutorial.downloads.registry import CATALOGUE

HEAD = ("name", "what", "size", "serves", "terms of use")


def markdown() -> str:
    """Returns the catalogue as a table in Markdown, a row an entry."""
    rows = [
        (f"`{entry.name}`", f"[{entry.title}]({entry.page})", entry.size, entry.serves, entry.licence)
        for entry in CATALOGUE.values()
    ]
    lines = [HEAD, ("---",) * len(HEAD), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain() -> str:
    """Returns the catalogue for a terminal, three lines an entry."""
    width = max(map(len, CATALOGUE)) + 2
    lines = []
    for entry in CATALOGUE.values():
        lines.append(f"{entry.name:{width}s}{entry.title} (download: {entry.size})")
        lines.append(f"{'':{width}s}serves {entry.serves.replace('`', '')}")
        lines.append(f"{'':{width}s}terms: {entry.licence}; {entry.page}")
    return "\n".join(lines)
