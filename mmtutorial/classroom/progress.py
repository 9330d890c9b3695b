"""How far a reader has come through the ten notebooks: exercises and bets, as a picture and as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmtutorial.classroom.bets import BETS, placed
from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.record import remembered
from mmtutorial.errors import InputError
from mmtutorial.plots.picture import Picture
from mmtutorial.plots.steps import Mark, Step, steps_map
from mmtutorial.words import count


@dataclass(frozen=True, repr=False)
class Progress:
    """The way through the notebooks.

    Attributes:
        steps: a notebook each, with its exercises and its bet.
    """

    steps: tuple[Step, ...]

    def counted(self, mark: Mark) -> int:
        """How many exercises bear a mark."""
        return sum(found == mark for step in self.steps for found in step.marks.values())

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *map(_line, self.steps), *self._next()])

    def _headline(self) -> str:
        total = sum(len(step.marks) for step in self.steps)
        bets = [step.bet for step in self.steps if step.bet is not None]
        return f"{self.counted('passed')} of {count(total, 'exercise')} passed, {sum(bets)} of {len(bets)} bets placed"

    def _next(self) -> list[str]:
        for step in self.steps:
            for name, mark in step.marks.items():
                if mark != "passed":
                    return [f"next: {step.number}.{name}"]
        return ["All exercises are passed."]

    def picture(self) -> Picture:
        """The same as a picture."""
        return steps_map(self.steps, title=self._headline())

    def _repr_html_(self) -> str:
        return self.picture()._repr_html_()


def progress(folder: Path | str = ".") -> Progress:
    """Look how far you have come.

    Args:
        folder: where the notebooks run. Each ``check`` in a notebook keeps there whether the exercise was passed, and
            each bet that it was placed.

    Returns:
        A picture in a notebook, text in a terminal.

    Raises:
        InputError: there is no such folder, or a file in it is damaged.

    Example:
        >>> import tempfile
        >>> print(repr(progress(tempfile.mkdtemp())).splitlines()[0])
        0 of 30 exercises passed, 0 of 9 bets placed
    """
    if not Path(folder).is_dir():
        raise InputError(f"there is no folder {folder}; give the one in which your notebooks lie")
    tried, bets = remembered(folder), placed(folder)
    steps: dict[str, dict[str, Mark]] = {}
    for exercise in EXERCISES:
        number, _, name = exercise.partition(".")
        found = tried.get(exercise)
        mark: Mark = "untouched" if found is None else "passed" if found.passed else "tried"
        steps.setdefault(number, {})[name] = mark
    asked = {name[:2]: name in bets for name in BETS}
    return Progress(tuple(Step(number, marks, asked.get(number)) for number, marks in steps.items()))


def _line(step: Step) -> str:
    signs = {"passed": "\N{CHECK MARK}", "tried": "\N{MULTIPLICATION SIGN}", "untouched": "\N{MIDDLE DOT}"}
    each = "  ".join(f"{signs[mark]} {name}" for name, mark in step.marks.items())
    bet = "" if step.bet is None else f"  ({'bet placed' if step.bet else 'no bet yet'})"
    return f"{step.number}  {each}{bet}"
