"""What a reproduction found, in sentences made from its numbers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mmtutorial import words
from mmtutorial.reproduction.beside import Missing, RankAgreement
from mmtutorial.reproduction.paper import SPOKEN
from mmtutorial.reproduction.verdicts import Finding, Judgement, Topic, findings, topics
from mmtutorial.results.records import Difference
from mmtutorial.results.reproduction import Reproduction
from mmtutorial.results.statistics import Bounds

CONTROL_WORDS = {
    Judgement.REPRODUCED: "Holds at equal steps",
    Judgement.CONTRADICTED: "The other way round at equal steps",
    Judgement.NOT_SHOWN: "Not shown at equal steps",
    Judgement.NOT_RUN: "Equal steps not run",
}


@dataclass(frozen=True)
class Said:
    """One finding in words.

    Attributes:
        verdict: on the claim.
        text: what was measured, and what the slides print.
        control: the same for the fair control, or None where the claim has none.
        control_verdict: on the control.
    """

    verdict: Judgement
    text: str
    control: str | None
    control_verdict: Judgement | None


@dataclass(frozen=True)
class SaidTopic:
    """A topic with its findings in words, and how many came out how."""

    title: str
    tally: str
    findings: tuple[Said, ...]


def said_topics(reproduction: Reproduction) -> tuple[SaidTopic, ...]:
    """Every topic with all that was found."""
    return tuple(_topic(topic, reproduction) for topic in topics())


def lead(said: tuple[SaidTopic, ...]) -> str:
    """The verdicts counted, and those of the fair control."""
    found = [finding for topic in said for finding in topic.findings]
    run = [f for f in found if f.verdict is not Judgement.NOT_RUN]
    text = (
        f"The slides’ tables order {words.count(len(found), 'pair')} of arms that this page looks at. "
        f"{len(run)} were run: {_counted(f.verdict for f in run)}."
    )
    controls = [
        f.control_verdict for f in found if f.control_verdict is not None and f.control_verdict is not Judgement.NOT_RUN
    ]
    if not controls:
        return text
    held = sum(v is Judgement.REPRODUCED for v in controls)
    against = sum(v is Judgement.CONTRADICTED for v in controls)
    return (
        f"{text} Where the lower arm is given the steps that tuning cost (the fair control, {len(controls)} of the "
        f"pairs), the higher arm stays above it in {held}, falls below it in {against}, and neither is shown in "
        f"{len(controls) - held - against}."
    )


def difference_sentence(difference: Difference) -> str:
    """For example ``random+graph less random: +4.2 points (95 % interval 2.9 to 5.5, 5 seeds)``."""
    seeds = words.count(len(difference.per_seed), "seed")
    basis = (
        f"95 % interval {interval_text(difference.interval)}, {seeds}"
        if difference.interval
        else f"{seeds}, no interval"
    )
    return f"{difference.a} less {difference.b}: {words.signed(difference.value)} points ({basis})."


def interval_text(interval: Bounds) -> str:
    """Writes an interval, with a second digit where one would round an end to zero and hide its side."""
    close = interval is not None and any(abs(end) < 0.05 for end in interval)
    return words.span(interval, 2 if close else 1)


def missing_sentence(lack: Missing) -> str:
    """Names the rows of the slides that were not run for one benchmark and backbone."""
    place = f"{SPOKEN[lack.benchmark]}, {lack.backbone}"
    if lack.ours is None:
        return f"{place}: nothing that stands for it, {words.count(lack.of, 'arm')}."
    return f"{place} ({', '.join(lack.ours)}): {words.listed(lack.arms)}, {len(lack.arms)} of {lack.of} arms."


def rank_sentence(found: RankAgreement) -> str:
    """The rank correlation of one table with its range over seeds."""
    rho, tau, digits = found.spearman, found.kendall, 2
    over = f"{words.number(rho.low, digits)} to {words.number(rho.high, digits)} over {found.seeds} seeds"
    spread = over if found.seeds > 1 else "one seed"
    return (
        f"{found.table.name}, {SPOKEN[found.table.benchmark]}, {found.table.backbone}: Spearman’s ρ "
        f"{words.number(rho.mean, digits)} ({spread}), Kendall’s τ {words.number(tau.mean, digits)}, "
        f"{found.rows} of {found.of} rows."
    )


def _topic(topic: Topic, reproduction: Reproduction) -> SaidTopic:
    said = tuple(_said(found) for claim in topic.claims for found in findings(claim, reproduction))
    return SaidTopic(topic.title, _counted(f.verdict for f in said), said)


def _said(found: Finding) -> Said:
    claim = found.claim
    high, low = claim.figures
    slides = (
        f"Slides, {claim.backbone} on {SPOKEN[claim.benchmark]}: {words.number(high)} against {words.number(low)}, "
        f"{words.signed(high - low)}."
    )
    where = f"{found.place[0]}, {found.place[1]}: " if found.place else ""
    ours = difference_sentence(found.difference) if found.difference else f"{claim.a} less {claim.b}."
    control = None
    if found.control_verdict is not None:
        control = f"{CONTROL_WORDS[found.control_verdict]}: "
        control += difference_sentence(found.control) if found.control else f"{claim.a} less {claim.control}."
    return Said(found.verdict, f"{where}{ours} {slides}", control, found.control_verdict)


def _counted(verdicts: Iterator[Judgement]) -> str:
    """``3 reproduced, 1 contradicted``: in the order of :class:`Judgement`, without those that did not occur."""
    counts = Counter(verdicts)
    return ", ".join(f"{counts[v]} {v.value}" for v in Judgement if counts[v]) or "none"
