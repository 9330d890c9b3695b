"""What may happen to a notebook without costing anybody an answer: cells moved, split, repeated, retyped, renamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mmtutorial.classroom.asking import Wrong
from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.examining import Mark, Marking, _Listening, mark, public_questions
from mmtutorial.classroom.marking.submissions import Submission, _read
from mmtutorial.classroom.marking.workshop import Workshop
from tests.classroom.marking.handed_in import Cells, answered, code, notebook, place, solution

NAME = "03.components"
RIGHT = solution(NAME)
BLANK = "".join(notebook("03")["cells"][place(notebook("03")["cells"], NAME)]["source"])


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop() as opened:
        yield opened


def read(data: bytes, name: str = "ada_03_match.ipynb") -> Submission:
    return _read(data, PurePosixPath(name), datetime(2027, 1, 1))


def marked(workshop: Workshop, data: bytes, name: str = NAME) -> Mark:
    submission = read(data)
    assert not submission.problem
    assert name in submission.exercises
    return mark(workshop, EXERCISES[name], submission.sources(), 7, public_questions(EXERCISES[name]))


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_of_each_exercise_passes_with_other_inputs(workshop: Workshop, name: str) -> None:
    found = marked(workshop, answered(number=name[:2]), name)
    assert (found.state, found.share) == ("passed", 1.0), found


@pytest.mark.parametrize("name", EXERCISES)
def test_a_blank_earns_nothing_and_is_called_blank(workshop: Workshop, name: str) -> None:
    found = marked(workshop, json.dumps(notebook(name[:2])).encode(), name)
    assert (found.state, found.share) == ("blank", 0.0), found


def moved_to_the_end(cells: Cells) -> None:
    cells.append(cells.pop(place(cells, NAME)))


def the_other_way_round(cells: Cells) -> None:
    cells.reverse()


def repeated_with_the_blank(cells: Cells) -> None:
    cells.append(code(BLANK))


def repeated(cells: Cells) -> None:
    cells.append(code(RIGHT))


def wrong_first(cells: Cells) -> None:
    cells.insert(0, code("def components(labels, edges):\n    return {}\n"))


def split(cells: Cells) -> None:
    at = place(cells, NAME)
    lines = RIGHT.split("\n")
    cells[at : at + 1] = [code("\n".join(lines[:3])), code("\n".join(lines[3:]))]


def split_in_a_bracket(cells: Cells) -> None:
    at = place(cells, NAME)
    before, after = RIGHT.split("(labels, edges):", 1)
    cells[at : at + 1] = [code(f"{before}(labels,"), code(f"edges):{after}")]


def retyped_as_text(cells: Cells) -> None:
    cells[place(cells, NAME)] |= {"cell_type": "markdown", "source": f"```python\n{RIGHT}\n```"}


def retyped_as_raw(cells: Cells) -> None:
    cells[place(cells, NAME)] |= {"cell_type": "raw", "source": RIGHT}


def without_tags_and_ids(cells: Cells) -> None:
    for cell in cells:
        cell["metadata"] = {}
        cell.pop("id", None)


def without_checks(cells: Cells) -> None:
    cells[:] = [cell for cell in cells if "check(" not in "".join(cell["source"])]


def without_the_set_up(cells: Cells) -> None:
    del cells[:2]


def in_another_name(cells: Cells) -> None:
    cells[place(cells, NAME)]["source"] = BLANK
    cells.append(code(RIGHT.replace("def components", "def my_pieces").split("\n\n\n")[0]))
    cells.append(code(f'check("{NAME}", my_pieces)'))


def as_a_method(cells: Cells) -> None:
    body = RIGHT.split("\n\n\n")[0].replace("\n", "\n    ").replace("(labels", "(self, labels", 1)
    cells[place(cells, NAME)]["source"] = f"class Pieces:\n    {body}\n\ncomponents = Pieces().components"


def a_broken_cell_before(cells: Cells) -> None:
    cells.insert(0, code("def broken(:\n"))
    cells.insert(1, code("raise ValueError('not my day')"))


def magic_lines(cells: Cells) -> None:
    cells[place(cells, NAME)]["source"] = f"%matplotlib inline\n!pip install something\ncomponents?\n{RIGHT}"


def an_endless_cell_elsewhere(cells: Cells) -> None:
    cells.insert(0, code("while True:\n    pass"))


def helpers_below(cells: Cells) -> None:
    cells[place(cells, NAME)]["source"] = "def components(labels, edges):\n    return of_all(labels, edges, TABLE)\n"
    inner = RIGHT.split("\n\n\n")[0].replace("def components(labels, edges)", "def of_all(labels, edges, table)")
    cells += [code("TABLE = {}"), code("TABLE['a'] = 1"), code(inner)]


def a_name_used_again_below(cells: Cells) -> None:
    inner = RIGHT.split("\n\n\n")[0].replace("range(", "HOW(")
    cells[place(cells, NAME)]["source"] = f"HOW = range\n{inner}"
    cells.append(code("HOW = None"))


def names_made_in_a_loop(cells: Cells) -> None:
    inner = RIGHT.split("\n\n\n")[0].replace("def components", "def made")
    cells[place(cells, NAME)]["source"] = f"{inner}\n\nfor name in ['components']:\n    globals()[name] = made\n"


CHANGES = [
    moved_to_the_end,
    the_other_way_round,
    repeated,
    repeated_with_the_blank,
    wrong_first,
    split,
    split_in_a_bracket,
    retyped_as_text,
    retyped_as_raw,
    without_tags_and_ids,
    without_checks,
    without_the_set_up,
    in_another_name,
    as_a_method,
    a_broken_cell_before,
    magic_lines,
    an_endless_cell_elsewhere,
    helpers_below,
    a_name_used_again_below,
    names_made_in_a_loop,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_an_answer_counts_whatever_happened_to_its_cells(workshop: Workshop, change: Any) -> None:
    found = marked(workshop, answered(change=change))
    assert (found.state, found.share) == ("passed", 1.0), found


@pytest.mark.parametrize("change", [split, retyped_as_text, without_tags_and_ids], ids=lambda change: change.__name__)
def test_what_was_not_solved_does_not_count(workshop: Workshop, change: Any) -> None:
    """The other side of the tests above: the same changes round a wrong answer."""

    def wrong(cells: Cells) -> None:
        change(cells)
        for cell in cells:
            source = "".join(cell["source"])
            cell["source"] = source.replace("piece[", "piece[0 * ").replace("Counter(", "Counter(0 * x for x in ")

    found = marked(workshop, answered(change=wrong))
    assert found.share < 0.5, found


def test_a_deleted_cell_is_told(workshop: Workshop) -> None:
    found = marked(workshop, answered(change=lambda cells: cells.pop(place(cells, NAME))))
    assert (found.state, found.share) == ("missing", 0.0)


def test_part_of_the_cases_earns_part(workshop: Workshop) -> None:
    trees = "def components(labels, edges):\n    n = {int(c): int((labels == c).sum()) for c in labels}\n"
    trees += "    for a, b in edges.tolist():\n        n[int(labels[a])] -= 1\n    return n\n"
    found = marked(workshop, answered({NAME: trees}))
    assert found.state == "partly"
    assert 0.2 < found.share < 1
    assert "trees only" in found.hint
    assert found.cases[1] < found.cases[0]


def asked(name: str, variant: int | None) -> set[bytes]:
    listening = _Listening()
    asking = Marking(listening, EXERCISES[name], 0, frozenset())
    asking.variant = variant
    with suppress(Wrong):
        EXERCISES[name].examine(asking)
    return listening.asked


# There is one question only, and no right answer: what is handed in is a plan of one's own.
PLANS = ("07.registration",)


@pytest.mark.parametrize("name", [name for name in EXERCISES if name not in PLANS])
def test_most_of_what_marking_asks_stands_nowhere(name: str) -> None:
    public, first, second = asked(name, None), asked(name, 1), asked(name, 2)
    assert public == public_questions(EXERCISES[name])
    assert len(first - public) >= 6
    assert len(first & second) < len(first | second) / 2
    assert asked(name, 1) == first


OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 1, "source": "03"},
                {"cell_type": "code", "input": ["import torch\n", "from collections import Counter\n"], "outputs": []},
                {"cell_type": "code", "input": RIGHT, "language": "python", "outputs": []},
            ]
        }
    ],
}


def test_an_older_format_is_read(workshop: Workshop) -> None:
    found = marked(workshop, json.dumps(OLD).encode())
    assert found.state == "passed", found


def test_metadata_of_colab_and_of_other_editors_are_read(workshop: Workshop) -> None:
    made = json.loads(answered())
    made["metadata"] = {
        "colab": {"provenance": [], "gpuType": "T4"},
        "kernelspec": {"name": "my-course-env", "display_name": "R"},
        "vscode": {"interpreter": {"hash": "00"}},
        "accelerator": "GPU",
    }
    for cell in made["cells"]:
        cell["metadata"] |= {"id": "abc", "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "x"}
    found = marked(workshop, b"\xef\xbb\xbf" + json.dumps(made).encode())
    assert found.state == "passed", found


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("surname_12345_03_match.ipynb", "surname_12345"),
        ("ada/03_match.ipynb", "ada"),
        ("ada/week 2/03_match.ipynb", "ada"),
        ("Ada Lovelace_991_assignsubmission_file_/03_match.ipynb", "Ada Lovelace_991"),
        ("lovelaceada_881_12_03_match-1.ipynb", "lovelaceada_881_12"),
        ("03_match.ipynb", "03_match"),
        ("homework.ipynb", "homework"),
        ("ada/homework.ipynb", "ada"),
    ],
)
def test_whose_notebook_it_is(file: str, student: str) -> None:
    found = read(answered(), file)
    assert (found.student, found.notebook) == (student, "03")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "an empty file"),
        (b"  \n", "an empty file"),
        (b"{", "not a notebook"),
        (b"[1, 2]", "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (b'{"cells": [3]}', "not a notebook"),
        (b"[" * 100_000, "not a notebook"),
        (b"\xff\xfe\x00", "not a notebook"),
        (b'{"cells": []}', "none of this package's notebooks"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, problem: str) -> None:
    found = read(data, "ada_notes.ipynb")
    assert found.problem.startswith(problem)
    assert found.student == "ada_notes"


def test_the_open_library_holds_no_answers(workshop: Workshop) -> None:
    """Whatever a reference needs to answer an exercise is not among what its process can import."""
    assert workshop._folder is not None
    files = {path.name for path in (workshop._folder / "library").rglob("*.py")}
    answers = {f"{module}.py" for module in ("match", "mix", "start", "graph", "metrics", "patches", "embedding")}
    assert not files & answers
    for path in Path(workshop._folder / "library").rglob("*.py"):
        assert "def _count_pieces" not in path.read_text()
