"""How far one has come: what is kept, what is said of it, and what becomes of files that others spoiled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmtutorial.classroom import EXERCISES, place_bet, progress
from mmtutorial.classroom.record import RECORD, in_notebook, remember, remembered
from mmtutorial.classroom.result import Result, State
from mmtutorial.errors import InputError


def keep(folder: Path, *results: tuple[str, State]) -> None:
    for name, state in results:
        remember(Result(name, state), folder)


def test_nothing_is_kept_outside_a_notebook() -> None:
    assert not in_notebook()


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    first, *rows, last = repr(progress(tmp_path)).splitlines()
    assert first == f"0 of {len(EXERCISES)} exercises passed, 0 of 9 bets placed"
    assert [row[:2] for row in rows] == [f"{number:02d}" for number in range(10)]
    assert last == "next: 00.extra_steps"
    assert list(tmp_path.iterdir()) == []


def test_what_was_passed_stays_passed_and_what_was_tried_is_told(tmp_path: Path) -> None:
    keep(tmp_path, ("00.extra_steps", "passed"), ("00.extra_steps", "wrong"), ("03.components", "wrong"))
    keep(tmp_path, ("04.gradient", "not yet"))
    place_bet("03.simpler", 1, tmp_path)
    found = repr(progress(tmp_path)).splitlines()
    assert found[0] == "1 of 30 exercises passed, 1 of 9 bets placed"
    assert found[1] == "00  ✓ extra_steps  · gains  (no bet yet)"
    assert found[4] == "03  × components  · connected_graph  · random_mapping  (bet placed)"
    assert found[5].startswith("04  · triplet_loss  · gradient")
    assert found[8] == "07  · paired_interval  · verdict  · rank_correlation  · registration", "07 has no bet"
    assert found[-1] == "next: 00.gains"
    assert remembered(tmp_path)["00.extra_steps"].tries == 2


def test_two_notebooks_do_not_write_over_each_other(tmp_path: Path) -> None:
    keep(tmp_path, ("02.label_noise", "passed"), ("03.components", "passed"))
    assert sorted(path.name for path in (tmp_path / RECORD).iterdir()) == ["02.json", "03.json"]
    assert set(remembered(tmp_path)) == {"02.label_noise", "03.components"}


def test_the_picture_says_the_same_in_words(tmp_path: Path) -> None:
    keep(tmp_path, ("00.extra_steps", "passed"), ("03.components", "wrong"))
    drawn = progress(tmp_path).picture()
    texts = [text.get_text() for text in drawn.figure.axes[0].texts]
    assert "✓ extra_steps" in texts
    assert "× components" in texts
    assert texts.count("no bet yet") == 9
    assert drawn.alt.startswith("1 of 30 exercises passed, 0 of 9 bets placed. notebook 00: extra_steps passed, gains")
    assert "<img" in progress(tmp_path)._repr_html_()
    for text in drawn.figure.axes[0].texts:
        assert text.get_fontsize() >= 9


def test_all_passed_has_no_next(tmp_path: Path) -> None:
    keep(tmp_path, *((name, "passed") for name in EXERCISES))
    assert repr(progress(tmp_path)).splitlines()[-1] == "All exercises are passed."


@pytest.mark.parametrize("text", ["", "[]", "{", '{"components": 1}', '{"components": {"passed": true}}', "\x00"])
def test_a_spoiled_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).mkdir()
    path = tmp_path / RECORD / "03.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"03\.json is damaged; move it away"):
        progress(tmp_path)
    keep(tmp_path, ("03.components", "passed"))
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_spoils_no_check(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("a file where the folder should be")
    keep(tmp_path, ("03.components", "passed"))
    assert (tmp_path / RECORD).read_text() == "a file where the folder should be"


def test_exercises_of_another_version_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / RECORD).mkdir()
    (tmp_path / RECORD / "03.json").write_text(json.dumps({"gone": {"passed": True, "tries": 1}}))
    assert repr(progress(tmp_path)).startswith("0 of 30 exercises passed")


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        progress(tmp_path / "nowhere")
