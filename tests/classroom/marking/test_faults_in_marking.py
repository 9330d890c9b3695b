"""What goes wrong in one submission, or in the marking of it, is a matter of that one alone."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial.classroom.marking import batch
from mmtutorial.classroom.marking.batch import Asked, mark_all
from mmtutorial.classroom.marking.examining import Mark
from mmtutorial.classroom.marking.marked import Marked, MarkingFolder, write_marked
from mmtutorial.classroom.marking.outside import storable
from mmtutorial.classroom.marking.pages import write_by_hand, write_pages
from mmtutorial.classroom.marking.points import read_points
from mmtutorial.classroom.marking.submissions import read_submissions
from tests.classroom.marking.handed_in import answered

HALF = 'def components(labels, edges):\n    raise ValueError("\\ud800 half")\n\n# \ud83d\n'


@given(st.text(st.characters(exclude_categories=[])))
def test_what_is_storable_is_utf_8_and_whole_text_stays(text: str) -> None:
    found = storable(text)
    found.encode("utf-8")
    assert storable(found) == found
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        assert found != text
    else:
        assert found == text


def test_records_are_storable_through_and_through(tmp_path: Path) -> None:
    mark = Mark("03.components", "wrong", came_out="\ud800", notes=("a\udfff",))
    found = storable(Marked("s\udc80", "03", "f", "d", "2027-01-01T00:00:00", "ran", marks=(mark,)))
    assert (found.student, found.marks[0].came_out, found.marks[0].notes) == ("s\\udc80", "\\ud800", ("a\\udfff",))
    write_marked(tmp_path / "a.json", found)


@pytest.mark.slow
def test_halves_of_characters_and_a_fault_of_the_marking_stop_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marks = tmp_path / "in", MarkingFolder(tmp_path / "marks")
    folder.mkdir()
    for student in ("ada", "bob", "cy"):
        answer = {"03.components": HALF} if student == "bob" else {}
        (folder / f"{student}_03_match.ipynb").write_bytes(answered(answer))
    found = read_submissions(folder)
    asked = Asked(read_points(None), seconds=0, workers=1)
    whole: Any = batch._marked

    def faulty(workshop: Any, submission: Any, *rest: Any) -> Any:
        if submission.student == "ada":
            raise RuntimeError("a fault of ours")
        return whole(workshop, submission, *rest)

    monkeypatch.setattr(batch, "_marked", faulty)
    marked = {one.student: one for one in mark_all(found, marks, asked, each=lambda *of: write_by_hand(marks, *of))}
    assert marked["ada"].status.startswith("not marked: a fault of the marking (RuntimeError: a fault of ours)")
    assert {one.state for one in marked["cy"].marks} == {"passed"}
    wrong = next(one for one in marked["bob"].marks if one.exercise == "03.components")
    assert wrong.state == "wrong"
    assert "\\ud800 half" in wrong.came_out
    write_pages(marks, list(marked.values()), asked.points, [])
    monkeypatch.setattr(batch, "_marked", whole)
    again = {one.student: one for one in mark_all(found, marks, asked, resume=True)}
    assert {one.state for one in again["ada"].marks} == {"passed"}
    assert again["bob"] == marked["bob"]


def test_days_that_never_were_in_an_archive(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("03_match.ipynb", (2027, 2, 28, 11, 0, 0)), answered())
    day = ((2027 - 1980) << 9 | 2 << 5 | 28).to_bytes(2, "little")
    for never, year in (((2027 - 1980) << 9 | 2 << 5 | 31, 1980), (0, 1980), ((2027 - 1980) << 9 | 15 << 5 | 1, 1980)):
        data = buffer.getvalue()
        assert data.count(day) == 2
        (tmp_path / "dee.zip").write_bytes(data.replace(day, never.to_bytes(2, "little")))
        (found,) = read_submissions(tmp_path)
        assert (found.student, found.problem, found.handed_in) == ("dee", "", datetime(year, 1, 1))
