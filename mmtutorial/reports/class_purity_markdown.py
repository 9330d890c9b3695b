"""The purity of each class as a Markdown table, for a README or a notebook."""

from __future__ import annotations

from pathlib import Path

from mmtutorial.reports.run_markdown import markdown_tables
from mmtutorial.results import read_results
from mmtutorial.results.class_purity import class_purities
from mmtutorial.results.folder import RunFolder
from mmtutorial.results.records import Results


def all_tables(out: Path) -> str:
    """Return every table of a run, with an empty line between: arms, differences, and the purity of each class.

    Args:
        out: folder of the run.

    Raises:
        InputError: its results cannot be read, or a record of the run is damaged.
    """
    results = read_results(out)
    return "\n\n".join(filter(None, (markdown_tables(results), class_purity_table(out, results))))


def class_purity_table(out: Path, results: Results) -> str:
    """Return a row per tuned arm and a column per class: kNN purity before, after, means over seeds.

    Args:
        out: folder of the run.
        results: of that run.

    Returns:
        Markdown without a newline at the end; empty where the run has no purity by class.

    Raises:
        InputError: a record of the run is damaged.
    """
    rows = {arm.arm: class_purities(RunFolder(out), arm) for arm in results.arms if arm.knn_purity}
    shown = [name for name in results.names if any(name in found for found in rows.values())]
    if not shown:
        return ""
    # A user's class may be named with the sign that ends a cell.
    names = " | ".join(name.replace("|", r"\|") for name in shown)
    lines = [f"| kNN purity before, after | {names} |", "|---" * (1 + len(shown)) + "|"]
    for arm, found in rows.items():
        if found:
            cells = (", ".join(_cell(value) for value in found.get(name, (None, None))) for name in shown)
            lines.append(f"| `{arm}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
