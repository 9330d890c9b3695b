"""Gathers all that the page of a reproduction shows, and writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmtutorial import words
from mmtutorial.reports import reproduction_pictures as pictures
from mmtutorial.reports.reproduction_sentences import interval_text, lead, missing_sentence, said_topics
from mmtutorial.reports.run import flat, iou_rows, page_template
from mmtutorial.reports.writing import write_page
from mmtutorial.reproduction import paper
from mmtutorial.reproduction.afterwards import after
from mmtutorial.reproduction.beside import beside, columns, missing, parts, rank_agreements
from mmtutorial.results.folder import ReproductionFolder
from mmtutorial.results.reading import read_reproduction
from mmtutorial.results.records import mean
from mmtutorial.results.reproduction import Benchmark, OurNetwork, ProxyRow, Reproduction


def write_reproduction_report(out: Path, *, force: bool = False) -> Path:
    """Writes ``reproduction.html`` into the folder of a reproduction, finished or not.

    Args:
        out: The folder with ``reproduction.json``. Rows and pictures that are not there are named or left out.
        force: Overwrite a page that the program did not write, or that was changed since.

    Returns:
        The path of the page. It loads nothing from elsewhere.

    Raises:
        InputError: ``reproduction.json`` is missing or unusable, a file of arrays is damaged, or the page cannot
            be written.
    """
    out = Path(out)
    template = page_template("reproduction.html.j2")
    template.environment.filters["interval"] = interval_text
    page = template.render(view(out, read_reproduction(out)))
    return write_page(ReproductionFolder(out).page, page, force=force)


def view(out: Path, reproduction: Reproduction) -> dict[str, Any]:
    """Gathers everything that the template shows; a part that the run lacks is None or empty."""
    said = said_topics(reproduction)
    return {
        "about": reproduction,
        "benchmarks": reproduction.benchmarks,
        "networks": reproduction.networks,
        "spoken": paper.SPOKEN,
        "duration": duration(reproduction.seconds),
        "one_seed": max((len(row.seeds) for row in reproduction.rows), default=0) == 1,
        "topics": said,
        "lead": lead(said),
        "findings": sum(len(topic.findings) for topic in said),
        "missing": [missing_sentence(lack) for lack in missing(reproduction)],
        "tables": list(tables(reproduction)),
        "ranks": rank_agreements(reproduction),
        "blocks": [block(reproduction, b, n) for b, n in reproduction.blocks()],
        "proxies": [proxy_row(proxy) for proxy in reproduction.proxies],
        "proxy_pictures": list(pictures.proxy_pictures(out, reproduction)),
        "embeddings": list(pictures.embedding_pictures(out, reproduction)),
        "predictions": list(pictures.predicted_strips(out, reproduction)),
        "ablations": list(pictures.ablation_shots(reproduction)),
        "settings": list(flat(reproduction.settings)),
        "paper": paper,
    }


def tables(reproduction: Reproduction) -> Iterator[dict[str, Any]]:
    """Yields, for each of our benchmarks and networks, the slides' tables for which it stands."""
    for benchmark, network in reproduction.blocks():
        place = benchmark.stands_for, network.stands_for
        figures = [row for row in paper.METHODS if (row.benchmark, row.backbone) == place]
        methods = beside(figures, reproduction, benchmark, network)
        found = columns(reproduction, benchmark, network)
        drawn = methods or beside(paper.benchmark_figures(*place), reproduction, benchmark, network)
        ours = reproduction.block_rows(benchmark.name, network.name)
        yield {
            "benchmark": benchmark,
            "network": network,
            "methods": methods,
            "columns": found,
            "parts": parts(reproduction, benchmark, network),
            "after": after(reproduction, benchmark, network),
            "printed": bool(drawn),
            "shot": pictures.beside_shot(drawn, benchmark, network) if drawn else pictures.rows_shot(ours),
        }


def block(reproduction: Reproduction, benchmark: Benchmark, network: OurNetwork) -> dict[str, Any]:
    """All rows of one of our benchmarks and networks: as they are, class by class, paired, and confused."""
    place = benchmark.name, network.name
    rows = reproduction.block_rows(*place)
    return {
        "benchmark": benchmark,
        "network": network,
        "rows": rows,
        "iou": list(iou_rows(rows)),
        "confusions": list(pictures.confusion_shots(rows, benchmark.classes)),
        "comparisons": [c for c in reproduction.block_differences(*place) if alike(c.a, c.b)],
    }


def alike(a: str, b: str) -> bool:
    """Whether two arms differ in one thing: the pre-training or what follows it. Ensembles go with all."""
    (start, _, rest), (other, _, other_rest) = a.partition("+"), b.partition("+")
    return "&" in a + b or start == other or rest == other_rest


def proxy_row(proxy: ProxyRow) -> dict[str, Any]:
    """One row of the table of proxy tasks: means over seeds, and in how many seeds the trivial score was beaten."""
    pairs = [(v, t) for v, t in zip(proxy.value, proxy.trivial, strict=False) if v is not None and t is not None]
    return {
        "proxy": proxy,
        "value": mean(proxy.value),
        "trivial": mean(proxy.trivial),
        "beaten": sum(v > t if proxy.higher_is_better else v < t for v, t in pairs),
        "of": len(pairs),
        "purity": mean(proxy.purity),
        "random_purity": mean(proxy.random_purity),
    }


def duration(seconds: Any) -> str | None:
    """Seconds as a reader says them; None for none."""
    if not isinstance(seconds, int | float):
        return None
    if seconds < 90:
        return words.count(round(seconds), "second")
    return words.count(round(seconds / 60), "minute") if seconds < 5400 else f"{words.number(seconds / 3600)} hours"
