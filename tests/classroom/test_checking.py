"""What the machinery of the checks survives, and how its answers look."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import pytest
import torch

from mmtutorial.classroom import NotFilledIn, Result, asking, check, checking, preset_name, todo
from mmtutorial.classroom.answering import Answering
from mmtutorial.classroom.asking import Ask
from mmtutorial.classroom.exercise import Exercise
from mmtutorial.classroom.in_process import process_caller
from mmtutorial.errors import InputError


def forever(*_: object) -> None:
    while True:
        pass


def forever_asleep(*_: object) -> None:
    while True:
        time.sleep(0.01)


def forever_whatever_happens(*_: object) -> None:
    ends = 0
    while ends < 3:
        try:
            while True:
                time.sleep(0.001)
        except BaseException:
            ends += 1


def endless_recursion(*_: object) -> None:
    endless_recursion()


@pytest.mark.parametrize("endless", [forever, forever_asleep, forever_whatever_happens])
def test_an_endless_loop_is_stopped(endless: Callable[..., None]) -> None:
    result = check("03.random_mapping", endless, seconds=0.3)
    assert result.state == "wrong"
    assert "no answer; stopped after" in result.came_out
    assert "never happens" in result.hint
    for _ in range(100):
        if not [thread for thread in threading.enumerate() if thread.name == "exercise"]:
            return
        time.sleep(0.02)
    pytest.fail("the learner's loop still runs")


def test_slow_answers_have_a_limit_in_all() -> None:
    start = time.monotonic()
    result = check("03.random_mapping", lambda n: time.sleep(0.2) or 1.5, seconds=5, seconds_in_all=0.5)
    assert result.state == "wrong"
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_leaving_python_is_told_like_any_error(leaving: type[BaseException]) -> None:
    def leave(*_: object) -> None:
        raise leaving

    assert leaving.__name__ in check("03.random_mapping", leave).came_out


def test_endless_recursion_gets_its_own_hint() -> None:
    assert "calls itself" in check("03.random_mapping", endless_recursion).hint


def test_a_name_that_is_not_there() -> None:
    result = check("03.random_mapping", lambda n: undefined_name)  # noqa: F821
    assert "cell that defines this name" in result.hint


def test_wrong_number_of_arguments() -> None:
    assert "called with 1 arguments" in check("03.random_mapping", lambda: 1.0).hint


def test_a_call_instead_of_the_function() -> None:
    result = check("03.random_mapping", 2.5)  # type: ignore[arg-type]
    assert result.state == "wrong"
    assert "without brackets: check('03.random_mapping', random_mapping)" in result.hint


def test_nothing_returned() -> None:
    assert "'return'" in check("03.random_mapping", lambda n: None).hint


def test_what_was_printed_in_the_wrong_call_is_shown_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    def talking(n: int) -> float:
        print(f"n is {n}")
        return 1.0

    result = check("03.random_mapping", talking)
    assert result.printed == "n is 5"
    assert capsys.readouterr().out == ""
    assert sys.stdout is not None


def test_an_answer_that_changes_its_arguments_harms_nobody() -> None:
    from tests.classroom.answers import triplet_loss

    def careless(embeddings: torch.Tensor, triplets: torch.Tensor, margin: float) -> torch.Tensor:
        loss = triplet_loss(embeddings, triplets, margin)
        embeddings.detach().zero_()
        triplets.zero_()
        return loss

    assert check("04.triplet_loss", careless)


def test_a_check_that_compares_nothing_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Exercise("00.empty", (), lambda ask: None)
    monkeypatch.setattr(checking, "find_exercise", lambda name: empty)
    with pytest.raises(InputError, match="compared nothing"):
        check("00.empty", lambda: 1)


def test_a_blank_of_another_exercise_is_named() -> None:
    result = check("03.random_mapping", lambda n: todo("03.components"))
    assert result.state == "not yet"
    assert "03.components" in result.hint


def test_an_unknown_exercise() -> None:
    with pytest.raises(InputError, match=r"unknown exercise '03.conected_graph'; did you mean '03.connected_graph'"):
        check("03.conected_graph", len)


def test_a_blank_names_its_exercise_without_a_traceback() -> None:
    with pytest.raises(NotFilledIn, match=r"03\.components is not filled in yet") as caught:
        todo("03.components")
    assert caught.value._render_traceback_() == [f"NotFilledIn: {caught.value}"]


def test_a_result_reads_well_in_text_and_html() -> None:
    result = Result("03.components", "wrong", 4, "labels <b>", "{0: 1}", "{0: 2}", "Look & see.", "")
    assert repr(result).splitlines() == [
        "03.components: wrong (after 4 right answers)",
        "  tried     labels <b>",
        "  came out  {0: 1}",
        "  expected  {0: 2}",
        "  hint      Look & see.",
    ]
    page = result._repr_html_()
    assert "labels &lt;b&gt;" in page
    assert "Look &amp; see." in page
    assert "printed" not in page


def test_long_values_are_cut_off() -> None:
    assert len(asking.shown(torch.rand(100, 100))) < 320
    assert asking.shown(torch.tensor([[1.23456789]])) == "shape (1, 1): [[1.235]]"


def test_numbers_only_where_numbers_are_asked_for() -> None:
    with process_caller(Answering(lambda: torch.ones(3)), 5) as caller:
        ask = Ask(caller, 0, seconds=5, seconds_in_all=5)
        with pytest.raises(asking.Wrong):
            ask.number("nothing")


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "class"), ("", "class"), ("smoke", "smoke"), ("class", "class")]
)
def test_the_switch(monkeypatch: pytest.MonkeyPatch, value: str | None, expected: str) -> None:
    monkeypatch.delenv("MMTUTORIAL_PRESET", raising=False)
    if value is not None:
        monkeypatch.setenv("MMTUTORIAL_PRESET", value)
    assert preset_name() == expected


def test_a_switch_that_is_set_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMTUTORIAL_PRESET", "smok")
    with pytest.raises(InputError, match=r"unknown MMTUTORIAL_PRESET 'smok'; did you mean 'smoke'\?"):
        preset_name()
