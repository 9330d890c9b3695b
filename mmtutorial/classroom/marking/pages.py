"""Pages of a marking: one for each student, one for the class, and what is to be marked by hand."""

from __future__ import annotations

import base64
import csv
import io
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.examining import Mark
from mmtutorial.classroom.marking.handing_out import handed_out_sources
from mmtutorial.classroom.marking.marked import Marked, MarkingFolder, counting
from mmtutorial.classroom.marking.outside import storable
from mmtutorial.classroom.marking.points import Points
from mmtutorial.classroom.marking.rehearsal import Run
from mmtutorial.classroom.marking.submissions import Submission
from mmtutorial.files import write_bytes
from mmtutorial.reports.run import page_template
from mmtutorial.reports.writing import write_page

_MOST_HINTS = 4


@dataclass(frozen=True)
class Row:
    """An exercise on the page of a class.

    Attributes:
        exercise: its name.
        states: how many passed it, had part of it, had it wrong, left it blank, lost it.
        mean: of the points.
        of: points it is worth.
        hints: what is behind the wrong answers, the most frequent first, with how many each.
    """

    exercise: str
    states: tuple[int, int, int, int, int]
    mean: float
    of: float
    hints: tuple[tuple[int, str], ...]


STATES = ("passed", "partly", "wrong", "blank", "missing")


def write_pages(folder: MarkingFolder, marked: Sequence[Marked], points: Points, limits: Sequence[str]) -> None:
    """Write tables, a page for each student and the page of the class.

    Args:
        folder: of the marking.
        marked: every file that was handed in.
        points: what exercises are worth.
        limits: what is to be known of how was marked, a sentence each.
    """
    counted = counting(marked, points)
    _write_csv(folder.csv, _student_rows(counted, points))
    _write_csv(folder.files_csv, _file_rows(marked, points))
    students = sorted({found.student for found in marked})
    for student in students:
        own = [found for found in marked if found.student == student]
        page = page_template("marks_student.html.j2").render(
            student=student,
            parts=[(found, found in counted, found.kept(points)) for found in own],
            worth=points.of,
            earned=points.earned,
            total=sum(found.points(points) for found in own if found in counted),
            of=_out_of(marked, points),
        )
        write_page(folder.student(student), page)
    rows = class_rows(counted, points)
    page = page_template("marks_class.html.j2").render(
        rows=rows,
        states=STATES,
        students=len(students),
        files=len(marked),
        statuses=Counter(found.status.partition(":")[0] for found in marked).most_common(),
        seconds=statistics.median([found.seconds for found in marked if found.seconds] or [0.0]),
        listed=[
            (found, found in counted, found.points(points), f"students/{folder.student(found.student).name}")
            for found in sorted(marked, key=lambda found: (found.student, found.notebook, found.file))
        ],
        limits=limits,
    )
    write_page(folder.page, page)


def class_rows(counted: Sequence[Marked], points: Points) -> list[Row]:
    """Return the exercises of a class, those first that fail for most."""
    rows = []
    for name in EXERCISES:
        marks = [mark for found in counted for mark in found.marks if mark.exercise == name]
        if marks:
            states: Counter[str] = Counter(mark.state for mark in marks)
            p, q, w, b, m = (states[state] for state in STATES)
            mean = statistics.fmean(points.earned(name, mark.share) for mark in marks)
            rows.append(Row(name, (p, q, w, b, m), mean, points.of(name), _hints(marks)))
    return sorted(rows, key=lambda row: row.mean / (row.of or 1.0))


def _hints(marks: Iterable[Mark]) -> tuple[tuple[int, str], ...]:
    said = Counter(mark.hint or mark.came_out for mark in marks if mark.state in ("partly", "wrong"))
    return tuple((count, hint) for hint, count in said.most_common(_MOST_HINTS) if hint)


def _out_of(marked: Sequence[Marked], points: Points) -> float:
    return sum(points.of(name) for name in {mark.exercise for found in marked for mark in found.marks})


def _student_rows(counted: Sequence[Marked], points: Points) -> list[list[object]]:
    names = [name for name in EXERCISES if any(mark.exercise == name for found in counted for mark in found.marks)]
    rows: list[list[object]] = [["student", *names, "points", "out_of", "status"]]
    for student in sorted({found.student for found in counted}):
        own = [found for found in counted if found.student == student]
        each = {mark.exercise: points.earned(mark.exercise, mark.share) for found in own for mark in found.marks}
        total = round(sum(found.points(points) for found in own), 2)
        status = "; ".join(f"{found.notebook or found.file}: {found.status}" for found in own)
        rows.append([_cell(student), *(each.get(name, "") for name in names), total, _out_of(counted, points), status])
    return rows


def _file_rows(marked: Sequence[Marked], points: Points) -> list[list[object]]:
    rows: list[list[object]] = [["file", "student", "notebook", "handed_in", "status", "kept", "points"]]
    for found in sorted(marked, key=lambda found: found.file):
        about = [_cell(found.file), _cell(found.student), found.notebook, found.handed_in, _cell(found.status)]
        rows.append([*about, round(found.kept(points), 3), found.points(points)])
    return rows


def _cell(text: str) -> str:
    """Text that a table program takes for text: what begins like a formula gets a quote before it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _write_csv(path: Path, rows: Iterable[Iterable[object]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    write_bytes(path, stream.getvalue().encode("utf-8"))


def write_by_hand(folder: MarkingFolder, submission: Submission, marked: Marked, run: Run) -> None:
    """Write what is marked by hand: the learner's own words, own cells and their pictures; and the code alone."""
    if submission.problem:
        return
    known = handed_out_sources(submission.notebook)
    words = [cell.source for cell in submission.cells if cell.kind != "code" and _plain(cell.source) not in known]
    sources = submission.sources()
    own = [place for place, source in enumerate(sources) if _plain(source) not in known]
    shown = {cell.cell: cell for cell in run.cells}
    cells = [
        (sources[place], shown[place].text if place in shown else "", shown[place].error if place in shown else "",
         [base64.b64encode(data).decode() for data in (shown[place].pictures if place in shown else ())])
        for place in own
    ]  # fmt: skip
    page = page_template("marks_by_hand.html.j2").render(marked=marked, words=words, cells=cells)
    write_page(folder.by_hand(marked), storable(page))
    write_bytes(folder.code(marked), "\n\n\n".join(sources[place] for place in own).encode("utf-8", "replace"))


def _plain(source: str) -> str:
    return "".join(source.split())
