"""What known mistakes earn when they are marked: never all, and nothing for whoever always says the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from mmtutorial.classroom.answering import Answering
from mmtutorial.classroom.asking import Wrong
from mmtutorial.classroom.blanks import NotFilledIn
from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.in_thread import ThreadCaller
from mmtutorial.classroom.marking.examining import LEAST, Marking, public_questions
from tests.classroom.answers import ANSWERS
from tests.classroom.test_exercises import CASES

Answer = Callable[..., Any]


def share(name: str, answer: Answer) -> float:
    exercise = EXERCISES[name]
    with ThreadCaller(Answering(answer, exercise.arguments, exercise.adapt)) as caller:
        asking = Marking(caller, exercise, 5, public_questions(exercise))
        try:
            exercise.examine(asking)
        except NotFilledIn:
            return 0.0
        except Wrong as wrong:
            asking.fail(wrong)
        return asking.share() if asking.first else 1.0


@pytest.mark.parametrize("name", EXERCISES)
def test_another_right_answer_than_the_solution_earns_all(name: str) -> None:
    assert share(name, ANSWERS[name]) == 1.0


@pytest.mark.parametrize(("name", "mutant", "hint"), CASES)
def test_no_known_mistake_earns_all(name: str, mutant: Answer, hint: str) -> None:
    assert share(name, mutant) < 1.0


SAME: list[tuple[str, Answer]] = [
    ("nothing", lambda *_: None),
    ("0", lambda *_: 0),
    ("1", lambda *_: 1),
    ("an empty list", lambda *_: []),
    ("an empty dictionary", lambda *_: {}),
    ("an empty tensor", lambda *_: torch.empty((0, 3), dtype=torch.long)),
    ("a word", lambda *_: "reproduced"),
    ("the first argument", lambda *given: given[0] if given else None),
    ("the second argument", lambda *given: given[1] if len(given) > 1 else None),
    ("not a number", lambda *_: float("nan")),
]


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("answer", [answer for _, answer in SAME], ids=[about for about, _ in SAME])
def test_always_the_same_earns_nothing(name: str, answer: Answer) -> None:
    assert share(name, answer) < LEAST
