"""Our tables beside theirs, as HTML: their figures and ours in one table, row by row."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from mmtutorial import words
from mmtutorial.plots.tables import shade
from mmtutorial.reproduction import paper
from mmtutorial.reproduction.beside import Column, columns
from mmtutorial.results.reproduction import Row
from talk.record import MAIN, Record, marked

PLACES = {paper.ALEXNET: MAIN, paper.VGG: "scenes/tiny-vgg"}
"""What stands for each backbone of the table of methods."""


def methods(record: Record) -> str:
    """The slides' table of methods: their figure, our arm, ours with its interval."""
    rows = []
    for printed in paper.METHODS:
        place = PLACES[printed.backbone]
        tuned = "+" in printed.arm
        rows.append(
            (
                html.escape(printed.method),
                f"{printed.backbone}; {place.split('/')[1]}",
                marked(f"slides {printed.backbone} {printed.arm}", words.number(printed.miou)),
                f"<code>{html.escape(printed.arm)}</code>",
                record.miou(printed.arm, place),
                record.interval(printed.arm, place),
                record.miou(f"{printed.arm.split('+')[0]}+more", place) if tuned else "",
            )
        )
    head = ("method", "network: theirs; ours", "slides", "our arm", "ours", "95 % interval", "fair control")
    return _table(head, rows, strong=[i for i, p in enumerate(paper.METHODS) if "+" in p.arm])


def benchmarks(record: Record, *, control: bool = False) -> str:
    """The slides' table of benchmarks turned on its side: a line per pre-training.

    Args:
        record: Where the numbers are.
        control: Show, in the place of their figures, our fair control and what is left of the gain.
    """
    found = [
        (column, f"{b.name}/{n.name}")
        for b, n in record.reproduction.blocks()
        for column in columns(record.reproduction, b, n)
    ]
    rows = [_controlled(record, *pair) if control else _beside(record, *pair) for pair in found]
    if control:
        return _table(("ours", "pre-training", "plain", "M&amp;M", "gain", "fair control", "gain at equal steps"), rows)
    head = ("slides", "pre-training", "baseline", "M&amp;M", "ImageNet", "ours", "baseline", "M&amp;M", "“ImageNet”")
    return _table(head, rows)


def _beside(record: Record, column: Column, place: str) -> Sequence[str]:
    printed = column.printed
    key = f"{printed.benchmark} {printed.backbone} {printed.pretrain}"
    theirs = (
        marked(f"column {key} {name}", words.number(value))
        for name, value in (("baseline", printed.baseline), ("mm", printed.mm), ("imagenet", printed.imagenet))
    )
    ours = (_mean(record, row, place) for row in (column.baseline, column.tuned, column.imagenet))
    where = f"{paper.SPOKEN[printed.benchmark]}, {printed.backbone}"
    return (where, printed.pretrain, *theirs, place.replace("/", ", "), *ours)


def _controlled(record: Record, column: Column, place: str) -> Sequence[str]:
    start, tuned = column.printed.pretraining, column.printed.tuned_arm
    return (
        place.replace("/", ", "),
        column.printed.pretrain,
        record.miou(start, place),
        record.miou(tuned, place),
        record.gain(tuned, start, place),
        record.miou(f"{start}+more", place),
        record.gain(tuned, f"{start}+more", place),
    )


def _mean(record: Record, row: Row | None, place: str) -> str:
    return record.miou(row.arm, place) if row else "not run"


def per_class_theirs(record: Record) -> str:
    """The slides' per-class table."""
    head = ("slides", *paper.VOC_OBJECTS, "mIoU")
    lines = []
    for row in paper.PER_CLASS:
        name = html.escape(row.method)
        cells = (_shaded(f"slides-class {row.method}: {n}", v) for n, v in zip(paper.VOC_OBJECTS, row.iou, strict=True))
        lines.append((name, *cells, marked(f"slides-class {row.method}: mIoU", words.number(row.miou))))
    return _table(head, lines)


def per_class_ours(record: Record) -> str:
    """Ours: the network that stands for theirs."""
    place = PLACES[paper.VGG]
    names = record.block(place)[0].names
    lines = []
    for printed in paper.PER_CLASS:
        row = record.row(printed.arm, place)
        cells = (_shaded(f"class {place} {row.arm}: {n}", v) for n, v in zip(names, row.class_means, strict=True))
        name = html.escape(row.arm).replace("&amp;", "&amp;<wbr>")
        lines.append((f"<code>{name}</code>", *cells, record.miou(row.arm, place)))
    return _table(("ours", *names, "mIoU"), lines)


def _shaded(where: str, value: float | None) -> str:
    look = shade(value)
    style = f"background: {look.background}; color: {look.ink}"
    return f'<span class="shade" style="{style}">{marked(where, words.number(value))}</span>'


def verdicts(record: Record) -> str:
    """What became of each claim of the slides, in pairs of arms."""
    kinds = ("reproduced", "contradicted", "not shown")
    rows = []
    for topic in record.topics:
        found = [finding.verdict.value for finding in topic.findings]
        counted = (marked(f"topic {topic.title}: {kind}", str(found.count(kind))) for kind in kinds)
        rows.append((html.escape(topic.title), *counted))
    rows.append(("all", *(record.tally(kind) for kind in kinds)))
    return _table(("claim of the slides", "came out", "the other way round", "not shown"), rows, strong=[len(rows) - 1])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], strong: Sequence[int] = ()) -> str:
    lines = ["<table><thead><tr>", *(f'<th scope="col">{name}</th>' for name in head), "</tr></thead><tbody>"]
    for place, row in enumerate(rows):
        lines.append('<tr class="strong">' if place in strong else "<tr>")
        lines += [f"<td>{cell}</td>" for cell in row]
        lines.append("</tr>")
    return "\n".join([*lines, "</tbody></table>"])
