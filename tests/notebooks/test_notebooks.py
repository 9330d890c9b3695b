"""What stands in the repository is what the masters make, and keeps to the rules of the notebooks."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from mmtutorial.classroom import EXERCISES
from notebooks.generator.catalogue import read_catalogue
from notebooks.generator.comparing import differences
from notebooks.generator.executing import MOST_BYTES
from notebooks.generator.masters import Cell, read_master
from notebooks.generator.timings import MOST_A_CELL, MOST_A_NOTEBOOK, MOST_ALL_AT_SMOKE, read_timings
from tests.notebooks.running import LEARNERS, MASTERS, NOTEBOOKS, SOLUTIONS

masters = pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.stem)


def exercises_of(cells: list[Cell]) -> list[str]:
    return [cell.exercise for cell in cells if cell.exercise]


def test_the_notebooks_are_what_their_masters_make() -> None:
    assert differences() == []


def test_a_learner_s_notebook_has_no_outputs_and_no_solution() -> None:
    for path in LEARNERS:
        cells = nbformat.read(path, as_version=4).cells
        assert all(cell.execution_count is None and not cell.outputs for cell in cells if cell.cell_type == "code")
        text = path.read_text(encoding="utf-8")
        assert "SOLUTION" not in text
        assert "NBVAL" not in text


@masters
def test_no_line_of_a_solution_reaches_a_learner(path: Path) -> None:
    cells = read_master(path)
    learner = nbformat.read(NOTEBOOKS / f"{path.stem}.ipynb", as_version=4)
    shown = {line.strip() for cell in learner.cells for line in cell.source.splitlines()}
    # Lines such as "return loss" or "else:" may well stand elsewhere too; a line with something in it may not.
    solution = {line for cell in cells for line in cell.solution_lines() if len(line) > 20 and not line.startswith("#")}
    assert bool(solution) == bool(exercises_of(cells))
    assert not solution & shown


@masters
def test_exercises_have_a_blank_a_first_try_a_check_two_hints_and_a_way_on(path: Path) -> None:
    cells = read_master(path)
    names = exercises_of(cells)
    assert len(names) == len(set(names))
    assert 1 <= len(names) <= 4
    for place, cell in enumerate(cells):
        if not cell.exercise:
            assert not cell.solution_lines()
            continue
        assert cell.exercise in EXERCISES
        assert cell.solution_lines()
        function = cell.exercise.split(".")[1]
        assert f"def {function}({', '.join(EXERCISES[cell.exercise].arguments)})" in re.sub(
            r":[^,)]*(?=[,)])", "", cell.source
        )
        last = cell.source.splitlines()[-1]
        assert not last.startswith((" ", "#", "def")), "the cell ends with a first try, at which a blank stops"
        after = "\n".join(later.source for later in cells[place + 1 :] if later.kind == "code")
        assert f'check("{cell.exercise}", {function})' in after
        before = next(earlier for earlier in reversed(cells[:place]) if earlier.kind == "markdown").source
        folds = re.findall(r"<details><summary>(.*?)</summary>", before)
        assert folds[-3:] == ["Hint 1", "Hint 2", "Go on without"]
        assert before.count("</details>") == len(folds)


@masters
def test_at_least_three_cells_are_marked_and_none_shows_a_picture(path: Path) -> None:
    assert sum(cell.marked for cell in read_master(path)) >= 3
    solution = nbformat.read(NOTEBOOKS / "solutions" / f"{path.stem}.ipynb", as_version=4)
    for cell in solution.cells:
        if "# NBVAL_CHECK_OUTPUT" in cell.source.splitlines():
            shown = {kind: text for output in cell.outputs for kind, text in output.get("data", {}).items()}
            assert set(shown) <= {"text/plain", "text/html"}, "nbval compares pictures byte by byte, or not at all"
            assert "<img" not in shown.get("text/html", ""), "mark numbers"
            assert cell.outputs, "there is nothing to compare"


@masters
def test_a_notebook_ends_with_recap_limits_and_links(path: Path) -> None:
    text = "\n".join(cell.source for cell in read_master(path) if cell.kind == "markdown").lower()
    for heading in ("recap", "limits", "links", "discuss"):
        assert re.search(rf"^#+ .*{heading}", text, flags=re.MULTILINE), f"no heading with '{heading}'"


def test_solutions_are_small_and_hold_no_state_of_widgets() -> None:
    for path in SOLUTIONS:
        assert path.stat().st_size <= MOST_BYTES
        text = path.read_text(encoding="utf-8")
        assert "application/vnd.jupyter.widget" not in text
        assert set(json.loads(text)["metadata"]) == {"kernelspec", "language_info"}


def test_nothing_in_a_notebook_names_a_folder_of_the_machine_it_was_made_on() -> None:
    for path in (*LEARNERS, *SOLUTIONS):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(/home/|/Users/|/root/|/work/|C:\\\\)", text), path


def test_the_times_keep_within_their_limits() -> None:
    timings = read_timings(NOTEBOOKS)
    assert set(timings) == {entry.file for entry in read_catalogue().entries}
    assert all(timing.lesson <= MOST_A_NOTEBOOK for timing in timings.values())
    assert all(timing.slowest_cell <= MOST_A_CELL for timing in timings.values())
    assert sum(timing.smoke for timing in timings.values()) <= MOST_ALL_AT_SMOKE


def test_the_times_stand_in_the_head() -> None:
    for path in (*LEARNERS, *SOLUTIONS):
        head = nbformat.read(path, as_version=4).cells[0].source
        assert re.search(r"run in under \d\S* (seconds|minutes) on two cores", head)


def test_the_first_screen_is_a_picture_and_a_question() -> None:
    for entry in read_catalogue().entries:
        for path in (NOTEBOOKS / f"{entry.file}.ipynb", NOTEBOOKS / "solutions" / f"{entry.file}.ipynb"):
            head, set_up = nbformat.read(path, as_version=4).cells[:2]
            (encoded,) = head.attachments["first.webp"].values()
            with Image.open(io.BytesIO(data := base64.b64decode(encoded))) as picture:
                assert picture.width >= 900
                assert picture.width / picture.height > 2.4, "a first screen has room for the question too"
            assert len(data) < 150_000
            shown, question = head.source.split("\n\n")[1:3]
            assert len(re.fullmatch(r"!\[(.+)\]\(attachment:first.webp\)", shown)[1]) > 40, "words for the picture"
            assert re.fullmatch(r"### [^\n]+\?", question)
            assert set_up.metadata["jupyter"]["source_hidden"]


# A screen of JupyterLab at 1280 x 800. Few places come near it: where two exercises follow one another.
MOST_VISIBLE_LINES = 35


def visible_lines(path: Path) -> list[int]:
    """Lines of code that a reader sees between one picture and the next; the first picture stands in the head."""
    runs = [0]
    for cell in nbformat.read(path, as_version=4).cells:
        shown = [str(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", [])]
        tags = cell.metadata.get("tags", [])
        answered = any(tag.startswith("exercise:") for tag in tags) or "check(" in cell.source
        if cell.cell_type == "code" and "hide-input" not in tags and not answered:
            runs[-1] += sum(bool(line.strip()) and not line.startswith("#") for line in cell.source.splitlines())
        if "<img" in "".join(shown) or "<table" in "".join(shown) or "![" in cell.source:
            runs.append(0)
    return runs


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_notebook_says_what_it_has_shown_and_prints_no_bare_answers(path: Path) -> None:
    """A reader meets charts and tables; claims that are compared stand together before the recap."""
    cells = nbformat.read(path, as_version=4).cells
    printed = [
        line
        for cell in cells
        for output in cell.get("outputs", [])
        for line in output.get("text", "").splitlines()
        if re.search(r": (True|False)$", line)
    ]
    assert printed == []
    claims = [place for place, cell in enumerate(cells) if cell.source.endswith("plots.shown(noted)")]
    if any("noted[" in cell.source for cell in cells):
        (last,) = claims
        assert cells[last].source.startswith("# NBVAL_CHECK_OUTPUT")
        assert cells[last - 1].source.startswith("## What this notebook has shown")
        assert re.match(r"## \d+ Recap", cells[last + 1].source)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_code_that_is_not_the_idea_is_folded_away(path: Path) -> None:
    """A picture stands above all code; between two pictures or tables there is no more of it than fits on a screen."""
    before, *between = visible_lines(path)
    assert before == 0
    assert max(between) <= MOST_VISIBLE_LINES
