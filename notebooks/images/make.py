"""Make the first picture of each notebook again: ``python -m notebooks.images.make``, or with numbers, such as 03.

Everything is drawn by the package itself: scenes and streets, its explorers, and runs that ship with it. What a picture
shows is said in words in ``notebooks/index.toml``. The one of notebook 00 moves: it plays once, in under five seconds,
and begins and ends with the whole picture, so that it stands still for good where nothing may move, and in print.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mmtutorial.artifacts import load_artifact
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.datasets import open_dataset
from mmtutorial.patches import sample_patches
from mmtutorial.plots import style
from mmtutorial.randomness import seeded
from mmtutorial.results import read_reproduction
from mmtutorial.widgets import GraphExplorer
from mmtutorial.widgets.patch_looks import looks_by
from mmtutorial.widgets.pipeline_map import scene_stages
from mmtutorial.widgets.toolkit.canvas import Canvas, Point
from mmtutorial.widgets.toolkit.charts import Chart
from mmtutorial.widgets.toolkit.marks import cloud

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1200, 330
STORED = 1000
_BIG, _SMALL = 28, 22
_BLUE, _ORANGE, _RED = style.SAFE_COLOURS[0], style.SAFE_COLOURS[1], style.SAFE_COLOURS[3]

Pixels = NDArray[np.uint8]


def sheet(height: int = HEIGHT) -> Canvas:
    """A white sheet."""
    return Canvas(WIDTH, height)


def row(
    tiles: list[tuple[str, Pixels]], *, arrows: bool = False, seen: int | None = None, height: int = HEIGHT
) -> Canvas:
    """Square tiles side by side with their names; those not seen yet are empty frames."""
    canvas, gap = sheet(height), 44 if arrows else 22
    side = min((WIDTH - 16 - gap * (len(tiles) - 1)) / len(tiles), height - 64)
    left = (WIDTH - side * len(tiles) - gap * (len(tiles) - 1)) / 2
    for place, (name, pixels) in enumerate(tiles):
        x = left + place * (side + gap)
        if seen is None or place <= seen:
            canvas.picture(pixels, x, 52, side, side)
            canvas.text(x + side / 2, 36, name, size=_SMALL, bold=True, anchor="ms", fit=side)
        canvas.box(
            x - 1, 51, x + side + 1, 53 + side, edge=style.FAINT if seen is None or place <= seen else style.PALE
        )
        if place and arrows:
            canvas.arrow((x - gap + 6, 52 + side / 2), (x - 6, 52 + side / 2), style.INK, 4, 14)
    return canvas


def start() -> list[Image.Image]:
    """Picture, patches, graph, clusters, mask; each comes in its turn."""
    stages = {stage.name: stage for stage in scene_stages()}
    after = [
        ("picture", stages["Segment"].input),
        ("patches", stages["Mix"].output),
        ("graph", stages["Match"].output),
        ("clusters", stages["Tune"].output),
        ("mask", stages["Segment"].output),
    ]
    before = [*after[:3], ("clusters?", stages["Tune"].input), after[4]]
    turns = [(before, 0), (before, 1), (before, 2), (before, 3), (after, 3), (after, 4)]
    whole = row(after, arrows=True, height=270).finished()
    return [whole, *(row(tiles, arrows=True, seen=seen, height=270).finished() for tiles, seen in turns)]


def proxies() -> Image.Image:
    """Three proxy tasks and the question that matters."""
    scenes = open_dataset("scenes", labeled=24)
    image, mask = scenes.arrays(3)
    grey = np.repeat(image.mean(axis=0, keepdims=True).astype(np.uint8), 3, axis=0)
    third = image.shape[1] // 3
    order = [int(v) for v in np.random.default_rng(2).permutation(9)]
    tiles = [image[:, r * third : (r + 1) * third, c * third : (c + 1) * third] for r in range(3) for c in range(3)]
    jigsaw = np.full_like(image, 255)
    for place, source in enumerate(order):
        top, left = place // 3 * third, place % 3 * third
        jigsaw[:, top : top + third - 2, left : left + third - 2] = tiles[source][:, : third - 2, : third - 2]
    holes = image.copy()
    holes[:, 28:68, 28:68] = 235
    painted = style.paint(mask, style.class_styles(scenes.classes))
    named = [("colour it", grey), ("put it in order", jigsaw), ("fill the hole", holes), ("name every pixel", painted)]
    return row(named).finished()


def mix() -> Image.Image:
    """One picture with the boxes of its patches, and a heap of patches from many."""
    scenes = open_dataset("scenes", labeled=24)
    images, masks = zip(*(scenes[i] for i in range(24)), strict=True)
    batch = sample_patches(images, masks, per_image=4, side=(24, 48), output_size=48, generator=seeded(3))
    styles, canvas = style.class_styles(scenes.classes), sheet()
    side = 268
    canvas.picture(images[0].numpy(), 8, 52, side, side)
    canvas.text(8 + side / 2, 36, "one picture", size=_SMALL, bold=True, anchor="ms")
    for index in range(4):
        x0, y0, x1, y1 = (8 + 0 * v + v * side / 96 for v in np.clip(batch.boxes[index].numpy(), 0, 96))
        look = style.style_of(styles, int(batch.labels[index]))
        for edge, width in (("#FFFFFF", 7), (look.color, 4)):
            canvas.box(x0, y0 + 44, x1, y1 + 44, edge=edge, width=width)
    canvas.arrow((296, 186), (350, 186), style.INK, 4, 16)
    order = torch.randperm(96, generator=seeded(1))[:36].tolist()
    canvas.text(780, 36, "a heap from many", size=_SMALL, bold=True, anchor="ms")
    for place, index in enumerate(order):
        x, y = 372 + place % 9 * 91, 52 + place // 9 * 68
        look = style.style_of(styles, int(batch.labels[index]))
        canvas.picture(batch.images[index].numpy(), x, y, 84, 62)
        canvas.box(x, y, x + 84, y + 62, edge=look.color, width=5)
    return canvas.finished()


def match() -> Image.Image:
    """The same patches under random triplets and in the connected graph."""
    explorer = GraphExplorer()
    whole = explorer.static(visited=18, patches=18, classes=4).image
    drawn = np.asarray(whole.crop((0, 44, WIDTH, 516)))
    canvas = sheet(470)
    canvas.picture(drawn, 60, 40, WIDTH - 120, 470 - 44)
    for x, name in ((330, "tied at random"), (870, "tied by a rule")):
        canvas.text(x, 28, name, size=_SMALL, bold=True, anchor="ms")
    return canvas.finished()


def circles() -> Image.Image:
    """A triplet on the whole circle, and one in the quadrant of non-negative features."""
    canvas, radius = sheet(380), 140
    cases = (
        ((300, 205), (60, 95, 200), "anywhere on the circle", 360),
        ((900, 205), (20, 40, 90), "behind a ReLU", 90),
    )
    for middle, angles, name, reach in cases:
        x, y = middle
        canvas.text(x, 32, name, size=_SMALL, bold=True, anchor="ms")
        canvas.circle(middle, radius, edge=style.PALE, width=3)
        arc = [_on(middle, radius, a) for a in range(0, reach + 1, 3)]
        canvas.line(arc, style.INK, 5)
        canvas.line([(x - radius - 20, y), (x + radius + 20, y)], style.PALE, 2)
        canvas.line([(x, y - radius - 20), (x, y + radius + 20)], style.PALE, 2)
        anchor, positive, negative = (_on(middle, radius, a) for a in angles)
        canvas.line([anchor, positive], _BLUE, 5)
        canvas.dashes(anchor, negative, _RED, 5)
        for place, colour, letter in ((anchor, style.INK, "a"), (positive, _BLUE, "p"), (negative, _RED, "n")):
            canvas.circle(place, 20, colour, "#FFFFFF", 3)
            canvas.text(*place, letter, size=_SMALL, bold=True, color="#FFFFFF", anchor="mm")
    canvas.text(600, 190, "2.1 ?", size=44, bold=True, anchor="mm")
    canvas.text(600, 232, "the margin", size=_SMALL, anchor="mm")
    return canvas.finished()


def _on(middle: Point, radius: float, degrees: float) -> Point:
    turn = math.radians(degrees)
    return middle[0] + radius * math.cos(turn), middle[1] - radius * math.sin(turn)


def tuning() -> Image.Image:
    """Maps of the same patches before and after tuning."""
    frames, canvas, side = load_artifact("tuning-frames"), sheet(400), 340
    looks = looks_by("class", frames.labels, frames.classes)
    order = np.argsort([not look.background for look in looks], kind="stable")
    for left, moment, name in ((150, 0, "before tuning"), (710, len(frames.steps) - 1, "after 500 steps")):
        canvas.text(left + side / 2, 36, name, size=_SMALL, bold=True, anchor="ms")
        cloud(canvas, (left, 52, side), frames.tsne[-1, moment], looks, 5.5, rim=12, order=order)
    canvas.arrow((530, 222), (670, 222), style.INK, 5, 20)
    return canvas.finished()


def segmentation() -> Image.Image:
    """A test picture, the truth, and what three networks make of it."""
    results, scenes = load_artifact("segmentation-results"), open_dataset("scenes", split="test")
    styles, ranking = style.class_styles(scenes.classes), results.image_miou("random+graph").argsort()
    image, truth = scenes.arrays(index := int(ranking[int(0.75 * len(ranking))]))
    masks = [results.masks(arm)[index].numpy() for arm in ("random+more", "random", "random+graph")]
    named = zip(("A", "B", "C"), masks, strict=True)
    return row(
        [
            ("picture", image),
            ("truth", style.paint(truth, styles)),
            *((name, style.paint(m, styles)) for name, m in named),
        ],
        height=290,
    ).finished()


def reproduction() -> Image.Image:
    """Scores of four arms by seed, with their intervals, and without their names."""
    found, canvas = read_reproduction(FOLDER), sheet(380)
    chart = Chart(canvas, 110, 30, 1150, 320, (-0.5, 3.5), (5, 40))
    chart.axes([], [10, 20, 30, 40], digits=0)
    canvas.text(110, 22, "mIoU", size=_SMALL, bold=True)
    for place, arm in enumerate(("random+graph", "random", "random+more", "random+triplets")):
        row_of = found.row("scenes", "tiny", arm)
        low, high = row_of.interval or (row_of.mean, row_of.mean)
        canvas.line([chart.at(place, low), chart.at(place, high)], _BLUE, 10)
        for seed, value in enumerate(row_of.miou):
            canvas.circle(chart.at(place + 0.06 * (seed - 2), value), 7, edge=style.QUIET, width=2)
        canvas.circle(chart.at(place, row_of.mean), 12, _RED, style.INK, 2)
        canvas.text(chart.at(place, 5)[0], 362, "ABCD"[place], size=_BIG, bold=True, anchor="ms")
    return canvas.finished()


def scale() -> Image.Image:
    """A street and its mask, far larger than the scenes."""
    streets = open_dataset("streets", labeled=8)
    styles, pairs = style.class_styles(streets.classes), [streets.arrays(i) for i in range(2)]
    tiles = [
        tile
        for k, (image, mask) in enumerate(pairs)
        for tile in (("street" if k == 0 else "another", image), ("its mask", style.paint(mask, styles)))
    ]
    return row(tiles).finished()


def beyond() -> Image.Image:
    """One triplet among patches, and every pair of them."""
    canvas, radius = sheet(380), 140
    for middle, name, every in (((300, 205), "one triplet", False), ((900, 205), "every pair", True)):
        canvas.text(middle[0], 32, name, size=_SMALL, bold=True, anchor="ms")
        at = [_on(middle, radius, 90 + 30 * k) for k in range(12)]
        pairs = [(i, j) for i in range(12) for j in range(i)] if every else [(4, 0), (4, 1)]
        for i, j in pairs:
            if i % 3 == j % 3 or not every:
                canvas.line([at[i], at[j]], _BLUE if i % 3 == j % 3 else _RED, 3 if every else 5)
            else:
                canvas.line([at[i], at[j]], style.blend(_RED, 0.35), 1.2)
        for k, place in enumerate(at):
            colour = (_ORANGE, style.SAFE_COLOURS[2], style.SAFE_COLOURS[4])[k % 3]
            canvas.circle(place, 15, colour, style.INK, 2)
    canvas.arrow((540, 205), (660, 205), style.INK, 5, 20)
    return canvas.finished()


MAKERS: dict[str, Callable[[], Any]] = {
    "00_start": start,
    "01_proxies": proxies,
    "02_mix": mix,
    "03_match": match,
    "04_triplet_loss": circles,
    "05_tuning": tuning,
    "06_segmentation": segmentation,
    "07_reproduction": reproduction,
    "08_scale_up": scale,
    "09_beyond": beyond,
}


def write(name: str) -> None:
    """Draw one and store it small."""
    drawn = MAKERS[name]()
    frames = [_shrunk(image) for image in (drawn if isinstance(drawn, list) else [drawn])]
    path = HERE / f"{name}.webp"
    if len(frames) == 1:
        frames[0].save(path, "WEBP", quality=70, method=6)
    else:
        times = [300, *[700] * (len(frames) - 2), 60_000]
        frames[0].save(
            path, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=1, quality=80, method=6
        )
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


def _shrunk(image: Image.Image) -> Image.Image:
    return image.resize((STORED, round(image.height * STORED / image.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    asked = sys.argv[1:]
    for name in MAKERS:
        if not asked or name[:2] in asked:
            write(name)
