"""Bets: a guess at what comes out, placed before the evidence, and the ledger that opens at the end.

What one has guessed stays in a file beside the notebooks. It holds no name, and nothing else than the guesses.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmtutorial import words
from mmtutorial.errors import InputError, unknown
from mmtutorial.files import parse_json, write_json
from mmtutorial.results import Reproduction

FILE = "bets.json"
"""Name of the file, in the folder in which the notebook runs."""


@dataclass(frozen=True)
class Bet:
    """A question with choices, and how its answer is found.

    Attributes:
        question: what is asked.
        choices: what one may bet on.
        outcome: place of the choice that came out, found in the shipped results or known by an argument.
        where: where the evidence stands.
    """

    question: str
    choices: tuple[str, ...]
    outcome: Callable[[Reproduction], int]
    where: str


def _known(place: int) -> Callable[[Reproduction], int]:
    """An outcome that follows from an argument, or was counted in a cell of its notebook."""
    return lambda results: place


def _ahead(first: str, second: str) -> Callable[[Reproduction], int]:
    """0 where the first arm is shown to be above the second, 1 where it is shown to be below, else 2."""

    def outcome(results: Reproduction) -> int:
        found = _difference(results, first, second)
        return {words.Verdict.ABOVE: 0, words.Verdict.BELOW: 1}.get(found, 2)

    return outcome


def _sorted_by_class(task: str) -> Callable[[Reproduction], int]:
    """0 where training on a proxy task raised mean kNN purity by a hundredth or more, 1 where it lowered it, else 2."""

    def outcome(results: Reproduction) -> int:
        found = next((p for p in results.proxies if (p.benchmark, p.network, p.name) == ("scenes", "tiny", task)), None)
        pairs = zip(found.random_purity, found.purity, strict=True) if found else ()
        gains = [after - before for before, after in pairs if before is not None and after is not None]
        if not gains:
            raise InputError(f"the results have no purity of {task}; give the reproduction that is shipped")
        gain = sum(gains) / len(gains)
        return 2 if abs(gain) < 0.01 else int(gain < 0)

    return outcome


def _difference(results: Reproduction, first: str, second: str) -> words.Verdict:
    for found in results.block_differences("scenes", "tiny"):
        if (found.a, found.b) == (first, second):
            return words.verdict(found.value, found.interval)
        if (found.a, found.b) == (second, first):
            turned = None if found.interval is None else (-found.interval[1], -found.interval[0])
            return words.verdict(-found.value, turned)
    raise InputError(f"the results have no comparison of {first} and {second}; give the reproduction that is shipped")


BETS: Mapping[str, Bet] = {
    "00.control": Bet(
        "Five seeds, new images: which network is ahead?",
        (
            "the one tuned over the graph",
            "the one that was only trained longer, at equal cost",
            "no difference is shown",
        ),
        _ahead("random+graph", "random+more"),
        "notebook 00, section 6",
    ),
    "01.jigsaw": Bet(
        "Jigsaw names seven times as many orders as a guess would. Which features sort patches better by class?",
        ("those of the trained network", "those of the same network before training", "both alike, to a hundredth"),
        _sorted_by_class("jigsaw"),
        "notebook 01, section 6",
    ),
    "02.images": Bet(
        "Forty patches in a step. From how many images do they show most classes?",
        ("one", "ten", "forty"),
        _known(2),
        "notebook 02, section 5",
    ),
    "03.simpler": Bet(
        "Each of forty patches of a class is tied to any other one, visited or not. Into how many pieces does the "
        "class fall, on average?",
        ("fewer than two", "about five", "about twenty"),
        _known(0),
        "notebook 03, section 5",
    ),
    "04.quiet": Bet(
        "An untrained network, features behind a ReLU, margin 2.1. How many triplets have a loss of zero?",
        ("none", "about half", "nearly all"),
        _known(0),
        "notebook 04, section 3",
    ),
    "05.pieces": Bet(
        "Before tuning a class lies in about 27 pieces. After 500 steps over the connected graph, on new images?",
        ("in one", "in about five", "in more than ten"),
        _known(2),
        "notebook 05, section 6",
    ),
    "06.ensemble": Bet(
        "Two networks vote on each pixel. Which pairs are better than their better half?",
        ("only pairs with a tuned network", "any pair", "none"),
        _known(1),
        "notebook 06, section 7",
    ),
    "08.devices": Bet(
        "Four GPUs with 16 images each. In one step, into how many pieces does a class fall?",
        ("one", "two", "four"),
        _known(2),
        "notebook 08, section 4",
    ),
    "09.supcon": Bet(
        "The contrastive loss of 2020 in place of the triplets, five seeds: which one is ahead in segmentation?",
        ("the contrastive loss", "the triplets over the graph", "no difference is shown"),
        _ahead("random+supcon", "random+graph"),
        "notebook 09, section 6",
    ),
}
"""Bets by name: the notebook's number, a dot, what it is about."""


def bet(name: str, folder: Path | str = ".") -> Any:
    """A slip on which one chooses by a click.

    Args:
        name: of the bet, such as ``"00.control"``.
        folder: where the file of all bets lies or will lie.

    Raises:
        InputError: there is no such bet, or the file is damaged.
    """
    asked, earlier = _bet(name), placed(folder).get(name)
    try:
        from mmtutorial.widgets.touch.slip import Slip
    except ImportError:
        raise InputError(f'a slip needs anywidget: pip install anywidget; or type place_bet("{name}", 1)') from None
    chosen = asked.choices.index(earlier) if earlier in asked.choices else -1
    said = "" if chosen < 0 else f"Kept in {FILE}. You may still change it."
    return Slip(
        asked.question, asked.choices, chosen=chosen, keep=lambda place: place_bet(name, place + 1, folder), said=said
    )


def place_bet(name: str, choice: int, folder: Path | str = ".") -> str:
    """Keep a bet; an earlier one of the same name is replaced.

    Args:
        name: of the bet.
        choice: number of the choice, from 1.
        folder: where the file of all bets lies or will lie.

    Returns:
        A sentence on where it is kept.

    Raises:
        InputError: there is no such bet or choice, or the file is damaged.

    Example:
        >>> import tempfile
        >>> place_bet("02.images", 3, tempfile.mkdtemp())
        'Kept in bets.json. You may still change it.'
    """
    asked = _bet(name)
    if not 1 <= choice <= len(asked.choices):
        raise InputError(f"choice is {choice}; give 1 to {len(asked.choices)}")
    write_json(Path(folder) / FILE, {**placed(folder), name: asked.choices[choice - 1]})
    return f"Kept in {FILE}. You may still change it."


def placed(folder: Path | str = ".") -> dict[str, str]:
    """All bets of a folder, by name.

    Raises:
        InputError: the file is damaged.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return {}
    try:
        found = parse_json(path.read_bytes())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(choice, str) for choice in found.values()):
        raise InputError(f"{path} does not hold bets; move it away and bet again")
    return found


@dataclass(frozen=True, repr=False)
class Ledger:
    """All bets, and what came out.

    Attributes:
        rows: question, own choice or an empty text, what came out, and where it stands.
    """

    rows: tuple[tuple[str, str, str, str], ...]

    @property
    def won(self) -> int:
        """How many bets were placed on what came out."""
        return sum(chosen == came_out for _, chosen, came_out, _ in self.rows)

    @property
    def placed(self) -> int:
        """How many bets were placed."""
        return sum(chosen != "" for _, chosen, _, _ in self.rows)

    def __repr__(self) -> str:
        lines = [
            f"{question}\n  your bet   {chosen or '-'}\n  came out   {came_out} ({where})"
            for question, chosen, came_out, where in self.rows
        ]
        return "\n".join([self._headline(), *lines])

    def _headline(self) -> str:
        if not self.placed:
            return "You have placed no bet; this is what came out."
        return f"{self.won} of {words.count(self.placed, 'bet')} came out as you said."

    def _repr_html_(self) -> str:
        cell = "text-align:left;vertical-align:top;padding:4px 10px"
        head = "".join(
            f'<th scope="col" style="{cell}">{h}</th>' for h in ("question", "your bet", "came out", "where")
        )
        body = "".join(f"<tr>{self._cells(row, cell)}</tr>" for row in self.rows)
        return (
            f"<p><strong>{html.escape(self._headline())}</strong></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _cells(self, row: tuple[str, str, str, str], cell: str) -> str:
        question, chosen, came_out, where = map(html.escape, row)
        # A sign and a colour: colour is never the only sign.
        mark = "" if not chosen else "\N{CHECK MARK} " if chosen == came_out else "\N{MULTIPLICATION SIGN} "
        return "".join(
            f'<td style="{cell}">{text}</td>' for text in (question, mark + (chosen or "no bet"), came_out, where)
        )


def ledger(results: Reproduction, folder: Path | str = ".", *, upto: int = 99) -> Ledger:
    """Open the ledger: every bet beside what came out.

    Args:
        results: the reproduction in which answers are looked up.
        folder: where the file of all bets lies.
        upto: number of the last notebook whose answers are told.

    Raises:
        InputError: the file is damaged, or the results lack a comparison.
    """
    mine = placed(folder)
    return Ledger(
        tuple(
            (asked.question, mine.get(name, ""), asked.choices[asked.outcome(results)], asked.where)
            for name, asked in BETS.items()
            if int(name[:2]) <= upto
        )
    )


def _bet(name: str) -> Bet:
    if name not in BETS:
        raise unknown("bet", name, BETS)
    return BETS[name]
