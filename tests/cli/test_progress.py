"""``mmtutorial progress``: what one has passed, from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtutorial.classroom import place_bet
from mmtutorial.classroom.record import remember
from mmtutorial.classroom.result import Result
from tests.cli.calling import Call


def test_progress_of_a_folder_as_text_and_as_a_picture(call: Call, tmp_path: Path) -> None:
    remember(Result("03.components", "passed"), tmp_path)
    place_bet("03.simpler", 1, tmp_path)
    for name, begins in (("p.svg", b"<?xml"), ("p.png", b"\x89PNG")):
        said = call("progress", str(tmp_path), "--picture", str(tmp_path / name))
        assert said.code == 0, said.err
        first, *_, following, where = said.out.splitlines()
        assert first == "1 of 30 exercises passed, 1 of 9 bets placed"
        assert following == "next: 00.extra_steps"
        assert where == str(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)


def test_the_folder_of_lab_is_found_by_itself(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mmtutorial-notebooks").mkdir()
    remember(Result("00.gains", "wrong"), tmp_path / "mmtutorial-notebooks")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "00  · extra_steps  × gains" in call("progress").out


def test_an_empty_folder_says_what_keeps_something_there(call: Call, tmp_path: Path) -> None:
    said = call("progress", str(tmp_path))
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith(f"{tmp_path} keeps nothing yet: a check in a notebook there does")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no folder nowhere"),
        ([".", "--picture", "p.pdf"], "--picture writes .svg or .png, got p.pdf"),
    ],
)
def test_what_cannot_be_is_refused_on_one_line(call: Call, words: list[str], said: str) -> None:
    found = call("progress", *words)
    assert found.code != 0
    assert said in found.err
    assert len(found.err.strip().splitlines()) == 1
