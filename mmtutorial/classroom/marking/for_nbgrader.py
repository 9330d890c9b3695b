"""The same notebooks as a course of nbgrader: answers where it looks for them, a graded cell for each exercise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.handing_out import chosen_notebooks, refuse_standing, without_solutions
from mmtutorial.classroom.marking.points import Points
from mmtutorial.files import write_bytes

CONFIG = "nbgrader_config.py"
_TAG = "exercise:"
# nbgrader replaces what stands between its marks; our own line that says so stays before them.
_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"
_SCHEMA = 3
_ABOUT = """# A course of nbgrader, written by `mmtutorial handout --nbgrader`.
c = get_config()
c.CourseDirectory.course_id = {course!r}
c.ClearSolutions.enforce_metadata = True
# A notebook's cells together take a minute or two.
c.ExecutePreprocessor.timeout = 300
"""


def write_course(
    folder: Path, points: Points, numbers: Sequence[str] | None = None, name: str = "", *, force: bool = False
) -> list[Path]:
    """Write a course: ``source/NOTEBOOK/NOTEBOOK.ipynb`` for each notebook, and nbgrader's configuration.

    Args:
        folder: of the course.
        points: what each exercise is worth; one worth nothing is not graded.
        numbers: two digits of each notebook; None: all.
        name: of the course.
        force: write over notebooks that are there.

    Returns:
        The notebooks written.

    Raises:
        InputError: there is no such notebook, or the folder holds other files of these names.
    """
    chosen = chosen_notebooks(numbers)
    targets = [folder / "source" / path.stem / path.name for path in chosen]
    refuse_standing([*targets, folder / CONFIG], force=force)
    for path, target in zip(chosen, targets, strict=True):
        write_bytes(target, json.dumps(assignment(path, points), indent=1, ensure_ascii=False).encode() + b"\n")
    course = re.sub(r"\W+", "-", name).strip("-") or "mmtutorial"
    write_bytes(folder / CONFIG, _ABOUT.format(course=course).encode())
    return targets


def assignment(path: Path, points: Points) -> dict[str, Any]:
    """Return a learner's notebook with its answers marked as solutions, and a graded cell after each.

    Args:
        path: of the learner's notebook; ``solutions`` beside it holds the one with answers.
        points: what each exercise is worth.
    """
    notebook: dict[str, Any] = json.loads(without_solutions(path))
    solved = json.loads((path.parent / "solutions" / path.name).read_text(encoding="utf-8"))
    answers = {exercise: "".join(cell["source"]) for cell in solved["cells"] if (exercise := _exercise(cell))}
    notebook["cells"] = list(_cells(notebook["cells"], answers, points))
    return notebook


def _cells(cells: Sequence[dict[str, Any]], answers: dict[str, str], points: Points) -> Iterator[dict[str, Any]]:
    for cell in cells:
        exercise = _exercise(cell)
        if exercise is None:
            yield cell
            continue
        source = with_solution("".join(cell["source"]), answers[exercise])
        marks = _marks(f"answer-{_id(exercise)}", solution=True)
        yield {**cell, "source": source, "metadata": {**cell["metadata"], "nbgrader": marks}}
        if points.of(exercise) > 0:
            yield _graded(exercise, points.of(exercise))


def with_solution(blank: str, answer: str) -> str:
    r"""Return a cell with its answer between nbgrader's marks: what the blank does not share with it.

    Example:
        >>> print(with_solution("def f():\n    todo('x')\n\nf()", "def f():\n    return 1\n\nf()"))
        def f():
            ### BEGIN SOLUTION
            return 1
            ### END SOLUTION
        <BLANKLINE>
        f()
    """
    before, after = blank.splitlines(), answer.splitlines()
    (hole,) = [place for place, line in enumerate(before) if line.lstrip().startswith("todo(")]
    head = next(place for place in range(hole + 1) if place == hole or before[place] != after[place])
    tail = len(before) - 1 - hole
    indent = before[hole][: len(before[hole]) - len(before[hole].lstrip())]
    middle = after[head : len(after) - tail]
    lines = [*before[:hole], indent + _BEGIN, *middle, indent + _END, *before[hole + 1 :]]
    return "\n".join(lines)


def _graded(exercise: str, worth: float) -> dict[str, Any]:
    """A cell that a learner cannot change, and that earns the points if it runs."""
    function = EXERCISES[exercise].name.partition(".")[2]
    text = f'# Worth {worth:g}.\nresult = check("{exercise}", {function})\nassert result, str(result)'
    marks = {**_marks(f"test-{_id(exercise)}", grade=True), "points": worth}
    about = {"nbgrader": marks, "deletable": False, "editable": False}
    return {
        "cell_type": "code",
        "id": f"graded-{_id(exercise)}"[:64],
        "metadata": about,
        "source": text,
        "outputs": [],
        "execution_count": None,
    }


def _marks(name: str, *, grade: bool = False, solution: bool = False) -> dict[str, Any]:
    return {
        "grade": grade,
        "grade_id": name,
        "locked": grade,
        "schema_version": _SCHEMA,
        "solution": solution,
        "task": False,
    }


def _exercise(cell: dict[str, Any]) -> str | None:
    """The exercise that a cell is the answer to, if any."""
    tags = [tag for tag in cell["metadata"].get("tags", []) if tag.startswith(_TAG)]
    return tags[0].removeprefix(_TAG) if tags else None


def _id(exercise: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", exercise)
