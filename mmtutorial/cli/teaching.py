"""Commands of a class: open the notebooks, hand them out, mark what comes back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mmtutorial.cli.options import Force, Processes, names
from mmtutorial.cli.talking import loading, say, warn, working
from mmtutorial.errors import InputError
from mmtutorial.words import count


def lab(
    folder: Annotated[
        Path | None, typer.Option(help="Folder to work in; default: mmtutorial-notebooks in your home folder.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help="What follows -- is passed on to JupyterLab.")
    ] = None,
) -> None:
    """Copy the notebooks to a folder of yours, keep what you changed there, and open them in JupyterLab."""
    from mmtutorial.cli.lab import start_lab

    raise typer.Exit(start_lab(folder, browser=browser, more=more or ()))


def progress(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder in which your notebooks run; default: this one, or that of lab.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write it as a picture too, such as progress.svg.")] = None,
) -> None:
    """Say which exercises of the ten notebooks you have passed, which bets you have placed, and what comes next."""
    from mmtutorial.cli.lab import COPY

    with loading():
        from mmtutorial.classroom.progress import progress as look
        from mmtutorial.classroom.record import RECORD
        from mmtutorial.files import write_bytes
    if folder is None:
        places = (Path(), Path.home() / COPY)
        folder = next((place for place in places if (place / RECORD).is_dir()), Path())
    if picture is not None and picture.suffix not in (".svg", ".png"):
        raise InputError(f"--picture writes .svg or .png, got {picture.name}")
    found = look(folder)
    for line in repr(found).splitlines():
        say(line)
    if not (folder / RECORD).is_dir():
        say(f"{folder.resolve()} keeps nothing yet: a check in a notebook there does, the first time that it compares")
    if picture is not None:
        drawn = found.picture()
        write_bytes(picture, drawn.svg().encode() if picture.suffix == ".svg" else drawn.png())
        say(str(picture.resolve()))


def handout(
    out: Annotated[Path, typer.Option(help="Folder for the class: new, or with other files than these.")],
    notebooks: Annotated[str | None, typer.Option(help="Such as 03,05; default: all.")] = None,
    name: Annotated[str, typer.Option(help='Of the class, such as "Course 2027".')] = "",
    nbgrader: Annotated[
        bool, typer.Option("--nbgrader", help="Write a course of nbgrader, with solutions, for the teacher alone.")
    ] = False,
    points: Annotated[
        Path | None, typer.Option(help="With --nbgrader: TOML file of points; default: one each.")
    ] = None,
    force: Force = False,
) -> None:
    """Write the folder that a class gets: notebooks to fill in, how to begin, no solutions."""
    if points is not None and not nbgrader:
        raise InputError("--points belongs to --nbgrader here; the points of other hand-outs are given to mark")
    with loading():
        from mmtutorial.classroom.marking.for_nbgrader import write_course
        from mmtutorial.classroom.marking.handing_out import hand_out
        from mmtutorial.classroom.marking.points import read_points
    if nbgrader:
        written = write_course(out, read_points(points), names(notebooks), name, force=force)
        say(f"{count(len(written), 'assignment')} in {(out / 'source').resolve()}")
        say(f"what learners get:  cd {out} && nbgrader generate_assignment {written[0].stem}")
        return
    written = hand_out(out, names(notebooks), name, force=force)
    say(f"{count(len(written), 'notebook')} in {out.resolve()}")
    say("mark what comes back:  mmtutorial mark FOLDER")


def mark(
    folder: Annotated[Path, typer.Argument(help="Folder with the notebooks handed in, and .zip archives of them.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the marks; default: FOLDER-marks beside it.")] = None,
    points: Annotated[Path | None, typer.Option(help="TOML file of points; default: one for each exercise.")] = None,
    seconds: Annotated[
        float, typer.Option(min=0, help="Stop the run of a notebook after this; 0: ask its answers, do not run it.")
    ] = 60.0,
    per_answer: Annotated[float, typer.Option(min=0.1, help="Seconds after which one answer is stopped.")] = 10.0,
    workers: Processes = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a marking that was stopped.")] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Without isolation: what is marked may read and change what you may.")
    ] = False,
) -> None:
    """Mark notebooks, each in a process of its own; write tables, and pages for students and class."""
    with loading():
        from mmtutorial.classroom.marking.batch import NOT_MARKED, Asked, mark_all, out_beside
        from mmtutorial.classroom.marking.marked import MarkingFolder
        from mmtutorial.classroom.marking.pages import write_by_hand, write_pages
        from mmtutorial.classroom.marking.points import read_points
        from mmtutorial.classroom.marking.submissions import read_submissions
        from mmtutorial.files import sweep
        from mmtutorial.locks import exclusive

    worth = read_points(points)
    found = read_submissions(folder)
    marks = MarkingFolder(out or out_beside(folder))
    with exclusive(marks.path, remedy="choose another --out"):
        sweep(marks.path)
        asked = Asked(worth, per_answer, seconds, workers or os.cpu_count() or 2, jailed=not unsafe)
        limits = [_UNSAFE] if unsafe else []
        marked = mark_all(found, marks, asked, resume=resume, each=lambda *of_one: write_by_hand(marks, *of_one))
        with working("writing the pages"):
            write_pages(marks, marked, worth, limits)
    warn(limits)
    missed = [one for one in marked if one.status.startswith(NOT_MARKED)]
    for one in [one for one in marked if one.status.startswith("unreadable")] + missed:
        say(f"{one.file}: {one.status}", err=True)
    say(f"{count(len(marked) - len(missed), 'file')} marked; the class: {marks.page.resolve()}")
    say(f"for a learning platform: {marks.csv.resolve()}")
    if missed:
        raise typer.Exit(1)


_UNSAFE = "Marked without isolation (--unsafe): what was marked could read and change what the one who marked could."
