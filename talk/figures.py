"""The pictures of the talk, by name. Each is drawn by :mod:`mmtutorial.plots` or is a frame of an explorer."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from mmtutorial import plots
from mmtutorial.artifacts import load_artifact
from mmtutorial.datasets import SegmentationDataset, open_dataset
from mmtutorial.embedding import tsne
from mmtutorial.graph import connected_graph, random_triplets
from mmtutorial.patches import PatchBatch, sample_patches
from mmtutorial.plots import Interval, Picture, style
from mmtutorial.plots.picture import styled
from mmtutorial.randomness import seeded
from mmtutorial.reports.reproduction_pictures import ablation_shots, beside_shot
from mmtutorial.reproduction import paper
from mmtutorial.reproduction.beside import beside, columns
from mmtutorial.widgets import TripletExplorer
from talk.record import MAIN, Record


@dataclass(frozen=True)
class Image:
    """A picture: its ``data:`` address, the words that stand for it, and what is written above it."""

    src: str
    alt: str
    caption: str = ""


TASKS = {
    "colorization": "Image colorization",
    "jigsaw": "Solving jigsaw puzzles",
    "splitbrain": "Cross channel prediction",
    "inpainting": "Image in-painting",
}
"""Those of the authors' slide, and what it calls them."""
VARIANTS = ("random", "random+more", "random+triplets", "random+equal-triplets", "random+graph", "random+shuffled")
PREDICTED = ("random", "random+more", "random+triplets", "random+graph")
SHARES = {"good": (0.9, 0.7), "failures": (0.1, 0.02)}
"""Which test images are shown: their places in the ranking by the tuned arm, 0 the worst and 1 the best."""
DPI = 150


def drawn(picture: Picture, *, photo: bool = False) -> Image:
    """Lines and type as SVG, which stays sharp; pixels as PNG."""
    return Image(picture.data_uri("png" if photo else "svg", dpi=DPI), picture.alt)


def proxies(record: Record) -> list[Image]:
    """What the four tasks of the authors' slide look like, learned by our networks: three pictures each."""
    tasks = load_artifact("proxy-tasks")
    captions = dict(zip(tasks.names, tasks.captions.tolist(), strict=True))
    found = []
    for name, title in TASKS.items():
        rows = [row[:3] for row in tasks.pictures(name)]
        found.append(replace(drawn(plots.proxy_rows(rows, captions[name], title=name), photo=True), caption=title))
    return found


def gap(record: Record) -> list[Image]:
    """The rows without M&M of the slides' table, ours beside them."""
    block = record.block(MAIN)
    rows = [row for row in paper.METHODS if row.backbone == paper.ALEXNET and "+" not in row.arm]
    shot = beside_shot(beside(rows, record.reproduction, *block), *block)
    return [Image(shot.src, shot.alt)]


def before_after(record: Record) -> list[Image]:
    """Held-out patches before and after tuning."""
    frames = load_artifact("tuning-frames")
    first, last = frames.tsne[-1, 0], frames.tsne[-1, -1]
    purity = record.purity_value("before"), record.purity_value("graph")
    return [drawn(plots.before_after(first, last, frames.labels, frames.classes, purity=purity))]


def seen(record: Record) -> list[Image]:
    """The same for patches of the images that were tuned on."""
    arms, classes = record.tuning, open_dataset("scenes").classes
    first, last = (tsne(arms.embeddings(name, seen=True)) for name in ("before", "graph"))
    purity = record.purity_value("before", "seen"), record.purity_value("graph", "seen")
    return [drawn(plots.before_after(first, last, arms.labels_seen, classes, purity=purity))]


@cache
def _scenes() -> tuple[SegmentationDataset, PatchBatch]:
    scenes = open_dataset("scenes", labeled=16)
    images, masks = zip(*scenes, strict=True)
    return scenes, sample_patches(images, masks, per_image=4, side=(24, 48), output_size=48, generator=seeded(3))


def mix(record: Record) -> list[Image]:
    """An image with its patches, and the heap of patches of many."""
    scenes, patches = _scenes()
    image, mask = scenes.arrays(0)
    own = (patches.image_index == 0).nonzero().flatten().numpy()
    labels = patches.labels.numpy()
    boxes = plots.patch_boxes(image, mask, patches.boxes.numpy()[own], labels[own], scenes.classes)
    return [
        drawn(boxes),
        drawn(plots.patch_grid(patches.images.numpy(), labels, scenes.classes, columns=9), photo=True),
    ]


def match(record: Record) -> list[Image]:
    """Random triplets and the connected graph over the same patches."""
    scenes, patches = _scenes()
    connected = connected_graph(patches.labels, generator=seeded(1)).triplets.numpy()
    scattered = random_triplets(patches.labels, generator=seeded(1)).triplets.numpy()
    return [drawn(plots.graph_pair(patches.labels.numpy(), connected, scattered, scenes.classes))]


def triplet(record: Record) -> list[Image]:
    """A triplet on its circle, with the margin of the reproduction."""
    frame = TripletExplorer().static(margin=record.reproduction.settings["preset"]["tuning"]["margin"])
    return [Image("data:image/png;base64," + base64.b64encode(frame.png).decode("ascii"), frame.alt)]


@styled
def _formulas(lines: Sequence[str], alt: str) -> Picture:
    figure = style.new_figure(12, 0.85 * len(lines))
    for place, line in enumerate(lines):
        height = 1 - (place + 0.5) / len(lines)
        figure.text(0.5, height, line, ha="center", va="center", fontsize=24, parse_math=True)
    return Picture(figure, alt)


def formula(record: Record) -> list[Image]:
    """The loss and its distance, as on the authors' slide."""
    loss = r"$L = \frac{1}{N}\sum_i \max\{D(P_a^i, P_p^i) - D(P_a^i, P_n^i) + \alpha,\; 0\}$"
    distance = r"$D(P_i, P_j) = \left\|\; x_i/\|x_i\|_2 \; - \; x_j/\|x_j\|_2 \;\right\|^2$"
    said = (
        "The loss is the mean over triplets of the larger of zero and: the distance from anchor to positive, less the "
        "distance from anchor to negative, plus the margin alpha. The distance of two patches is the squared length of "
        "the difference of their features, each divided by its length."
    )
    return [drawn(_formulas((loss, distance), said))]


def control(record: Record) -> list[Image]:
    """Gains over the fair control, of every column of the slides' benchmark table."""
    pairs = [
        (f"{b.name}, {n.name}:\n{column.printed.pretrain}", column)
        for b, n in record.reproduction.blocks()
        for column in columns(record.reproduction, b, n)
    ]
    gains = [(name, found.fair_lift) for name, found in pairs if found.fair_lift]
    return [drawn(plots.difference_intervals([Interval(n, d.value, d.interval, d.per_seed) for n, d in gains]))]


def arms(record: Record) -> list[Image]:
    """The method, its controls and what is left when a part of it is taken away, from random weights."""
    rows = [record.row(name) for name in VARIANTS]
    return [drawn(plots.arm_intervals([Interval(r.arm, r.mean, r.interval, r.miou) for r in rows]))]


def good(record: Record) -> list[Image]:
    """Test images that the tuned arm does well."""
    return list(_predictions(SHARES["good"]))


def failures(record: Record) -> list[Image]:
    """Test images that it does badly."""
    return list(_predictions(SHARES["failures"]))


def _predictions(shares: Sequence[float]) -> Iterator[Image]:
    results, scenes = load_artifact("segmentation-results"), open_dataset("scenes", split="test")
    scores = {arm: results.image_miou(arm) for arm in PREDICTED}
    ranking = torch.argsort(scores[PREDICTED[-1]])
    for share in shares:
        index = int(ranking[int(share * len(ranking))])
        image, truth = scenes.arrays(index)
        masks = np.stack([results.masks(arm)[index].numpy() for arm in PREDICTED])
        miou = [100 * float(scores[arm][index]) for arm in PREDICTED]
        yield drawn(plots.predictions(image, truth, masks, PREDICTED, miou, scenes.classes), photo=True)


def labels(record: Record) -> list[Image]:
    """MIoU against the number of labelled images."""
    return [
        Image(shot.src, shot.alt) for found, shot in ablation_shots(record.reproduction) if found.setting == "labeled"
    ]


def photos(record: Record) -> list[Image]:
    """Arms on photographs, from docs/results.md."""
    return [drawn(plots.arm_intervals(record.photo_rows))]


FIGURES: dict[str, Callable[[Record], list[Image]]] = {
    made.__name__: made
    for made in (
        proxies,
        gap,
        before_after,
        seen,
        mix,
        match,
        triplet,
        formula,
        control,
        arms,
        good,
        failures,
        labels,
        photos,
    )
}


def shown(record: Record, name: str, which: int | None = None) -> str:
    """The pictures of a name as HTML; or one of them, from 0."""
    found = _made(record, name)
    chosen = found if which is None else found[which : which + 1]
    return "\n".join(_written(image) for image in chosen)


def _written(image: Image) -> str:
    caption = f"<figcaption>{html.escape(image.caption)}</figcaption>" if image.caption else ""
    return f'<figure>{caption}<img src="{image.src}" alt="{html.escape(image.alt, quote=True)}"></figure>'


@cache
def _made(record: Record, name: str) -> list[Image]:
    return FIGURES[name](record)
