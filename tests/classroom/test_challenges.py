"""Open challenges: what is scored, what is refused, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mmtutorial.classroom.challenges import CHALLENGES, challenge, find_challenge, leaderboard
from mmtutorial.classroom.challenges.board import FILE
from mmtutorial.classroom.challenges.jigsaw import by_seams
from mmtutorial.classroom.challenges.own_loss import by_triplets
from mmtutorial.classroom.challenges.steady import by_graph
from mmtutorial.errors import InputError
from mmtutorial.proxies.permutations import maximal_hamming
from mmtutorial.randomness import seeded
from notebooks.generator.catalogue import read_catalogue
from tests.notebooks.running import NOTEBOOKS


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMTUTORIAL_PRESET", "smoke")


def spread_out(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Each patch is anchor once and positive once, and negatives are spread as evenly as they can be."""
    rows = []
    for label in labels.unique():
        members = torch.nonzero(labels == label).flatten()
        members = members[torch.randperm(len(members), generator=generator)]
        others = torch.nonzero(labels != label).flatten()
        others = others[torch.randperm(len(others), generator=generator)][: len(members)]
        if len(members) > 1:
            rows.append(torch.stack((members, members.roll(1), others[: len(members)]), dim=1))
    return torch.cat(rows)


def test_every_challenge_is_told_in_its_notebook() -> None:
    for name in CHALLENGES:
        entry = read_catalogue().entry(name[:2])
        told = (NOTEBOOKS / "src" / f"{entry.file}.py").read_text(encoding="utf-8")
        assert f'challenge("{name}"' in told
        assert "### Open challenge: " in told


def test_the_package_s_own_answers_are_a_place_to_start_from(tmp_path: Path) -> None:
    for name in CHALLENGES:
        own = challenge(name, folder=tmp_path)
        again = challenge(name, folder=tmp_path)
        assert own.value == again.value, "the same answer has the same score"
        assert (own.place, again.kept) == (1, 2)
    shown = leaderboard(tmp_path)
    assert shown.columns["challenge"][::2] == tuple(CHALLENGES)
    assert set(shown.columns["note"]) == {"the package's own answer (smoke)"}


def test_the_solver_of_seams_solves_what_has_no_gaps() -> None:
    """Nine tiles of one smooth picture that touch: their seams fit in the right order alone."""
    rows, columns = torch.meshgrid(torch.arange(72.0), torch.arange(72.0), indexing="ij")
    picture = torch.stack((rows, columns, rows + columns))
    tiles = torch.stack([picture[:, 24 * r : 24 * r + 24, 24 * c : 24 * c + 24] for r in range(3) for c in range(3)])
    orders = maximal_hamming(27, generator=seeded(0))
    assert all(by_seams(tiles[order], orders) == place for place, order in enumerate(orders))


def test_a_solver_that_guesses_is_at_chance_and_seams_are_above(tmp_path: Path) -> None:
    guessed = challenge("01.without_a_network", lambda tiles, orders: 3, folder=tmp_path)
    seams = challenge("01.without_a_network", by_seams, folder=tmp_path)
    assert guessed.value < 8
    assert seams.value > guessed.value


def test_triplets_that_are_spread_out_beat_the_graph_and_few_are_worse(tmp_path: Path) -> None:
    """So the challenge can be won, and not by less work."""
    graph = challenge("03.steady_step", by_graph, folder=tmp_path)
    spread = challenge("03.steady_step", spread_out, folder=tmp_path, note="cycles")
    few = challenge("03.steady_step", lambda labels, generator: by_graph(labels, generator)[:5], folder=tmp_path)
    assert few.value < graph.value < spread.value < 1
    assert leaderboard(tmp_path).columns["note"][0] == "cycles (smoke)"
    assert (spread.place, few.place) == (1, 3)


def test_an_answer_cannot_change_the_question(tmp_path: Path) -> None:
    before = challenge("03.steady_step", by_graph, folder=tmp_path)

    def spoils(labels: Tensor, generator: torch.Generator) -> Tensor:
        found = by_graph(labels, generator)
        labels.zero_()
        return found

    challenge("03.steady_step", spoils, folder=tmp_path)
    assert challenge("03.steady_step", by_graph, folder=tmp_path).value == before.value


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("03.steady_stop", None, "did you mean '03.steady_step'"),
        ("01.without_a_network", 7, "asks for a function, got int"),
        (
            "01.without_a_network",
            lambda tiles, orders: "third",
            "asks for the number of an order, 0 to 26, got 'third'",
        ),
        ("01.without_a_network", lambda tiles, orders: 1 / 0, "your function ended with ZeroDivisionError"),
        ("03.steady_step", lambda labels, generator: [(0, 1, 2)], "asks for a tensor"),
        (
            "03.steady_step",
            lambda labels, generator: torch.zeros(3, 2, dtype=torch.long),
            r"asks for a tensor \(M, 3\)",
        ),
        ("03.steady_step", lambda labels, generator: torch.zeros(0, 3, dtype=torch.long), "1 to 80 rows, got 0"),
        ("03.steady_step", lambda labels, generator: torch.zeros(81, 3, dtype=torch.long), "got 81 rows"),
        ("03.steady_step", lambda labels, generator: torch.tensor([[0, 1, 80]]), "numbered 0 to 79"),
        ("03.steady_step", lambda labels, generator: torch.tensor([[0, 0, 0]]), "a negative another"),
        ("05.beat_the_control", [100], "asks for a dictionary with any of steps"),
        ("05.beat_the_control", {"marign": 1}, "did you mean 'margin'"),
        ("05.beat_the_control", {"steps": 201}, "steps is 201; give 1 to 200"),
        ("05.beat_the_control", {"steps": True}, "steps is a number"),
        ("05.beat_the_control", {"rate": "fast"}, "rate is a number, got 'fast'"),
        ("05.beat_the_control", {"margin": -1}, "margin"),
        ("09.own_loss", lambda embeddings, labels, generator: 1.0, "with one number and a gradient, got float"),
        ("09.own_loss", lambda embeddings, labels, generator: embeddings, "a gradient, got shape"),
        ("09.own_loss", lambda embeddings, labels, generator: embeddings.sum() / 0, "your loss is"),
    ],
)
def test_what_is_no_answer_is_refused_on_one_line_and_leaves_no_score(
    tmp_path: Path, name: str, answer: Any, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        challenge(name, answer, folder=tmp_path)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / FILE).exists()


def test_a_loss_of_one_s_own_is_scored(tmp_path: Path) -> None:
    found = challenge("09.own_loss", lambda e, y, g: 2 * by_triplets(e, y, g), folder=tmp_path, note="twice")
    assert 0 < found.value < 100
    assert repr(found) == f"09.own_loss: {found.value:.2f} % purity; place 1 of 1 in challenges.json"


def test_ten_scores_are_kept_the_best_first(tmp_path: Path) -> None:
    for count in range(1, 13):
        last = challenge(
            "03.steady_step", lambda y, g, most=count: by_graph(y, g)[:most], folder=tmp_path, note=str(count)
        )
    board = json.loads((tmp_path / FILE).read_text())["03.steady_step"]
    assert len(board) == 10
    assert [one["score"] for one in board] == sorted((one["score"] for one in board), reverse=True)
    assert last.place is not None
    worst = challenge("03.steady_step", lambda y, g: by_graph(y, g)[:1], folder=tmp_path)
    assert worst.place is None
    assert repr(worst).endswith("not among the best 10 in challenges.json")


@pytest.mark.parametrize("text", ["", "[]", '{"03.steady_step": [{"score": 1}]}', '{"03.steady_step": 4}'])
def test_a_spoiled_board_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    for look in (lambda: leaderboard(tmp_path), lambda: challenge("03.steady_step", folder=tmp_path)):
        with pytest.raises(InputError, match="does not hold scores; move it away"):
            look()
    assert (tmp_path / FILE).read_text() == text


def test_an_empty_board_says_so(tmp_path: Path) -> None:
    assert "No challenge has been tried yet" in repr(leaderboard(tmp_path))
    assert find_challenge("03.steady_step").unit == "cosine"
