"""Bets: what is kept, what the ledger says, and that nobody's file is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.classroom import BETS, bet, ledger, place_bet
from mmtutorial.classroom.bets import FILE, placed
from mmtutorial.errors import InputError
from mmtutorial.results import read_reproduction
from notebooks.generator.catalogue import read_catalogue
from notebooks.generator.masters import read_master
from tests.notebooks.running import NOTEBOOKS

SHIPPED = read_reproduction(FOLDER)


def test_a_bet_is_kept_and_may_be_changed(tmp_path: Path) -> None:
    assert placed(tmp_path) == {}
    assert not (tmp_path / FILE).exists(), "looking leaves nothing"
    place_bet("02.images", 1, tmp_path)
    place_bet("03.simpler", 2, tmp_path)
    assert place_bet("02.images", 3, tmp_path) == "Kept in bets.json. You may still change it."
    assert json.loads((tmp_path / FILE).read_text()) == {"02.images": "forty", "03.simpler": "about five"}


def test_the_ledger_counts_what_came_out_as_said(tmp_path: Path) -> None:
    place_bet("02.images", 3, tmp_path)
    place_bet("03.simpler", 2, tmp_path)
    opened = ledger(SHIPPED, tmp_path)
    assert (opened.won, opened.placed, len(opened.rows)) == (1, 2, len(BETS))
    assert "1 of 2 bets came out as you said." in repr(opened)
    assert len(ledger(SHIPPED, tmp_path, upto=7).rows) == sum(name < "08" for name in BETS)
    page = opened._repr_html_()
    assert page.count("\N{CHECK MARK}") == 1
    assert page.count("\N{MULTIPLICATION SIGN}") == 1
    assert page.count("no bet") == len(BETS) - 2


def test_the_answers_are_those_of_the_shipped_results() -> None:
    """By hand, from the rows: these sentences also stand in the notebooks."""
    came_out = {name: bet.choices[bet.outcome(SHIPPED)] for name, bet in BETS.items()}
    assert came_out["00.control"] == "no difference is shown"
    assert came_out["01.jigsaw"] == "those of the same network before training"
    assert came_out["09.supcon"] == "no difference is shown"


def test_an_arm_that_is_ahead_is_named_from_either_side() -> None:
    from mmtutorial.classroom.bets import _ahead

    assert _ahead("random+graph", "random")(SHIPPED) == 0
    assert _ahead("random", "random+graph")(SHIPPED) == 1
    with pytest.raises(InputError, match="no comparison of random and nobody"):
        _ahead("random", "nobody")(SHIPPED)


@pytest.mark.parametrize("name", BETS)
def test_every_bet_is_placed_once_in_its_own_notebook(name: str) -> None:
    asked = BETS[name]
    assert len(set(asked.choices)) == len(asked.choices) >= 3
    assert 0 <= asked.outcome(SHIPPED) < len(asked.choices)
    (entry,) = [entry for entry in read_catalogue().entries if entry.number == name[:2]]
    cells = read_master(NOTEBOOKS / "src" / f"{entry.file}.py")
    assert sum(f'bet("{name}")' in cell.source for cell in cells) == 1
    assert asked.where.startswith(f"notebook {name[:2]}, section ")


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"02.images": 3}'])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    for attempt in (lambda: bet("02.images", tmp_path), lambda: place_bet("02.images", 1, tmp_path)):
        with pytest.raises(InputError, match=r"bets\.json does not hold bets; move it away and bet again"):
            attempt()
    assert (tmp_path / FILE).read_text() == text


def test_what_is_no_bet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown bet '02\.image'; did you mean '02\.images'"):
        bet("02.image", tmp_path)
    for choice in (0, 4):
        with pytest.raises(InputError, match=f"choice is {choice}; give 1 to 3"):
            place_bet("02.images", choice, tmp_path)
    assert list(tmp_path.iterdir()) == []
