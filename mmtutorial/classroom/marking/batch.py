"""A folder of submissions marked: several at once, each by itself, and kept as soon as it is done."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tqdm.auto import tqdm

from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.examining import SECONDS, Mark, mark, public_questions
from mmtutorial.classroom.marking.marked import Marked, MarkingFolder, read_marked, write_marked
from mmtutorial.classroom.marking.outside import storable
from mmtutorial.classroom.marking.points import Points
from mmtutorial.classroom.marking.rehearsal import Run, run_notebook
from mmtutorial.classroom.marking.submissions import Submission
from mmtutorial.classroom.marking.workshop import Workshop
from mmtutorial.errors import InputError, printable
from mmtutorial.files import read_json
from mmtutorial.ownership import write_own
from mmtutorial.randomness import seed_for

NOT_MARKED = "not marked"
"""Begins the status of a submission at which the marking itself failed."""

_PUBLIC = cache(lambda name: public_questions(EXERCISES[name]))


@dataclass(frozen=True)
class Asked:
    """How to mark.

    Attributes:
        points: what exercises are worth; those worth nothing are not asked.
        answer_seconds: limit of one answer.
        seconds: after which the run of a whole notebook is stopped; 0: it is not run, only its answers are asked.
        workers: how many at once.
        jailed: whether each is tried in a place of its own.
    """

    points: Points
    answer_seconds: float = SECONDS
    seconds: float = 60.0
    workers: int = 2
    jailed: bool = True


def mark_all(
    submissions: Sequence[Submission],
    folder: MarkingFolder,
    asked: Asked,
    *,
    resume: bool = False,
    each: Callable[[Submission, Marked, Run], None] = lambda *_: None,
) -> list[Marked]:
    """Mark submissions.

    Args:
        submissions: what was handed in.
        folder: where marks are kept, one file each.
        asked: how to mark.
        resume: go on with a marking that was stopped; what is marked already and has not changed is kept.
        each: told of each submission once it is marked.

    Raises:
        InputError: the folder is not free, or this system gives no place to a learner's code.
    """
    salt = _salt(folder, resume=resume)
    marked: list[Marked | None] = [read_marked(folder.done(found), found) for found in submissions]
    open_ones = [place for place, found in enumerate(marked) if found is None]
    bar = tqdm(total=len(submissions), initial=len(submissions) - len(open_ones), desc="marking", unit="notebook")
    with bar, _Places(min(asked.workers, len(open_ones)), jailed=asked.jailed) as places:

        def one(place: int) -> int:
            submission = submissions[place]
            try:
                with places.borrowed() as workshop:
                    found, run = _marked(workshop, submission, asked, salt)
                found = storable(found)
                each(submission, found, run)
                write_marked(folder.done(submission), found)
            except InputError:  # No place for a learner's code, or no room for the marks: of all, not of this one.
                raise
            except Exception as error:
                found = _not_marked(submission, error)  # Not kept: --resume tries it again.
            marked[place] = found
            return place

        with ThreadPoolExecutor(max(1, asked.workers)) as pool:
            waiting: list[Future[int]] = [pool.submit(one, place) for place in open_ones]
            try:
                for done in as_completed(waiting):
                    bar.set_postfix_str(printable(submissions[done.result()].student[:20]), refresh=False)
                    bar.update()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return [found for found in marked if found is not None]


class _Places:
    """Warm processes, one for each worker; ended with the marking. Use it as a context manager."""

    def __init__(self, count: int, *, jailed: bool) -> None:
        self._free: SimpleQueue[Workshop] = SimpleQueue()
        self._count, self._jailed, self._stack = count, jailed, ExitStack()

    def __enter__(self) -> _Places:
        with ExitStack() as started:
            for _ in range(self._count):
                self._free.put(started.enter_context(Workshop(jailed=self._jailed)))
            self._stack = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def borrowed(self) -> Iterator[Workshop]:
        """Give one that is free; where something went wrong in it, another takes its place."""
        workshop = self._free.get()
        try:
            yield workshop
        except Exception:
            workshop = self._stack.enter_context(Workshop(jailed=self._jailed))
            raise
        finally:
            self._free.put(workshop)


def _salt(folder: MarkingFolder, *, resume: bool) -> str:
    """The secret by which this marking draws its inputs; the same after a stop."""
    if folder.request.exists():
        if not resume:
            raise InputError(f"{folder.path} holds a marking; go on with it by --resume, or choose another --out")
        found: Any = read_json(folder.request)
        if not isinstance(found, dict) or not isinstance(found.get("salt"), str):
            raise InputError(f"{folder.request} is damaged; choose another --out")
        return str(found["salt"])
    if folder.path.exists() and any(not path.name.startswith(".") for path in folder.path.iterdir()):
        raise InputError(f"{folder.path} is not empty and holds no marking; choose another --out")
    salt = secrets.token_hex(16)
    text = f'{{\n "about": "a marking of mmtutorial; inputs are drawn by this secret",\n "salt": "{salt}"\n}}\n'
    write_own(folder.request, text.encode())
    return salt


def _not_marked(submission: Submission, error: Exception) -> Marked:
    """A submission at which the marking itself failed."""
    about = (submission.student, submission.notebook, submission.file, submission.digest)
    status = f"{NOT_MARKED}: a fault of the marking ({type(error).__name__}: {error}); --resume tries it again"
    return storable(Marked(*about, submission.handed_in.isoformat(timespec="seconds"), status))


def _marked(workshop: Workshop, submission: Submission, asked: Asked, salt: str) -> tuple[Marked, Run]:
    """Mark one submission: its answers one by one, then the notebook as a whole."""
    about = (submission.student, submission.notebook, submission.file, submission.digest)
    handed_in = submission.handed_in.isoformat(timespec="seconds")
    if submission.problem:
        return Marked(*about, handed_in, f"unreadable: {submission.problem}"), Run("not run")
    sources = submission.sources()
    marks: list[Mark] = []
    for name in submission.exercises:
        if asked.points.of(name) > 0:
            variant = seed_for(0, salt, submission.student, name)
            marks.append(mark(workshop, EXERCISES[name], sources, variant, _PUBLIC(name), asked.answer_seconds))
    run = run_notebook(workshop, sources, asked.seconds) if asked.seconds > 0 else Run("not run")
    notes = ["an exercise stands in a cell that is no code; it was read as code"] if submission.retyped() else []
    found = Marked(*about, handed_in, run.status, run.at, round(run.seconds, 1), tuple(marks), tuple(notes))
    return found, run


def out_beside(folder: Path) -> Path:
    """Where marks go if nothing is said: beside the submissions, never among them."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}-marks")
