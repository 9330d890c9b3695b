"""Quizzes: what a master may say, and what a reader gets."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from notebooks.generator.catalogue import read_catalogue
from notebooks.generator.making import make
from notebooks.generator.masters import read_master
from notebooks.generator.quiz import TAG, Question, read_quiz, shown
from tests.notebooks.running import NOTEBOOKS

MASTERS = sorted((NOTEBOOKS / "src").glob("[0-9]*.py"))

TINY = """\
? Is 1 < 2?
- No | Count `again`.
+ Yes, and this answer
  goes on | One comes before two."""


def quizzes(name: str) -> list[list[Question]]:
    cells = read_master(NOTEBOOKS / "src" / f"{name}.py")
    return [read_quiz(cell.source) for cell in cells if TAG in cell.tags]


class Folds(HTMLParser):
    """Summaries and bodies of the folds of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag == "details":
            self.found.append({"summary": "", "details": ""})

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "details" in self.open:
            self.found[-1]["summary" if "summary" in self.open else "details"] += data


@pytest.mark.parametrize("name", [path.stem for path in MASTERS])
def test_every_notebook_has_one_quiz_whose_right_answers_are_not_always_at_one_place(name: str) -> None:
    (questions,) = quizzes(name)
    assert 3 <= len(questions) <= 5
    places = [next(i for i, choice in enumerate(q.choices) if choice.right) for q in questions]
    assert len(set(places)) > 1
    for question in questions:
        assert question.text.endswith("?")
        assert len({choice.text for choice in question.choices}) == len(question.choices) >= 3
        assert all(len(choice.why) > 20 for choice in question.choices)


def test_right_answers_cannot_be_guessed_by_place_or_by_length() -> None:
    questions = [q for path in MASTERS for quiz in quizzes(path.stem) for q in quiz]
    places = [next(i for i, choice in enumerate(q.choices) if choice.right) for q in questions]
    assert max(places.count(place) for place in set(places)) < len(places) / 2
    longest = sum(max(q.choices, key=lambda choice: len(choice.text)).right for q in questions)
    assert longest < len(questions) / 2


def test_a_choice_is_a_fold_that_says_whether_it_is_right_and_why() -> None:
    wrong, right = Folds(shown(read_quiz(TINY))).found
    assert wrong == {"summary": "No", "details": "\nNo. Count again.\n"}
    assert right == {"summary": "Yes, and this answer goes on", "details": "\nRight. One comes before two.\n"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("? Why?\n+ So | Because.", "two or more choices"),
        ("? Why?\n+ So | Because.\n+ Or so | Also.", "one right"),
        ("? Why?\n- So | Because.\n- Or so | Also.", "one right"),
        ("? Why?\n+ So\n- Or so | Also.", "without an explanation: [+] So"),
        ("Why?\n+ So | Because.", "neither a question nor a choice: Why[?]"),
        ("+ So | Because.", "neither a question nor a choice"),
    ],
)
def test_what_is_no_quiz_is_refused(source: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_quiz(source)


@pytest.mark.parametrize("edition", ["learner", "solution"])
def test_both_editions_show_the_same_quiz(edition: str) -> None:
    catalogue = read_catalogue()
    for entry in catalogue.entries:
        notebook = make(catalogue, entry, edition)  # type: ignore[arg-type]
        (cell,) = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", ())]
        assert cell.cell_type == "markdown"
        assert cell.source == shown(quizzes(entry.file)[0])
