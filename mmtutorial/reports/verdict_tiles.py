"""All verdicts on the slides' claims as a matrix of tiles, which filters without a kernel: by mouse or by keyboard."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mmtutorial import words
from mmtutorial.reproduction.verdicts import Claim, findings, topics
from mmtutorial.results.records import Difference
from mmtutorial.results.reproduction import Reproduction

Judge = Callable[[Difference | None], str]
"""What says ``"reproduced"``, ``"contradicted"``, ``"not shown"`` or ``"not run"`` of a paired difference."""
ALL = "all"
WORDS = ("reproduced", "contradicted", "not shown", "not run")
# Sign and tint of a verdict; what is not named here is open. Tints let the text of a light and of a dark page be read.
_LOOKS = {
    "reproduced": ("\N{CHECK MARK}", "rgba(0, 158, 115, 0.25)"),
    "contradicted": ("\N{MULTIPLICATION SIGN}", "rgba(213, 94, 0, 0.28)"),
}
_OPEN = ("\N{WHITE CIRCLE}", "rgba(128, 128, 128, 0.16)")


@dataclass(frozen=True)
class Tile:
    """One claim of the slides at one place of ours.

    Attributes:
        where: Our benchmark and network, or the slides' where nothing stands for them.
        claim: The two arms, the one that the slides have higher first.
        difference: Ours with its interval, or a dash.
        verdict: One of :data:`WORDS`.
        fair: The verdict against plain fine-tuning of equal cost, or empty where the claim has no such control.
    """

    where: str
    claim: str
    difference: str
    verdict: str
    fair: str = ""


@dataclass(frozen=True, repr=False)
class Verdicts:
    """Tiles under the sentences that they belong to.

    Attributes:
        topics: Each sentence with its tiles.
    """

    topics: tuple[tuple[str, tuple[Tile, ...]], ...]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles."""
        return tuple(tile for _, tiles in self.topics for tile in tiles)

    def count(self) -> Counter[str]:
        """How many tiles have which verdict."""
        return Counter(tile.verdict for tile in self.tiles)

    def fair_count(self) -> Counter[str]:
        """How many tiles with a fair control have which verdict against it."""
        return Counter(tile.fair for tile in self.tiles if tile.fair)

    def __repr__(self) -> str:
        lines = []
        for title, tiles in self.topics:
            lines.append(f"{title}:")
            for tile in tiles:
                fair = f"; at equal steps {tile.fair}" if tile.fair else ""
                lines.append(f"  {tile.where}: {tile.claim}: {tile.difference}: {tile.verdict}{fair}")
        return "\n".join([*lines, self._headline()])

    def _headline(self) -> str:
        return f"All {len(self.tiles)}: {_tally(self.count())}. At equal steps: {_tally(self.fair_count())}."

    def _repr_html_(self) -> str:
        counts = self.count()
        kept = [word for word in WORDS if counts[word]]
        choices = "".join(_choice(word, counts[word]) for word in kept)
        body = "".join(_topic(title, tiles) for title, tiles in self.topics)
        return (
            f"<style>{_style(kept)}</style>"
            f'<form class="mm-verdicts"><fieldset><legend>Show</legend>{_choice(ALL, len(self.tiles), on=True)}'
            f"{choices}</fieldset>{body}<p>{html.escape(self._headline())}</p></form>"
        )


def verdict_tiles(reproduction: Reproduction, judge: Judge) -> Verdicts:
    """Judge every claim of the slides by a reproduction.

    Args:
        reproduction: With the rows of our arms.
        judge: What says a verdict on a paired difference that the slides have above zero; None where it was not run.
    """
    return Verdicts(
        tuple((topic.title, tuple(_tiles(topic.claims, reproduction, judge))) for topic in topics()),
    )


def _tiles(claims: Iterable[Claim], reproduction: Reproduction, judge: Judge) -> Iterable[Tile]:
    for claim in claims:
        for found in findings(claim, reproduction):
            ours = found.difference
            yield Tile(
                ", ".join(found.place or (claim.benchmark, claim.backbone)),
                f"{claim.a} > {claim.b}",
                f"{words.signed(ours.value)} ({words.span(ours.interval)})" if ours else words.NOTHING,
                judge(ours),
                judge(found.control) if found.control_verdict else "",
            )


def _tally(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word]) or "none"


def _name(word: str) -> str:
    return word.replace(" ", "-")


def _choice(word: str, count: int, *, on: bool = False) -> str:
    """One radio button: the browser moves among them by arrow keys."""
    checked = " checked" if on else ""
    return f'<label><input type="radio" name="mm-verdict" value="{_name(word)}"{checked}> {word} ({count})</label> '


def _topic(title: str, tiles: tuple[Tile, ...]) -> str:
    inside = "".join(map(_tile, tiles))
    return f'<section><h4>{html.escape(title)}</h4><ul style="padding:0;margin:0">{inside}</ul></section>'


def _tile(tile: Tile) -> str:
    sign, tint = _LOOKS.get(tile.verdict, _OPEN)
    fair = f"<br>at equal steps: {_LOOKS.get(tile.fair, _OPEN)[0]} {tile.fair}" if tile.fair else ""
    # The colour stands in the tile itself: a page that takes style sheets away still shows a matrix.
    look = (
        f"display:inline-block;vertical-align:top;width:250px;margin:3px;padding:6px 10px;background-color:"
        f"{tint};font-size:13px;line-height:1.35"
    )
    return (
        f'<li class="mm-{_name(tile.verdict)}" style="{look}"><strong>{sign} {tile.verdict}</strong><br>'
        f"{html.escape(tile.claim)}<br>{html.escape(tile.difference)} · {html.escape(tile.where)}{fair}</li>"
    )


def _style(kept: Iterable[str]) -> str:
    """Hide the tiles of every verdict but the chosen one, and the sentences that then have no tile."""
    rules = [
        ".mm-verdicts fieldset{border:0;padding:0;margin:0 0 8px}",
        ".mm-verdicts label{margin-right:14px;cursor:pointer}",
        ".mm-verdicts li{list-style:none}",
        ".mm-verdicts h4{margin:12px 0 2px}",
    ]
    for word in map(_name, kept):
        chosen = f'.mm-verdicts:has(input[value="{word}"]:checked)'
        rules.append(f"{chosen} li:not(.mm-{word}){{display:none!important}}")
        rules.append(f"{chosen} section:not(:has(.mm-{word})){{display:none}}")
    return "".join(rules)
