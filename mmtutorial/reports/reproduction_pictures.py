"""The figures of the page of a reproduction, from its numbers and from the arrays that lie beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmtutorial import plots, words
from mmtutorial.datasets.classes import ClassTable
from mmtutorial.errors import InputError
from mmtutorial.plots.beside import Family
from mmtutorial.plots.picture import Format, Picture
from mmtutorial.reports.run import Shot
from mmtutorial.reports.strips import Strips, strips
from mmtutorial.reproduction.beside import Beside
from mmtutorial.reproduction.paper import SPOKEN
from mmtutorial.results.folder import ReproductionFolder
from mmtutorial.results.reading import Arrays, read_arrays, stored_purity
from mmtutorial.results.reproduction import AblationScores, Benchmark, OurNetwork, Reproduction, Row

DPI = 90
"""Less than on the page of a run: there are far more pictures here."""
WIDE = 8
"""Where the largest value of a setting is so many times the least, the axis is logarithmic."""
MAPS = ("random+graph", "colorization+graph", "jigsaw+graph")
"""Tunings whose embedding is shown."""
PREDICTED = ("classification", "imagenet", "colorization", "colorization+graph", "random+graph")
"""Arms whose predictions are shown, as far as there are any; the slides show all but the last."""
SHOWN_OF_EACH_KIND = {"best": 1, "worst": 2}
"""How many pictures of each kind: the failures teach most."""


CONFUSED = ("colorization", "colorization+graph")
"""Arms whose confusion matrix is shown: before and after tuning."""


@dataclass(frozen=True)
class Captioned:
    """A picture with its heading and caption."""

    heading: str
    shot: Shot
    caption: str = ""


def family(arm: str) -> Family:
    """What kind of arm a name stands for."""
    if "&" in arm:
        return "ensemble"
    if "+" in arm:
        return "tuned"
    return "supervised" if arm == "classification" else "random" if arm == "random" else "proxy"


def beside_shot(rows: list[Beside], benchmark: Benchmark, network: OurNetwork) -> Shot:
    """Draws one table of the slides and ours beside it."""
    pairs = [
        plots.Pair(
            row.printed.method,
            row.printed.miou,
            row.printed.arm,
            row.ours.mean if row.ours else None,
            family(row.printed.arm),
            row.ours.interval if row.ours else None,
            row.ours.miou if row.ours else (),
        )
        for row in rows
    ]
    theirs = f"Slides: {SPOKEN[benchmark.stands_for]}, {network.stands_for}"
    return shot(plots.ours_beside_theirs(pairs, theirs=theirs, ours=f"Ours: {benchmark.name}, {network.name}"), "svg")


def rows_shot(rows: Sequence[Row]) -> Shot:
    """Draws rows of ours for which the slides have nothing."""
    return shot(plots.arm_intervals([plots.Interval(r.arm, r.mean, r.interval, r.miou) for r in rows]), "svg")


def ablation_shots(reproduction: Reproduction) -> Iterator[tuple[AblationScores, Shot]]:
    """Yields each ablation with its curves; an arm has the same look in all of them."""
    order = tuple(dict.fromkeys(point.arm for ablation in reproduction.ablations for point in ablation.points))
    for ablation in reproduction.ablations:
        if ablation.points:
            yield ablation, _ablation_shot(ablation, order)


def _ablation_shot(ablation: AblationScores, order: Sequence[str]) -> Shot:
    """Numbers of labelled images, and others that reach far, are on a logarithmic axis."""
    arms: dict[str, list[plots.Setting]] = {}
    for point in ablation.points:
        arms.setdefault(point.arm, []).append(plots.Setting(point.value, point.mean, point.interval))
    values = [point.value for point in ablation.points if isinstance(point.value, float) and point.value > 0]
    wide = len(values) == len(ablation.points) and max(values) >= WIDE * min(values)
    title = f"{ablation.benchmark}, {ablation.network}"
    log = wide or ablation.setting == "labeled"
    return shot(plots.ablation_curves(arms, title=title, setting=ablation.title, log=log, order=order), "svg")


def proxy_pictures(out: Path, reproduction: Reproduction) -> Iterator[dict[str, Any]]:
    """Yields what each proxy task looks like, once: from the first benchmark and network that stored it."""
    for name in dict.fromkeys(proxy.name for proxy in reproduction.proxies):
        for benchmark, network in reproduction.blocks():
            needed = ("sees", "target", "prediction", "captions", "shortcut")
            arrays = _arrays(ReproductionFolder(out).run(benchmark.name, network.name).proxy_picture(name), needed)
            if arrays is None:
                continue
            rows = [arrays[row] for row in ("sees", "target", "prediction")]
            picture = plots.proxy_rows(rows, [str(c) for c in arrays["captions"]], title=name)
            place = f"{benchmark.name}, {network.name}"
            yield {"name": name, "place": place, "shortcut": str(arrays["shortcut"]), "shot": shot(picture, "jpeg")}
            break


def embedding_pictures(out: Path, reproduction: Reproduction) -> Iterator[Captioned]:
    """Yields the t-SNE maps before and after the tunings of :data:`MAPS`."""
    for benchmark, network in reproduction.blocks():
        for arm in MAPS:
            needed = ("labels", "before_tsne", "after_tsne", "before_purity", "after_purity")
            arrays = _arrays(ReproductionFolder(out).run(benchmark.name, network.name).embedding(arm), needed)
            if arrays is None:
                continue
            purity = stored_purity(arrays)
            picture = plots.before_after(
                arrays["before_tsne"], arrays["after_tsne"], arrays["labels"], benchmark.classes, purity=purity
            )
            heading = f"{benchmark.name}, {network.name}: {arm}"
            caption = f"t-SNE of {words.count(len(arrays['labels']), 'held-out patch', 'held-out patches')}."
            yield Captioned(heading, shot(picture, "png"), caption)


def predicted_strips(out: Path, reproduction: Reproduction) -> Iterator[tuple[str, Strips]]:
    """Yields a few predictions of each benchmark and network, two of the worst among them, under their names."""
    for benchmark, network in reproduction.blocks():
        path = ReproductionFolder(out).run(benchmark.name, network.name).predictions
        arrays = _arrays(path, ("kinds", "ids", "arms"))
        if arrays is None:
            continue
        parts = ("image", "truth", "prediction", "miou")
        _need(path, arrays, [f"{part}_{i}" for part in parts for i in range(len(arrays["kinds"]))])
        names = [str(arm) for arm in arrays["arms"]]
        arms = [arm for arm in PREDICTED if arm in names] or names[:4]
        yield f"{benchmark.name}, {network.name}", strips(arrays, benchmark.classes, arms=arms, most=SHOWN_OF_EACH_KIND)


def confusion_shots(rows: Sequence[Row], classes: ClassTable) -> Iterator[Shot]:
    """Yields the confusion matrices of the arms of :data:`CONFUSED`, or of the first arm where none has one."""
    known = {row.arm: row.confusion for row in rows if row.confusion is not None}
    for name in [name for name in CONFUSED if name in known] or list(known)[:1]:
        yield shot(plots.confusion_matrix(known[name], classes, title=name), "png")


def shot(picture: Picture, format: Format) -> Shot:
    """Embeds a picture."""
    return Shot(picture.data_uri(format, dpi=DPI), picture.alt)


def _arrays(path: Path, needed: tuple[str, ...]) -> Arrays | None:
    arrays = read_arrays(path)
    if arrays is not None:
        _need(path, arrays, list(needed))
    return arrays


def _need(path: Path, arrays: Arrays, names: list[str]) -> None:
    lacking = [name for name in names if name not in arrays]
    if lacking:
        raise InputError(f"{path} lacks {', '.join(lacking)}; delete it and run again with --resume")
