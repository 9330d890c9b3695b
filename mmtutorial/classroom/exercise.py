"""What an exercise consists of, and how numbers are compared with a slow reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from scipy.stats import chisquare
from torch import Tensor

from mmtutorial.classroom.asking import Ask, close


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        name: number of the notebook and name of the function, such as ``"03.connected_graph"``.
        arguments: names of its arguments.
        examine: asks the learner's function question after question; raises Wrong at the first wrong answer.
        adapt: makes of the learner's function the one that is asked, where its arguments are no plain data. It runs
            beside the learner's function, so it knows no right answers, nor does its file.
        library: modules of this package that an answer may use when it is marked. All others hold answers.
    """

    name: str
    arguments: tuple[str, ...]
    examine: Callable[[Ask], None]
    adapt: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
    library: tuple[str, ...] = ()


@dataclass(frozen=True)
class Misconception:
    """A likely mistake.

    Attributes:
        hint: said to whoever makes it. It points at the mistake and does not give the solution.
        answer: what the function would answer who makes it; same arguments as the exercise.
    """

    hint: str
    answer: Callable[..., Any]


def mistaken(reference: Callable[..., Any], hints: Mapping[str, str]) -> list[Misconception]:
    """Make misconceptions of a reference that can be asked to make a mistake.

    Args:
        reference: takes the name of a mistake as ``mistake=``.
        hints: the mistakes, and what is said to whoever makes them.
    """
    return [Misconception(hint, partial(reference, mistake=mistake)) for mistake, hint in hints.items()]


Case = tuple[str, tuple[Any, ...]]
"""Arguments in words, and the arguments themselves."""


def compare_numbers(
    ask: Ask,
    cases: Sequence[Case],
    reference: Callable[..., float],
    misconceptions: Sequence[Misconception],
    *,
    tolerance: float = 1e-4,
) -> None:
    """Compare a function that answers one number with a reference.

    Args:
        ask: asks the learner's function.
        cases: what to ask. Telling ones first, degenerate ones last: a mistake then meets a case that shows it.
        reference: slow and readable.
        misconceptions: the first that gives the learner's wrong number gives the hint.
        tolerance: relative, and absolute near zero.

    Raises:
        Wrong: an answer differs.
    """
    for tried, arguments in cases:
        with ask.case():
            answer, expected = ask.number(tried, *arguments), float(reference(*arguments))
            agrees = close(answer, expected, tolerance)
            hint = "" if agrees else _diagnose(torch.tensor(answer), expected, arguments, misconceptions)
            ask.require(agrees, answer, expected, hint)


def compare_tensors(
    ask: Ask,
    cases: Sequence[Case],
    reference: Callable[..., Tensor],
    misconceptions: Sequence[Misconception],
    *,
    tolerance: float = 1e-4,
) -> None:
    """Compare a function that answers a tensor with a reference, as :func:`compare_numbers` does."""
    for tried, arguments in cases:
        with ask.case():
            answer, expected = ask.tensor(tried, *arguments), reference(*arguments)
            same_shape = answer.shape == expected.shape
            agrees = same_shape and _alike(answer, expected, tolerance)
            hint = "" if agrees else _diagnose(answer, expected, arguments, misconceptions)
            if not hint and not same_shape:
                hint = f"The answer should have shape {tuple(expected.shape)}, yours has {tuple(answer.shape)}."
            ask.require(agrees, answer, expected, hint)


def require_gradient(ask: Ask, tried: str, *arguments: Any) -> None:
    """Require one number that still hangs together with its arguments, so that a network can learn from it."""
    with ask.case(weight=5):
        answer = ask(tried, *arguments)
        ask.require(
            isinstance(answer, Tensor) and answer.requires_grad and answer.numel() == 1,
            answer,
            "one number, as a tensor with a gradient",
            "Training needs the gradient. Stay with torch operations: "
            ".item(), .tolist() and .detach() cut the gradient.",
        )


def require_repeatable(ask: Ask, draw: Callable[[], Tensor]) -> None:
    """Require that the generator handed over decides alone: two draws from one seed are equal."""
    with ask.case():
        ask.require(
            torch.equal(draw(), draw()),
            "two different answers to one seed",
            "the same both times",
            "All random numbers come from the generator that is handed over: pass it to every torch.rand... call.",
        )


def evenly(counts: Sequence[int], expected: Sequence[float] | None = None) -> bool:
    """Say whether counts may come of equal chances, or of those in proportion to ``expected``, by a chi-squared test.

    A right answer fails once in ten million: the seeds are fixed, but every right answer uses them differently.
    """
    return len(counts) == 1 or bool(chisquare(counts, expected).pvalue > 1e-7)


def _diagnose(answer: Tensor, expected: Any, arguments: tuple[Any, ...], known: Sequence[Misconception]) -> str:
    """Find the hint of the misconception that explains a wrong answer, or an empty text."""
    for misconception in known:
        try:
            mistaken = torch.as_tensor(misconception.answer(*arguments)).detach()
        except (ValueError, RuntimeError, ArithmeticError, IndexError):
            continue  # This mistake has no answer here.
        right = torch.as_tensor(expected)
        tells_apart = mistaken.shape != right.shape or not _alike(mistaken, right, 1e-4)
        if tells_apart and mistaken.shape == answer.shape and _alike(answer, mistaken, 1e-4):
            return misconception.hint
    return ""


def _alike(first: Tensor, second: Tensor, tolerance: float) -> bool:
    return torch.allclose(first.double(), second.double(), rtol=tolerance, atol=tolerance, equal_nan=True)
