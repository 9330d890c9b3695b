from __future__ import annotations

from pathlib import Path

from mmtutorial.reports.run_markdown import markdown_tables
from mmtutorial.results.reading import read_results
from tests.plots.run_folder import write_run


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line]


def test_the_tables_hold_the_numbers_of_the_results(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=3)
    results = read_results(tmp_path)
    table = rows(markdown_tables(results))
    assert len({len(row) for row in table}) == 2
    arms = {row[0].strip("`"): row for row in table}
    for arm in results.arms:
        assert arms[arm.arm][1] == f"{arm.mean:.1f}"
        assert arm.interval is not None
        assert arms[arm.arm][2] == f"{arm.interval[0]:.1f} to {arm.interval[1]:.1f}"
    for pair in results.comparisons:
        assert arms[f"{pair.a}` - `{pair.b}"][1] == f"{pair.value:+.1f}"


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=1)
    assert "none, one seed" in markdown_tables(read_results(tmp_path))
