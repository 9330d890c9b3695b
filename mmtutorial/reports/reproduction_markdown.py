"""The tables of a reproduction as Markdown, for a README."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmtutorial import words
from mmtutorial.reports.reproduction_sentences import interval_text, lead, missing_sentence, rank_sentence, said_topics
from mmtutorial.reproduction import paper
from mmtutorial.reproduction.afterwards import after
from mmtutorial.reproduction.beside import beside, columns, missing, rank_agreements
from mmtutorial.results.reading import read_reproduction
from mmtutorial.results.records import Difference
from mmtutorial.results.reproduction import Benchmark, OurNetwork, Reproduction, Row

_AFTER = "without, less random weights | M&M less without | M&M less equal steps"


def reproduction_markdown(out: Path) -> str:
    """The verdicts counted, the slides' tables with ours beside them, rank correlations, and what was not run.

    Args:
        out: The folder with ``reproduction.json``.

    Returns:
        Markdown without a newline at the end.

    Raises:
        InputError: ``reproduction.json`` is missing or unusable.
    """
    reproduction = read_reproduction(Path(out))
    lines = [*_verdicts(reproduction)]
    for benchmark, network in reproduction.blocks():
        lines += ["", *_benchmark_table(reproduction, benchmark, network)]
        lines += _method_table(reproduction, benchmark, network)
        lines += _after_table(reproduction, benchmark, network)
    lines += ["", *(f"- Rank correlation, {rank_sentence(found)}" for found in rank_agreements(reproduction))]
    lines += [f"- Not run: {missing_sentence(lack)}" for lack in missing(reproduction)]
    return "\n".join(lines).rstrip()


def _verdicts(reproduction: Reproduction) -> Iterator[str]:
    said = said_topics(reproduction)
    yield lead(said)
    yield ""
    yield "| claim of the slides | pairs of arms |"
    yield "|---|---|"
    for topic in said:
        yield f"| {topic.title} | {topic.tally} |"


def _benchmark_table(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> Iterator[str]:
    found = columns(reproduction, benchmark, network)
    if not found:
        return
    slides = f"{paper.SPOKEN[benchmark.stands_for]}, {network.stands_for}"
    yield f"With M&M and without, mIoU in percent: {benchmark.name}, {network.name} beside the slides’ {slides}"
    yield ""
    yield "| pre-training | slides: without, with | ours: without, with | M&M less without | M&M less equal steps |"
    yield "|---|---|---|---|---|"
    for column in found:
        printed = column.printed
        yield (
            f"| {printed.pretrain} | {printed.baseline}, {printed.mm} | {_mean(column.baseline)}, "
            f"{_mean(column.tuned)} | {_difference(column.lift)} | {_difference(column.fair_lift)} |"
        )
    imagenet = found[0]
    yield f"| ImageNet | {imagenet.printed.imagenet} | {_mean(imagenet.imagenet)} | | |"


def _method_table(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> Iterator[str]:
    place = benchmark.stands_for, network.stands_for
    figures = [row for row in paper.METHODS if (row.benchmark, row.backbone) == place]
    rows = beside(figures, reproduction, benchmark, network)
    if not rows:
        return
    yield ""
    yield f"| method, {network.stands_for} | slides, % | our arm, {network.name} | ours, % | 95 % interval | seeds |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        ours = row.ours
        known = f"{words.span(ours.interval)} | {len(ours.seeds)}" if ours else " | "
        yield f"| {row.printed.method} | {row.printed.miou} | `{row.printed.arm}` | {_mean(ours)} | {known} |"


def _after_table(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> Iterator[str]:
    found = after(reproduction, benchmark, network)
    if not found:
        return
    yield ""
    place = f"{benchmark.name}, {network.name}"
    yield f"| after the slides: {place} | our arm | without, equal steps, with M&M | {_AFTER} |"
    yield "|---|---|---|---|---|---|"
    for each in found:
        ours = ", ".join(map(_mean, (each.plain, each.control, each.tuned)))
        differences = " | ".join(map(_difference, (each.from_random, each.lift, each.fair_lift)))
        yield f"| {each.later.method} | `{each.later.arm}` | {ours} | {differences} |"


def _mean(row: Row | None) -> str:
    return words.number(row.mean) if row else "not run"


def _difference(difference: Difference | None) -> str:
    if difference is None:
        return "not run"
    interval = f" ({interval_text(difference.interval)})" if difference.interval else " (no interval)"
    return f"{words.signed(difference.value)}{interval}"
