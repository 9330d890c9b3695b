"""The command as a teacher uses it: archives, points, lateness, pages, and a marking that was killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from mmtutorial.classroom.marking.marked import slug
from mmtutorial.classroom.marking.points import read_points
from mmtutorial.errors import InputError
from tests.classroom.marking.handed_in import answered, code, notebook

EMPTY = "def components(labels, edges):\n    return {}\n"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mmtutorial.cli", *words]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command(*words), env=environment, capture_output=True, text=True, timeout=600)


def rows(path: Path, key: str) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row[key]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of two notebooks: an archive, a second try, one late, one with words and a picture of its own."""
    folder = tmp_path_factory.mktemp("class") / "handed in"
    folder.mkdir()

    def own(cells: list[dict[str, object]]) -> None:
        cells.append({"cell_type": "markdown", "metadata": {}, "source": "I think <b>islands</b> come from chance."})
        cells.append(code("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('seen')"))

    (folder / "ada_03_match.ipynb").write_bytes(answered(change=own))
    (folder / "bob_03_match.ipynb").write_bytes(json.dumps(notebook("03")).encode())
    (folder / "bob_03_match-1.ipynb").write_bytes(answered({"03.components": EMPTY}))
    late = folder / "cy_03_match.ipynb"
    late.write_bytes(answered())
    os.utime(late, (time.time(), time.mktime((2027, 5, 3, 11, 0, 0, 0, 0, -1))))
    with zipfile.ZipFile(folder / "dee.zip", "w") as archive:
        archive.writestr("03_match.ipynb", answered())
        archive.writestr("work/04_triplet_loss.ipynb", answered(number="04"))
        archive.writestr("../../../../tmp/evil_03_match.ipynb", answered())
        archive.writestr("__MACOSX/._03_match.ipynb", b"x")
    with zipfile.ZipFile(folder / "group 2.zip", "w") as archive:
        for name in ("Gil Ra_81_assignsubmission_file_", "Hu Wei_82_assignsubmission_file_"):
            archive.writestr(f"{name}/03_match.ipynb", answered())
    (folder / "eli.zip").write_bytes(b"PK\x03\x04 no archive")
    (folder / "fay_03_match.ipynb").write_text("{")
    (folder / "=cmd_03_match.ipynb").write_bytes(answered())
    points = folder.parent / "points.toml"
    points.write_text(
        '[points]\n"03.components" = 2\n"03.connected_graph" = 4\n"04.gradient" = 1.5\n'
        "[late]\ndue = 2027-05-01T12:00:00\nper_day = 0.1\nmost = 0.5\n"
    )
    for path in folder.iterdir():
        if path != late:
            os.utime(path, (time.time(), time.mktime((2027, 4, 30, 11, 0, 0, 0, 0, -1))))
    done = run("mark", str(folder), "--points", str(points), "--out", str(folder.parent / "marks"))
    assert done.returncode == 0, done.stderr
    assert "eli.zip: unreadable" in done.stderr
    return folder.parent / "marks"


@pytest.mark.slow
def test_a_table_for_a_learning_platform(marked: Path) -> None:
    found = rows(marked / "marks.csv", "student")
    assert list(found["ada"]) == [
        "student",
        "03.components",
        "03.connected_graph",
        "04.gradient",
        "points",
        "out_of",
        "status",
    ]
    assert (found["ada"]["points"], found["ada"]["out_of"]) == ("6.0", "7.5")
    assert found["bob"]["points"] == "4.0"  # Of two files the better one counts.
    assert found["cy"]["points"] == "4.8"  # Two days begun, 10 % each.
    assert found["dee"]["points"] == "7.5"
    assert found["fay"]["points"] == "0.0"
    assert found["Gil Ra_81"]["points"] == found["Hu Wei_82"]["points"] == "6.0"
    assert "'=cmd" in found  # No formula for a table program.


@pytest.mark.slow
def test_a_row_for_each_file_with_its_status(marked: Path) -> None:
    found = {name: row["status"] for name, row in rows(marked / "files.csv", "file").items()}
    assert found["ada_03_match.ipynb"] == "ran"
    assert found["bob_03_match.ipynb"] == "stopped at a blank"
    assert found["dee.zip/work/04_triplet_loss.ipynb"] == "ran"
    assert "leads out of it" in found["dee.zip"]
    assert "not an archive" in found["eli.zip"]
    assert "no JSON" in found["fay_03_match.ipynb"]
    assert not Path("/tmp/evil_03_match.ipynb").exists()


@pytest.mark.slow
def test_a_page_for_each_student_says_what_was_tried(marked: Path) -> None:
    page = (marked / "students" / "bob.html").read_text()
    assert "03.components: wrong, 0 of 2 points" in page
    for word in ("tried", "came out", "expected", "hint", "Every class that occurs"):
        assert word in page
    assert "Another file for this notebook" in page
    assert "Handed in late" in (marked / "students" / "cy.html").read_text()
    assert (marked / "students" / f"{slug('=cmd')}.html").exists()


@pytest.mark.slow
def test_the_page_of_the_class_says_which_exercise_fails_and_why(marked: Path) -> None:
    page = (marked / "class.html").read_text()
    assert page.index("03.components") < page.index("03.connected_graph")
    assert "1 × Every class that occurs in the labels has an entry" in page
    for link in (found.split('"')[0] for found in page.split('href="')[1:]):
        if link.startswith("students/"):
            assert (marked / link.replace("%3D", "=")).exists(), link


@pytest.mark.slow
def test_what_is_marked_by_hand_shows_words_cells_and_pictures(marked: Path) -> None:
    [path] = (marked / "by_hand" / "03").glob("ada-*.html")
    page = path.read_text()
    assert "I think &lt;b&gt;islands&lt;/b&gt; come from chance." in page
    assert "data:image/png;base64," in page
    assert "seen" in page
    [code_of] = (marked / "code" / "03").glob("ada-*.py")
    assert "def components" in code_of.read_text()


@pytest.mark.slow
def test_a_killed_marking_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(6):
        (folder / f"s{number}_03_match.ipynb").write_bytes(answered())
    words = ["mark", str(folder), "--seconds", "0", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = folder.with_name("in-marks") / "done"
    with subprocess.Popen(command(*words), env=environment, stderr=subprocess.DEVNULL) as marking:
        while len(list(done.glob("*.json"))) < 2:
            assert marking.poll() is None
            time.sleep(0.01)
        marking.send_signal(signal.SIGKILL)
    kept = {path: path.stat().st_mtime_ns for path in done.glob("*.json")}
    assert 2 <= len(kept) < 6
    refused = run(*words)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr
    salt = json.loads((folder.with_name("in-marks") / "marking.json").read_text())["salt"]
    went_on = run(*words, "--resume")
    assert went_on.returncode == 0, went_on.stderr
    assert len(list(done.glob("*.json"))) == 6
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert json.loads((folder.with_name("in-marks") / "marking.json").read_text())["salt"] == salt
    assert len(rows(folder.with_name("in-marks") / "marks.csv", "student")) == 6


@pytest.mark.slow
def test_without_isolation_the_pages_say_so(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "ada_03_match.ipynb").write_bytes(answered())
    done = run("mark", str(folder), "--unsafe", "--seconds", "0")
    assert done.returncode == 0, done.stderr
    assert "without isolation" in done.stderr
    assert "without isolation" in (tmp_path / "in-marks" / "class.html").read_text()
    assert rows(tmp_path / "in-marks" / "marks.csv", "student")["ada"]["points"] == "3.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[points]\n"03.component" = 1', "did you mean '03.components'"),
        ('[points]\n"03.components" = "two"', "no number"),
        ('[points]\n"03.components" = -1', "no number"),
        ('[points]\n"03.components" = true', "no number"),
        ("points = 3", "no table"),
        ("[point]", "did you mean 'points'"),
        ("[late]\ndue = 3", "no date"),
        ("[late]\nper_day = 20", "part of the points"),
        ("[partial]\nleast = 2", "part of the points"),
        ("[", "cannot read"),
    ],
)
def test_points_that_make_no_sense_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "points.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_points(path)


def test_nothing_stays_nothing(tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text('[points]\n"03.components" = 2\n[partial]\nleast = 0.5')
    points = read_points(path)
    assert points.earned("03.components", 0.0) == 0.0
    assert points.earned("03.components", 0.49) == 0.0
    assert points.earned("03.components", 0.5) == 1.0
    assert points.earned("03.components", 1.0) == 2.0
    assert points.earned("04.gradient", 1.0) == 0.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mark", "nowhere"], "no folder nowhere"),
        (["mark", "."], "no notebook"),
        (["mark", ".", "--points", "no.toml"], "cannot read no.toml"),
        (["handout", "--out", "x", "--notebooks", "3"], "unknown notebook '3'"),
    ],
)
def test_what_cannot_be_done_is_said_on_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command(*words), env=environment, capture_output=True, text=True, cwd=tmp_path, timeout=100)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert said in done.stderr


def test_a_class_gets_its_folder(tmp_path: Path) -> None:
    done = run("handout", "--out", str(tmp_path / "class"), "--notebooks", "03,05", "--name", "Course 2027")
    assert done.returncode == 0, done.stderr
    found = sorted(path.name for path in (tmp_path / "class").iterdir())
    assert found == ["03_match.ipynb", "05_tuning.ipynb", "READ_ME.md"]
    text = (tmp_path / "class" / "03_match.ipynb").read_text()
    assert "todo(" in text
    assert "solutions/" not in text
    assert "# Course 2027" in (tmp_path / "class" / "READ_ME.md").read_text()
    again = run("handout", "--out", str(tmp_path / "class"), "--notebooks", "03")
    assert again.returncode == 2
    assert "--force" in again.stderr
