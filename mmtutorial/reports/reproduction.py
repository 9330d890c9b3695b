"""Gathers all that the page of a reproduction shows, and writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmtutorial import words
from mmtutorial.files import write_bytes
from mmtutorial.reports import reproduction_pictures as pictures
from mmtutorial.reports.run import flat, iou_rows, page_template
from mmtutorial.reports.sentences import interval_text, lead, missing_sentence, said_topics
from mmtutorial.reproduction import paper
from mmtutorial.reproduction.beside import beside, columns, missing, parts, rank_agreements
from mmtutorial.results.reading import Arm, Comparison, Results
from mmtutorial.results.reproduction import Benchmark, Network, Proxy, Reproduction
from mmtutorial.results.reproduction_file import read_reproduction

PAGE = "reproduction.html"


def write_reproduction_report(out: Path) -> Path:
    """Writes ``reproduction.html`` into the folder of a reproduction, finished or not.

    Args:
        out: The folder with ``reproduction.json``. Rows and pictures that are not there are named or left out.

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
    write_bytes(out / PAGE, page.encode("utf-8"))
    return out / PAGE


def view(out: Path, reproduction: Reproduction) -> dict[str, Any]:
    """Gathers everything that the template shows; a part that the run lacks is None or empty."""
    said = said_topics(reproduction)
    about = reproduction.about
    return {
        "about": about,
        "benchmarks": reproduction.benchmarks,
        "networks": reproduction.networks,
        "spoken": paper.SPOKEN,
        "duration": duration(about.get("seconds")),
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
        "predictions": list(pictures.prediction_pictures(out, reproduction)),
        "ablations": list(pictures.ablation_shots(reproduction)),
        "settings": list(flat(about.get("settings") or {})),
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
            "printed": bool(drawn),
            "shot": pictures.beside_shot(drawn, benchmark, network) if drawn else pictures.rows_shot(ours),
        }


def block(reproduction: Reproduction, benchmark: Benchmark, network: Network) -> dict[str, Any]:
    """All rows of one of our benchmarks and networks: as they are, class by class, paired, and confused."""
    results = as_results(reproduction, benchmark, network)
    return {
        "benchmark": benchmark,
        "network": network,
        "results": results,
        "iou": list(iou_rows(results)),
        "confusions": list(pictures.confusion_shots(results)),
        "comparisons": [
            c.difference
            for c in reproduction.comparisons
            if (c.benchmark, c.network) == (benchmark.name, network.name) and alike(c.difference.a, c.difference.b)
        ],
    }


def alike(a: str, b: str) -> bool:
    """Whether two arms differ in one thing: the pre-training or what follows it. Ensembles go with all."""
    (start, _, rest), (other, _, other_rest) = a.partition("+"), b.partition("+")
    return "&" in a + b or start == other or rest == other_rest


def as_results(reproduction: Reproduction, benchmark: Benchmark, network: Network) -> Results:
    """The rows of one benchmark and network as the results of a run, so that the page of a run can draw them."""
    arms = tuple(
        Arm(
            name=row.arm,
            pretraining=row.pretraining,
            tuning=row.tuning,
            head="",
            seeds=row.seeds,
            miou=row.miou,
            mean=row.mean,
            interval=row.interval,
            class_iou=row.class_iou,
            confusion=row.confusion,
            steps=row.steps,
            seconds=sum(row.seconds) / len(row.seconds) if row.seconds else None,
            purity=row.purity,
        )
        for row in reproduction.block_rows(benchmark.name, network.name)
    )
    comparisons = tuple(
        Comparison(c.difference.a, c.difference.b, c.difference.value, c.difference.interval)
        for c in reproduction.comparisons
        if (c.benchmark, c.network) == (benchmark.name, network.name)
    )
    return Results(benchmark.classes, arms, comparisons)


def proxy_row(proxy: Proxy) -> dict[str, Any]:
    """One row of the table of proxy tasks: means over seeds, and in how many seeds the trivial score was beaten."""
    pairs = [pair for pair in zip(proxy.value, proxy.trivial, strict=False) if not np.isnan(pair).any()]
    beaten = sum(v > t if proxy.higher_is_better else v < t for v, t in pairs)
    value, trivial, purity, random = (
        float(np.nanmean(values)) if np.isfinite(values).any() else None
        for values in (proxy.value, proxy.trivial, proxy.purity, proxy.random_purity)
    )
    return {
        "proxy": proxy,
        "value": value,
        "trivial": trivial,
        "beaten": beaten,
        "of": len(pairs),
        "purity": purity,
        "random_purity": random,
    }


def duration(seconds: Any) -> str | None:
    """Seconds as a reader says them; None for none."""
    if not isinstance(seconds, int | float):
        return None
    if seconds < 90:
        return words.count(round(seconds), "second")
    return words.count(round(seconds / 60), "minute") if seconds < 5400 else f"{words.number(seconds / 3600)} hours"
