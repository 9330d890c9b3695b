"""One page that stands alone: what a run found, how sure that is, and how it was made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from mmtutorial import plots, words
from mmtutorial.errors import InputError
from mmtutorial.plots import tables
from mmtutorial.plots.curves import Curve
from mmtutorial.plots.picture import Format, Picture
from mmtutorial.reports.run_sentences import findings, summary
from mmtutorial.reports.strips import hero_arms, strips
from mmtutorial.reports.writing import write_page
from mmtutorial.results.folder import RunFolder, StageName
from mmtutorial.results.reading import Arrays, read_arrays, read_curves, read_results, stored_purity
from mmtutorial.results.records import ArmScores, Results

STARTS = {"random": "random weights"}
TUNINGS = {
    "none": "none",
    "more": "none, but its steps",
    "probe": "none; a linear head on features as they are",
    "graph": "connected graph",
    "triplets": "random triplets",
    "random-triplets": "random triplets",
}
ONE_OF_EACH = {"best": 1, "median": 1, "worst": 1}
"""The images of the first picture."""
ARM_CAPTION = (
    "Small rings: single seeds. Large dot: their mean, written at the right. Bar: 95 % interval of the mean. Bars that "
    "overlap do not settle a comparison, because arms share their seeds; the paired differences do."
)


@dataclass(frozen=True)
class Shot:
    """An embedded picture: its ``data:`` address and its alt text."""

    src: str
    alt: str


def write_report(out: Path, *, force: bool = False) -> Path:
    """Writes ``report.html`` into the folder of a finished run.

    Args:
        out: The run's folder. Logs and pictures that are not there are left out of the page.
        force: Overwrite a page that the program did not write, or that was changed since.

    Returns:
        The path of the page. It loads nothing from elsewhere.

    Raises:
        InputError: ``results.json`` is missing or unusable, a file of arrays is damaged, or the page cannot
            be written.
    """
    out = Path(out)
    results = read_results(out)
    try:
        page = page_template("report.html.j2").render(view(out, results))
    except KeyError as error:
        raise InputError(
            f"a file in {RunFolder(out).patches.parent} lacks {error}; run the experiment again"
        ) from error
    return write_page(RunFolder(out).page, page, force=force)


def view(out: Path, results: Results) -> dict[str, Any]:
    """Gathers everything that the template shows; a part that the run lacks is None or empty."""
    patches, predicted = read_arrays(RunFolder(out).patches), read_arrays(RunFolder(out).predictions)
    models, predict = trained(out, results)
    first = hero_arms([arm.arm for arm in results.arms])
    return {
        "about": results,
        "classes": results.classes,
        "arms": [arm_row(arm) for arm in results.arms],
        "one_seed": max(len(arm.seeds) for arm in results.arms) == 1,
        "summary": summary(results),
        "findings": list(findings(results)),
        "arm_plot": arm_plot(results),
        "cost_plot": cost_plot(results),
        "difference_plot": difference_plot(results),
        "curves": list(curve_plots(out, results)),
        "patches": patch_plots(patches, results) if patches else None,
        "embeddings": list(embedding_plots(out, results)),
        "hero": strips(predicted, results.classes, arms=first, most=ONE_OF_EACH) if predicted else None,
        "predictions": strips(predicted, results.classes) if predicted else None,
        "arm_caption": ARM_CAPTION,
        "models": models,
        "predict": predict,
        "iou_table": list(iou_rows(results.arms)),
        "confusions": list(confusion_plots(results)),
        "settings": list(flat(results.settings)),
    }


def arm_row(arm: ArmScores) -> dict[str, Any]:
    """Returns one row of the table of arms, with its codes in words."""
    start = STARTS.get(arm.pretraining, arm.pretraining)
    # Without tuning the arm's name says what comes in its place.
    code = (arm.tuning == "none" and arm.arm.partition("+")[2]) or arm.tuning
    return {"arm": arm, "start": start, "tuning": TUNINGS.get(code, code)}


def arm_plot(results: Results) -> Shot:
    """Draws the arms with their single seeds."""
    rows = [plots.Interval(arm.arm, arm.mean, arm.interval, arm.miou) for arm in results.arms]
    return _shot(plots.arm_intervals(rows), "svg")


def cost_plot(results: Results) -> Shot | None:
    """Draws what each arm reached over the time it took; None where fewer than two arms say what they took."""
    spent = [(arm, arm.mean_seconds) for arm in results.arms]
    rows = [plots.Spent(arm.arm, seconds, arm.mean, arm.interval) for arm, seconds in spent if seconds]
    return _shot(plots.accuracy_for_time(rows), "svg") if len(rows) > 1 else None


def difference_plot(results: Results) -> Shot | None:
    """Draws the paired differences."""
    rows = [
        plots.Interval(f"{c.a} \N{MINUS SIGN} {c.b}", c.value, c.interval, results.paired(c))
        for c in results.comparisons
    ]
    return _shot(plots.difference_intervals(rows), "svg") if rows else None


def curve_plots(out: Path, results: Results) -> Iterator[dict[str, Any]]:
    """Yields the curves of each stage that left logs."""
    seeds = {seed for arm in results.arms for seed in arm.seeds}
    order = [arm.arm for arm in results.arms]
    stages: dict[StageName, tuple[str, dict[str, str]]] = {
        "proxy": ("Proxy task", {arm.pretraining: arm.pretraining for arm in results.arms}),
        "tuning": ("Tuning", {folder: arm.arm for arm in results.arms for folder in arm.tuned_folders}),
        "segmentation": ("Segmentation", {name: name for name in order}),
    }
    for stage, (title, names) in stages.items():
        runs = read_curves(out, stage, names, seeds)
        losses = _quantity(runs, "loss")
        if losses:
            yield {
                "stage": stage,
                "shot": _shot(plots.loss_curves(losses, title=title, order=order if stage != "proxy" else ()), "svg"),
            }
        parts = [_quantity(runs, key) for key in ("positive_distance", "negative_distance", "active_share")]
        if stage == "tuning" and parts[0] and parts[0].keys() == parts[1].keys() == parts[2].keys():
            yield {"stage": "distances", "shot": _shot(plots.tuning_curves(*parts, order=order), "svg")}


def patch_plots(arrays: Arrays, results: Results) -> dict[str, Any]:
    """Draws the image with its boxes, the batch, and the two graphs over it."""
    classes, labels = results.classes, arrays["labels"]
    boxes = plots.patch_boxes(arrays["image"], arrays["mask"], arrays["boxes"], arrays["box_labels"], classes)
    random, connected = (plots.graph_facts(labels, arrays[f"{kind}_triplets"]) for kind in ("random", "graph"))
    pair = plots.graph_pair(labels, arrays["graph_triplets"], arrays["random_triplets"], classes)
    return {
        "boxes": _shot(boxes, "jpeg"),
        "grid": _shot(plots.patch_grid(arrays["patches"], labels, classes), "jpeg"),
        "graph": _shot(pair, "png"),
        "count": len(labels),
        "images": len(np.unique(arrays["image_index"])),
        "random": random,
        "connected": connected,
        "per_class": {int(i): int(n) for i, n in zip(*np.unique(labels, return_counts=True), strict=True)},
    }


def embedding_plots(out: Path, results: Results) -> Iterator[dict[str, Any]]:
    """Yields the maps before and after for each tuning that stored them."""
    folders = {folder: arm.arm for arm in results.arms for folder in arm.tuned_folders}
    for folder, name in folders.items():
        arrays = read_arrays(RunFolder(out).embedding(folder))
        if arrays is None:
            continue
        purity = stored_purity(arrays)
        shots = {}
        for method, title, height in (("tsne", "t-SNE", 5.4), ("pca", "PCA", 3.8)):
            before, after = arrays[f"before_{method}"], arrays[f"after_{method}"]
            picture = plots.before_after(
                before, after, arrays["labels"], results.classes, method=title, purity=purity, height=height
            )
            shots[method] = _shot(picture, "png")
        yield {"name": name, "purity": purity, "count": len(arrays["labels"]), **shots}


def trained(out: Path, results: Results) -> tuple[list[str], str]:
    """Returns the weights that lie in the folder, and the command that segments photos with those of the best arm."""
    folder = RunFolder(out)
    models = [folder.stage(seed, "segmentation", arm.arm).model for arm in results.arms for seed in arm.seeds]
    best = max(results.arms, key=lambda arm: arm.mean)
    command = ["mmtutorial", "predict", "--checkpoint", str(out.resolve()), "--arm", best.arm]
    there = [model.relative_to(out).as_posix() for model in models if model.exists()]
    return there, shlex.join([*command, "--images", "PHOTOS", "--out", "MASKS"])


def iou_rows(arms: Sequence[ArmScores]) -> Iterator[dict[str, Any]]:
    """Yields per-class IoU, the mean over seeds, with the shade of each cell."""
    for arm in arms:
        if any(arm.per_class_iou):
            cells = [(value, tables.shade(value)) for value in arm.class_means]
            yield {"name": arm.arm, "cells": cells, "mean": arm.mean}


def confusion_plots(results: Results) -> Iterator[Shot]:
    """Yields the confusion matrix of the first arm and of the arm that gained most in a comparison."""
    best = max(results.arms, key=lambda arm: arm.mean)
    if results.comparisons:
        gained = max(results.comparisons, key=lambda c: c.value)
        best = results.arm(gained.a) or best
    for arm in {a.arm: a for a in (results.arms[0], best)}.values():
        if arm.confusion is not None:
            yield _shot(plots.confusion_matrix(arm.confusion, results.classes, title=arm.arm), "png")


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yields nested settings as ``tuning.margin`` and its value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def page_template(name: str) -> jinja2.Template:
    """A template of the package, with numbers and spans said in the house's words; a name it lacks is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mmtutorial.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = {"number": words.number, "signed": words.signed, "span": words.span, "amount": words.count}
    environment.filters.update(said)
    return environment.get_template(name)


def _quantity(runs: Mapping[str, Mapping[str, list[Curve]]], key: str) -> dict[str, list[Curve]]:
    return {name: run[key] for name, run in runs.items() if key in run}


def _shot(picture: Picture, format: Format) -> Shot:
    return Shot(picture.data_uri(format, dpi=130), picture.alt)
