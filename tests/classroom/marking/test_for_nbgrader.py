"""A course for nbgrader, graded by nbgrader itself."""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking import for_nbgrader
from mmtutorial.classroom.marking.for_nbgrader import assignment, with_solution, write_course
from mmtutorial.classroom.marking.handing_out import notebook_paths
from mmtutorial.classroom.marking.points import Points
from mmtutorial.cli.teaching import handout
from mmtutorial.errors import InputError
from tests.classroom.marking.handed_in import notebook, place

POINTS = '[points]\n"03.components" = 2\n"03.connected_graph" = 4.5\n'


def test_the_example_runs() -> None:
    assert doctest.testmod(for_nbgrader).attempted == 1
    assert doctest.testmod(for_nbgrader).failed == 0


@pytest.mark.parametrize("number", sorted(notebook_paths()))
def test_each_answer_is_marked_and_graded_once(number: str) -> None:
    made = assignment(notebook_paths()[number], Points())
    nbformat.validate(nbformat.from_dict(made))
    marks = [cell["metadata"]["nbgrader"] for cell in made["cells"] if "nbgrader" in cell["metadata"]]
    names = [mark["grade_id"] for mark in marks]
    assert len(names) == len(set(names))
    own = [name for name in EXERCISES if name.startswith(f"{number}.")]
    assert sum(mark["solution"] for mark in marks) == sum(mark["grade"] for mark in marks) == len(own) > 0
    solved = notebook(number, solved=True)["cells"]
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            [tag] = [tag for tag in cell["metadata"]["tags"] if tag.startswith("exercise:")]
            answer = "".join(solved[place(solved, tag.removeprefix("exercise:"))]["source"])
            # Without nbgrader's marks, and our line before them, it is the answer itself.
            left = [
                line for line in cell["source"].splitlines() if not line.lstrip().startswith(("###", "# Your code"))
            ]
            assert left == [line for line in answer.splitlines() if not line.lstrip().startswith("# Your code")]


def test_what_is_worth_nothing_is_not_graded() -> None:
    made = assignment(notebook_paths()["03"], Points({"03.components": 2.5}))
    graded = [c["metadata"]["nbgrader"] for c in made["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]
    assert [(mark["grade_id"], mark["points"]) for mark in graded] == [("test-03-components", 2.5)]


def test_a_blank_within_a_line_of_its_own_keeps_what_stands_after_it() -> None:
    blank = "a = 1\nfor i in range(3):\n    # Your code in place of the next line.\n    todo('x')\nprint(a)"
    answer = "a = 1\nfor i in range(3):\n    a += i\n    a *= 2\nprint(a)"
    assert with_solution(blank, answer).splitlines()[2:] == [
        "    # Your code in place of the next line.",
        "    ### BEGIN SOLUTION",
        "    a += i",
        "    a *= 2",
        "    ### END SOLUTION",
        "print(a)",
    ]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (written,) = write_course(tmp_path, Points(), ["03"])
    written.write_text("mine")
    with pytest.raises(InputError, match="is there already; choose another --out, or write over it with --force"):
        write_course(tmp_path, Points(), ["03"])
    assert written.read_text() == "mine"
    write_course(tmp_path, Points(), ["03"], force=True)
    assert written.read_text() != "mine"
    with pytest.raises(InputError, match="--points belongs to --nbgrader"):
        handout(tmp_path / "x", points=Path("p.toml"))
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_nbgrader_gives_the_right_answer_full_points_and_the_blank_none(tmp_path: Path) -> None:
    """``generate_assignment``, ``validate`` and ``autograde``, as a teacher calls them."""
    pytest.importorskip("nbgrader", reason="nbgrader is not installed")
    points = tmp_path / "points.toml"
    points.write_text(POINTS)
    course = tmp_path / "course"
    variables = {
        **os.environ,
        # nbgrader calls alembic by its name.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "MMTUTORIAL_PRESET": "smoke",
        **{name: str(tmp_path / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")},
    }

    def call(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    told = call(
        "mmtutorial.cli", "handout", "--out", str(course), "--nbgrader", "--notebooks", "03", "--points", str(points)
    )
    assert "1 assignment in" in told
    grader = ("nbgrader", "--course-dir", str(course))
    call(grader[0], "generate_assignment", *grader[1:], "03_match")
    blank, solved = (course / kind / "03_match" / "03_match.ipynb" for kind in ("release", "source"))
    assert "BEGIN SOLUTION" not in blank.read_text()
    assert "raise NotImplementedError()" in blank.read_text()
    for student, path in (("ada", solved), ("bob", blank)):
        (course / "submitted" / student / "03_match").mkdir(parents=True)
        shutil.copy(path, course / "submitted" / student / "03_match")
    call(grader[0], "autograde", *grader[1:], "03_match")
    gradebook = pytest.importorskip("nbgrader.api").Gradebook(f"sqlite:///{course / 'gradebook.db'}")
    with gradebook as opened:
        scores = {one.student.id: (one.score, one.max_score) for one in opened.assignment_submissions("03_match")}
    assert scores == {"ada": (6.5, 6.5), "bob": (0.0, 6.5)}
    assert "Success! Your notebook passes all the tests." in call("nbgrader", "validate", str(solved))
