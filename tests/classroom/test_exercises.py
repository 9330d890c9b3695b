"""Every check refuses blanks and typical mistakes, with the right hint, and takes a right answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from mmtutorial.classroom import EXERCISES, check, todo
from tests.classroom import (
    mutants_00,
    mutants_01,
    mutants_02,
    mutants_03,
    mutants_04,
    mutants_05,
    mutants_06,
    mutants_07,
    mutants_08,
    mutants_09,
)
from tests.classroom.answers import ANSWERS
from tests.classroom.mutants_03 import draw
from tests.classroom.ways import no_process

FILES = (
    mutants_00,
    mutants_01,
    mutants_02,
    mutants_03,
    mutants_04,
    mutants_05,
    mutants_06,
    mutants_07,
    mutants_08,
    mutants_09,
)
MUTANTS = {name: found for file in FILES for name, found in file.MUTANTS.items()}
# What an answer is told hangs on its values, not on where it is called. A thread is started sooner than a process.
in_a_thread = pytest.mark.usefixtures("thread")
CASES = [
    pytest.param(name, mutant, hint, id=f"{name}-{mutant.__name__}")
    for name, found in MUTANTS.items()
    for mutant, hint in found
]


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have checks use a thread."""
    no_process(monkeypatch)


def test_every_exercise_has_an_answer_and_at_least_three_mistakes_with_their_hint() -> None:
    assert set(EXERCISES) == set(ANSWERS) == set(MUTANTS)
    for name, found in MUTANTS.items():
        assert sum(bool(hint) for _, hint in found) >= 3, name


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_passes_and_is_really_compared(name: str) -> None:
    result = check(name, ANSWERS[name])
    assert result, result
    assert result.comparisons >= 6
    assert repr(result).startswith(f"{name}: passed ({result.comparisons} ")


@in_a_thread
@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("04.half_quiet_margin", lambda p, n: (n - p).median()),
        ("04.half_quiet_margin", lambda p, n: float((n - p).sort().values[len(p) // 2])),
        ("04.gradient", lambda *arguments: torch.stack(ANSWERS["04.gradient"](*arguments)).numpy()),
        ("03.connected_graph", lambda *arguments: ANSWERS["03.connected_graph"](*arguments).tolist()),
        ("03.components", lambda *arguments: Counter(ANSWERS["03.components"](*arguments))),
        ("02.label_noise", lambda *arguments: ANSWERS["02.label_noise"](*arguments).item()),
        ("01.permutations", lambda *arguments: ANSWERS["01.permutations"](*arguments).tolist()),
    ],
)
def test_other_right_answers_and_other_types_pass_too(name: str, other: Callable[..., Any]) -> None:
    assert check(name, other)


@in_a_thread
@pytest.mark.parametrize("name", EXERCISES)
def test_a_blank_is_not_yet(name: str) -> None:
    result = check(name, lambda *_: todo(name))
    assert not result
    assert result.state == "not yet"
    assert repr(result) == f"{name}: not yet (the blank is not filled in)"


@in_a_thread
@pytest.mark.parametrize(("name", "mutant", "hint"), CASES)
def test_a_typical_mistake_is_refused_with_its_hint(name: str, mutant: Callable[..., Any], hint: str) -> None:
    result = check(name, mutant)
    assert result.state == "wrong"
    assert hint in result.hint
    assert result.tried
    assert result.came_out
    assert result.expected


@in_a_thread
@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("answer", [0, 0.5, [], {}, "text", object()], ids=lambda answer: type(answer).__name__)
def test_no_constant_passes(name: str, answer: object) -> None:
    assert check(name, lambda *_: answer).state == "wrong"


@pytest.mark.parametrize("name", EXERCISES)
def test_an_error_in_the_answer_is_told_not_raised(name: str) -> None:
    def broken(*_: object) -> None:
        raise KeyError("lost")

    result = check(name, broken)
    assert result.state == "wrong"
    assert "KeyError: 'lost'" in result.came_out
    assert 'raise KeyError("lost")' in result.came_out


@pytest.mark.parametrize("name", EXERCISES)
def test_its_arguments_are_named_in_order(name: str) -> None:
    import inspect

    assert tuple(inspect.signature(ANSWERS[name]).parameters) == EXERCISES[name].arguments


def off(answer: Any, factor: float) -> Any:
    """An answer a little off."""
    if isinstance(answer, tuple):
        return tuple(off(part, factor) for part in answer)
    return torch.as_tensor(answer, dtype=torch.float64) * factor


# Answers of which all are whole numbers, or words, are right or wrong.
MEASURED = [
    "00.gains",
    "01.knn_purity",
    "02.label_noise",
    "02.expected_classes",
    "03.random_mapping",
    "04.triplet_loss",
    "04.gradient",
    "06.pixel_loss",
    "06.mean_iou",
    "07.paired_interval",
    "07.rank_correlation",
    "08.hours",
    "08.memory",
    "09.supcon",
    "09.score_gradient",
]


@in_a_thread
@pytest.mark.parametrize("factor", [0.995, 1.005])
@pytest.mark.parametrize("name", MEASURED)
def test_an_answer_half_a_percent_off_is_refused(name: str, factor: float) -> None:
    assert check(name, lambda *given: off(ANSWERS[name](*given), factor)).state == "wrong"


@in_a_thread
@pytest.mark.parametrize("name", MEASURED)
def test_rounding_to_seven_digits_is_forgiven(name: str) -> None:
    def single(*given: Any) -> Any:
        answer = ANSWERS[name](*given)
        return answer if isinstance(answer, torch.Tensor) and answer.requires_grad else off(answer, 1 + 1e-7)

    assert check(name, single)


@in_a_thread
def test_a_loss_half_a_percent_off_is_refused() -> None:
    assert check("05.tuning_step", lambda *given: 1.005 * ANSWERS["05.tuning_step"](*given)).state == "wrong"


@in_a_thread
def test_a_preference_for_the_latest_partner_shows_in_enough_draws() -> None:
    """One partner in seven is the latest one, whatever the chances say: a hundred draws would not tell."""

    def often_the_latest(pool: Sequence[int], generator: torch.Generator) -> int:
        if float(torch.rand((), generator=generator)) < 0.15:
            return pool[-1]
        return pool[int(torch.randint(len(pool), (), generator=generator))]

    result = check("03.connected_graph", lambda labels, generator: draw(labels, generator, pick=often_the_latest))
    assert "not always the first or the latest" in result.hint
