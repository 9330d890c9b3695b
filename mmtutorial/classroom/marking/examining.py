"""An exercise marked: every case asked, those learned by heart left out, and what went wrong said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch

from mmtutorial.classroom.answering import Failure
from mmtutorial.classroom.asking import Ask, Wrong
from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.calling import Calling, Outcome
from mmtutorial.classroom.exercise import Exercise
from mmtutorial.classroom.marking.workshop import JailedCaller, Workshop
from mmtutorial.classroom.plain import encode

State = Literal["passed", "partly", "wrong", "blank", "missing"]

LEAST = 0.2
"""Shares below this are called wrong, not partly right: so far comes who always answers the same."""
SECONDS = 10.0
"""Limit of one answer; all of an exercise have six times as long."""
_SECONDS_TO_FIND = 20.0
# A function that had to be stopped this often is not asked again.
_MOST_STOPPED = 2
_MOST_ANSWERS = 4


@dataclass(frozen=True)
class Mark:
    """What an answer is worth, and why.

    Attributes:
        exercise: its name.
        state: passed, partly, wrong, blank (not filled in) or missing (no such function in the notebook).
        share: of the points, 0 to 1.
        cases: how many were asked, and right how many.
        tried: with what it went wrong first.
        came_out: what was answered.
        expected: what was expected.
        hint: where to look.
        notes: what else is to be known: statements that failed, several answers, how it was found.
    """

    exercise: str
    state: State
    share: float = 0.0
    cases: tuple[int, int] = (0, 0)
    tried: str = ""
    came_out: str = ""
    expected: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class _Case:
    weight: float
    new: bool = False
    right: bool = True


class Marking(Ask):
    """Asks all cases to their end and keeps the first that went wrong."""

    def __init__(
        self, caller: Calling, exercise: Exercise, variant: int, public: frozenset[bytes], seconds: float = SECONDS
    ) -> None:
        """Prepare to mark.

        Args:
            caller: calls the function.
            exercise: what is marked.
            variant: by which inputs are drawn.
            public: questions that everybody knows, as :func:`fingerprint` makes them; right answers to these alone
                earn nothing.
            seconds: limit of one answer.
        """
        super().__init__(caller, len(exercise.arguments), seconds=seconds, seconds_in_all=6 * seconds)
        self.variant = variant
        self._public, self._open_case = public, _Case(1.0)
        self._asked = False
        self.cases: list[_Case] = []
        self.first: Wrong | None = None

    @contextmanager
    def case(self, weight: float = 1.0) -> Iterator[None]:
        """Count a case; a wrong answer ends the case and not the examination."""
        self._open_case, self._asked = _Case(weight), False
        self.cases.append(self._open_case)
        try:
            yield
        except NotFilledIn:
            raise
        except Wrong as wrong:
            self._open_case.right = False
            self.first = self.first or wrong
        except Exception as error:
            self._open_case.right = False
            self.first = self.first or _strange(self.tried, error)

    def fail(self, wrong: Wrong) -> None:
        """Note what went wrong outside of all cases: it weighs as much as all of them."""
        self.cases.append(_Case(sum(case.weight for case in self.cases) or 1.0, new=True, right=False))
        self.first = self.first or wrong

    def of(self, function: Any, *arguments: Any) -> Any:
        """Ask, and note whether the question is a new one."""
        if not self._asked:
            self._asked = True
            self._open_case.new = fingerprint(arguments) not in self._public
        return super().of(function, *arguments)

    def share(self) -> float:
        """Return the share of all cases that is right; no more than of the new ones, where there are any."""
        new = [case for case in self.cases if case.new]
        shares = [_share(self.cases), *([_share(new)] if new else [])]
        return min(shares)


def _share(cases: Sequence[_Case]) -> float:
    whole = sum(case.weight for case in cases)
    return sum(case.weight for case in cases if case.right) / whole if whole else 0.0


def fingerprint(arguments: Any) -> bytes:
    """A question without its generators: two draws for the same labels are the same question."""
    plain = tuple(None if isinstance(part, torch.Generator) else part for part in arguments)
    return hashlib.sha256(encode(plain)).digest()


@dataclass
class _Listening(Calling):
    """Answers nothing, and notes what is asked."""

    asked: set[bytes] = field(default_factory=set)

    def call(self, arguments: tuple[Any, ...], seconds: float, number: int = 0) -> Outcome:
        self.asked.add(fingerprint(arguments))
        return Outcome(None)


def public_questions(exercise: Exercise) -> frozenset[bytes]:
    """Return what the check in a notebook asks: everybody can read it, and learn the answers by heart."""
    listening = _Listening()
    asking = Marking(listening, exercise, 0, frozenset())
    asking.variant = None
    with suppress(Wrong):
        exercise.examine(asking)
    return frozenset(listening.asked)


def mark(
    workshop: Workshop,
    exercise: Exercise,
    sources: Sequence[str],
    variant: int,
    public: frozenset[bytes],
    seconds: float = SECONDS,
) -> Mark:
    """Mark one exercise of a notebook.

    Where the notebook has several answers, the latest is tried first; one that is not filled in, or wrong, does not
    keep an earlier one from counting.

    Args:
        workshop: where the code is tried.
        exercise: what is asked.
        sources: of the notebook's cells, from the top.
        variant: by which the inputs are drawn.
        public: see :func:`public_questions`.
        seconds: limit of one answer.
    """

    def one(which: int) -> tuple[tuple[int, int], Mark]:
        with _Finding(workshop, exercise, sources, which) as finding:
            return _mark_answer(finding, Marking(finding, exercise, variant, public, seconds), exercise)

    (answers, named), best = one(0)
    for which in range(1, min(answers, _MOST_ANSWERS)):
        if best.state == "passed":
            break
        _, found = one(which)
        tried = which < named and best.state == "blank" and found.state != "blank"
        if found.share > best.share or tried:
            best = replace(found, notes=(*found.notes, f"the notebook has {answers} answers; an earlier one counts"))
    return best


def _mark_answer(finding: _Finding, asking: Marking, exercise: Exercise) -> tuple[tuple[int, int], Mark]:
    """Mark one of a notebook's answers; say how many there are, and how many of them bear the function's name."""
    failed = finding.find()
    if failed is not None:
        return finding.answers, failed
    try:
        exercise.examine(asking)
    except NotFilledIn as blank:
        other = blank.exercise != exercise.name
        hint = f"It uses your answer to {blank.exercise}, which is not filled in." if other else ""
        return finding.answers, Mark(exercise.name, "blank", hint=hint)
    except Wrong as wrong:  # Outside of all cases: nothing could be asked after it.
        asking.fail(wrong)
    except Exception as error:
        asking.fail(_strange(asking.tried, error))
    return finding.answers, _judged(exercise, asking, finding.failed)


def _strange(tried: str, error: Exception) -> Wrong:
    """An answer that the check cannot make sense of: it comes from outside and may be anything."""
    return Wrong(tried, f"an answer that cannot be judged ({type(error).__name__})", "another kind of answer")


def _judged(exercise: Exercise, asking: Marking, failed: Sequence[str]) -> Mark:
    share = asking.share()
    right = sum(case.right for case in asking.cases)
    notes = tuple(f"not run: {line}" for line in failed)
    if asking.first is None:
        cases = len(asking.cases) or 1
        return Mark(exercise.name, "passed", 1.0, (cases, cases))
    wrong = asking.first
    found = (wrong.tried, wrong.came_out, wrong.expected, wrong.hint)
    state: State = "partly" if share >= LEAST else "wrong"
    return Mark(exercise.name, state, round(share, 4), (len(asking.cases), right), *found, notes)


class _Finding(Calling):
    """Calls a function of a notebook, in a new process after each that had to be stopped.

    First with the statements that the function needs. Where that finds no function, or one that misses a name, with all
    statements of the notebook.
    """

    def __init__(self, workshop: Workshop, exercise: Exercise, sources: Sequence[str], which: int) -> None:
        self._workshop, self._exercise, self._sources, self._which = workshop, exercise, sources, which
        self._caller: JailedCaller | None = None
        self._whole, self._stopped = False, 0
        self.answers, self.failed = (1, 1), [""][:0]

    def __enter__(self) -> _Finding:
        return self

    def __exit__(self, *_: object) -> None:
        if self._caller is not None:
            self._caller.__exit__()

    def find(self) -> Mark | None:
        """Find the function; return a mark where there is none."""
        try:
            found = self._start()
            if not found["found"] and not self._whole:
                self._whole = True
                found = self._start()
        except TimeoutError:
            return self._failed("no function, as the cells that it needs never end", "time")
        except EOFError:
            return self._failed("no function: a cell that it needs ended Python", "ended")
        if found["found"]:
            return None
        return Mark(self._exercise.name, "missing", notes=tuple(f"not run: {line}" for line in self.failed))

    def _failed(self, came_out: str, kind: str) -> Mark:
        hint = {"time": "Does a loop wait for something that never happens?", "ended": ""}[kind]
        tried = "the cells that the function needs"
        return Mark(self._exercise.name, "wrong", 0.0, (1, 0), tried, came_out, "a function", hint)

    def _start(self) -> dict[str, Any]:
        self.__exit__()
        self._caller = self._workshop.open(self._exercise.library)
        adapt = self._exercise.adapt
        order = {
            "what": "answer",
            "sources": list(self._sources),
            "exercise": self._exercise.name,
            "which": self._which,
            "whole": self._whole,
            "arguments": list(self._exercise.arguments),
            "adapt": f"{adapt.__module__}:{adapt.__name__}" if adapt else "",
        }
        found = self._caller.order(order, _SECONDS_TO_FIND)
        failed = found.get("failed")
        self.answers = _whole_number(found.get("answers")), _whole_number(found.get("named"))
        self.failed = [str(line)[:300] for line in failed[:3]] if isinstance(failed, list) else []
        return {"found": found.get("found") is True}

    def call(self, arguments: tuple[Any, ...], seconds: float, number: int = 0) -> Outcome:
        """Call the function; one that was stopped is found anew for the next case."""
        if self._stopped >= _MOST_STOPPED:
            return Outcome(failure=Failure("time", f"not asked any more, as it was stopped {self._stopped} times"))
        assert self._caller is not None
        outcome = self._caller.call(arguments, seconds, number)
        kind = outcome.failure.kind if outcome.failure else ""
        if kind == "name" and not self._whole and self._again(whole=True):
            return self._caller.call(arguments, seconds, number)
        if kind in ("time", "ended"):
            self._stopped += 1
            if self._stopped < _MOST_STOPPED and not self._again(whole=self._whole):
                self._stopped = _MOST_STOPPED
        return outcome

    def _again(self, *, whole: bool) -> bool:
        self._whole = whole
        try:
            return bool(self._start()["found"])
        except (TimeoutError, EOFError):
            return False


def _whole_number(found: object) -> int:
    """A number that comes from outside and may be anything."""
    return found if isinstance(found, int) and 0 <= found < 1000 else 1
