"""The ladder: each exercise has its minutes, its difficulty and a warm-up whose answer is right."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import networkx as nx
import pytest
import scipy.stats
import torch

from mmtutorial.classroom import EXERCISES
from mmtutorial.contrastive import supervised_contrastive_loss
from mmtutorial.graph import PatchGraph
from notebooks.generator.catalogue import read_catalogue
from notebooks.generator.ladder import Rung, read_ladder, with_rungs
from notebooks.generator.making import make
from notebooks.generator.masters import Cell, read_master
from tests.notebooks.running import NOTEBOOKS

LADDER = read_ladder()
KNOWN = {
    "itertools": itertools,
    "math": math,
    "nx": nx,
    "scipy": scipy,
    "torch": torch,
    "PatchGraph": PatchGraph,
    "supervised_contrastive_loss": supervised_contrastive_loss,
}


def test_every_exercise_is_on_the_ladder_in_the_order_of_the_notebooks() -> None:
    order = [
        cell.exercise
        for entry in read_catalogue().entries
        for cell in read_master(NOTEBOOKS / "src" / f"{entry.file}.py")
        if cell.exercise
    ]
    assert list(LADDER) == order
    assert list(EXERCISES) == order


@pytest.mark.parametrize("rung", [rung for rung in LADDER.values() if rung.proof], ids=lambda rung: rung.name)
def test_what_the_answer_to_a_warm_up_claims_is_so(rung: Rung) -> None:
    assert bool(eval(rung.proof, dict(KNOWN)))


def test_most_answers_are_proved() -> None:
    assert sum(bool(rung.proof) for rung in LADDER.values()) >= 25


def test_the_exercises_of_a_notebook_fit_into_its_minutes() -> None:
    for entry in read_catalogue().entries:
        exercises = sum(rung.minutes for rung in LADDER.values() if rung.name.startswith(entry.number))
        assert exercises < entry.minutes, f"{entry.file}: no time is left for reading"


def test_each_notebook_begins_no_higher_than_it_ends() -> None:
    for entry in read_catalogue().entries:
        steps = [rung.difficulty for rung in LADDER.values() if rung.name.startswith(entry.number)]
        assert steps[0] <= max(steps[1:]), f"{entry.file} begins with its hardest exercise"


def test_the_warm_up_stands_under_the_heading_in_both_editions() -> None:
    catalogue = read_catalogue()
    for edition in ("learner", "solution"):
        made = make(catalogue, catalogue.entry("03"), edition)
        (text,) = [cell.source for cell in made.cells if "### Exercise 1: count the pieces" in cell.source]
        _, below = text.split("### Exercise 1: count the pieces of each class\n")
        assert re.match(r"\n\*About 15 minutes\. Difficulty ●●○\*\n\n\*\*Warm-up, two minutes\.\*\* ", below)
        assert below.index("Answer to the warm-up") < below.index("Write `components") < below.index("Hint 1")


def test_an_exercise_needs_a_heading_and_a_rung() -> None:
    exercise = Cell("code", "x = 1", ("exercise:03.components",))
    with pytest.raises(ValueError, match=r"no heading '### Exercise N: \.\.\.' stands before 03\.components"):
        with_rungs([Cell("markdown", "Text."), exercise], LADDER)
    with pytest.raises(ValueError, match=r"exercises\.toml has no 03\.components"):
        with_rungs([Cell("markdown", "### Exercise 1: a\nText."), exercise], {})
    two = [
        Cell("markdown", "### Exercise 1: a\nText."),
        Cell("code", "", ("exercise:03.components",)),
        Cell("markdown", "### Exercise 2: b\nText."),
        Cell("code", "", ("exercise:03.connected_graph",)),
    ]
    first, _, second, _ = with_rungs(two, LADDER)
    assert LADDER["03.components"].warm_up in first.source
    assert LADDER["03.connected_graph"].warm_up in second.source
    assert first.source.endswith("</details>\nText.") or first.source.endswith("</details>\n\nText.")


ROW = 'name = "a"\nminutes = 1\ndifficulty = 1\nwarm_up = "?"\nanswer = "!"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[exercise]]\n" + ROW.replace("minutes = 1\n", ""), "too few or too many fields"),
        ("[[exercise]]\n" + ROW + 'hint = "x"\n', "too few or too many fields"),
        ("[[exercise]]\n" + ROW.replace("difficulty = 1", "difficulty = 4"), "a difficulty from 1 to 3"),
        ("[[exercise]]\n" + ROW.replace("minutes = 1", "minutes = 0"), "needs minutes"),
        (2 * ("[[exercise]]\n" + ROW), "lists an exercise twice"),
    ],
)
def test_a_faulty_ladder_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "exercises.toml").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_ladder(tmp_path)
