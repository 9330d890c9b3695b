"""Make the pictures of the README again: ``python docs/images/make.py``.

``method-light.png`` and ``method-dark.png`` show the method from an image to masks: patches and graph are made by the
library's own functions, the masks are those of the run shipped as ``load_artifact("segmentation-results")``.
``notebooks/NN_name.png`` are thumbnails of pictures stored in the notebooks with solutions.
"""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from mmtutorial.artifacts import load_artifact
from mmtutorial.datasets import SegmentationDataset, open_dataset
from mmtutorial.graph import connected_graph
from mmtutorial.patches import PatchBatch, sample_patches
from mmtutorial.plots import class_styles, style
from mmtutorial.plots.graphs import class_layout, draw_graph

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
INKS = {"light": ("#FFFFFF", "#1B1F24"), "dark": ("#0D1117", "#E6EDF3")}
SHOWN = {"random": "plain", "random+more": "fair\ncontrol", "random+graph": "Mix-and-\nMatch"}
THUMBNAIL = (320, 200)
# Which of the pictures stored in a notebook stands for it; the first is 0.
PICTURES = {
    "00_start": 2,
    "01_proxies": 2,
    "02_mix": 4,
    "03_match": 4,
    "04_triplet_loss": 0,
    "05_tuning": 2,
    "06_segmentation": 2,
    "07_reproduction": 0,
    "08_scale_up": 1,
    "09_beyond": 2,
}


def method(theme: str) -> None:
    """Draw the method in four panels."""
    paper, ink = INKS[theme]
    scenes = open_dataset("scenes", labeled=16)
    images, masks = zip(*scenes, strict=True)
    draws = torch.Generator().manual_seed(3)
    patches = sample_patches(images, masks, per_image=4, side=(24, 48), output_size=32, generator=draws)
    graph = connected_graph(patches.labels, generator=draws)
    labels = patches.labels.numpy()
    looks = {"figure.facecolor": paper, "axes.facecolor": paper, "text.color": ink, "font.size": 11}
    with matplotlib.rc_context(looks):
        figure = Figure(figsize=(13, 3.9))
        _boxes(_panel(figure, 0.005, 0.195, "1  labelled images"), scenes, patches, labels)
        _patches(_panel(figure, 0.225, 0.195, "2  mix: their patches"), patches, labels, scenes)
        axes = _panel(figure, 0.445, 0.195, "3  match: a graph")
        draw_graph(axes, labels, graph.triplets.numpy(), class_layout(labels, graph.triplets.numpy()), scenes.classes)
        style.hide_axes(axes, frame=False)
        _masks(figure, 0.675, 0.32)
        for left in (0.2015, 0.4215, 0.6435):
            figure.text(left, 0.44, "➜", fontsize=17, fontfamily="DejaVu Sans")
        figure.text(0.835, 0.93, "4  tune, fine-tune, segment", fontsize=13, fontweight="bold", ha="center")
        figure.savefig(HERE / f"method-{theme}.png", dpi=110, facecolor=paper)
    _shrink(HERE / f"method-{theme}.png")


def _panel(figure: Figure, left: float, width: float, title: str) -> Axes:
    axes = figure.add_axes((left, 0.05, width, 0.84))
    axes.set_title(title, fontsize=13, fontweight="bold")
    style.hide_axes(axes, frame=False)
    return axes


def _boxes(axes: Axes, scenes: SegmentationDataset, patches: PatchBatch, labels: NDArray[np.int64]) -> None:
    """Four labelled images with the boxes of their patches."""
    styles = class_styles(scenes.classes)
    axes.set(xlim=(0, 2), ylim=(2, 0), aspect="equal")
    for place in range(4):
        row, column = divmod(place, 2)
        image, _ = scenes.arrays(place)
        left, top, scale = column + 0.03, row + 0.03, 0.94 / image.shape[2]
        extent = (left, left + 0.94, top + 0.94, top)
        axes.imshow(np.moveaxis(image, 0, -1), extent=extent, interpolation="nearest")
        for index in np.flatnonzero(patches.image_index.numpy() == place):
            x0, y0, x1, y1 = np.clip(patches.boxes[index].numpy(), 0, image.shape[2]) * scale
            look = styles[int(labels[index])]
            for edge, width in (("white", 3.4), (look.color, 2)):
                box = Rectangle((left + x0, top + y0), x1 - x0, y1 - y0, fill=False)
                box.set(edgecolor=edge, linewidth=width)
                axes.add_patch(box)


def _patches(axes: Axes, patches: PatchBatch, labels: NDArray[np.int64], scenes: SegmentationDataset) -> None:
    """The patches in rows by class."""
    styles = class_styles(scenes.classes)
    present, columns = np.unique(labels), 7
    axes.set(xlim=(0, columns), ylim=(len(present), 0))
    for row, label in enumerate(present):
        for column, index in enumerate(np.flatnonzero(labels == label)[:columns]):
            extent = (column + 0.06, column + 0.94, row + 0.94, row + 0.06)
            axes.imshow(np.moveaxis(patches.images[index].numpy(), 0, -1), extent=extent, aspect="auto")
            frame = Rectangle((extent[0], extent[3]), 0.88, 0.88, fill=False)
            frame.set(edgecolor=styles[int(label)].color, linewidth=2.4)
            axes.add_patch(frame)


def _masks(figure: Figure, left: float, width: float) -> None:
    """Test images at three quarters, half and one quarter of the ranking by the tuned arm, with what arms predict."""
    results, scenes = load_artifact("segmentation-results"), open_dataset("scenes", split="test")
    ranking = results.image_miou("random+graph").argsort()
    chosen = [int(ranking[int(share * len(ranking))]) for share in (0.75, 0.5, 0.25)]
    styles = class_styles(scenes.classes)
    columns = [("image", None), ("truth", None), *((name, arm) for arm, name in SHOWN.items())]
    cell = width / len(columns)
    for row, index in enumerate(chosen):
        image, truth = scenes.arrays(index)
        for column, (name, arm) in enumerate(columns):
            axes = figure.add_axes((left + column * cell, 0.53 - 0.245 * row, cell * 0.95, 0.235))
            style.hide_axes(axes, frame=False)
            mask = truth if arm is None else results.masks(arm)[index].numpy()
            axes.imshow(np.moveaxis(image, 0, -1) if column == 0 else style.paint(mask, styles))
            if row == 0:
                axes.set_title(name, fontsize=9.5, fontweight="normal")


def thumbnails() -> None:
    """Make a small picture for each notebook."""
    (HERE / "notebooks").mkdir(exist_ok=True)
    for name, number in PICTURES.items():
        stored = json.loads((REPOSITORY / f"notebooks/solutions/{name}.ipynb").read_text(encoding="utf-8"))
        outputs = json.dumps([cell.get("outputs") for cell in stored["cells"]])
        found = re.findall(r"data:image/(?:png|webp|jpeg);base64,([A-Za-z0-9+/=]+)", outputs)
        picture = Image.open(io.BytesIO(base64.b64decode(found[number]))).convert("RGB")
        picture.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
        sheet = Image.new("RGB", THUMBNAIL, "white")
        sheet.paste(picture, ((THUMBNAIL[0] - picture.width) // 2, (THUMBNAIL[1] - picture.height) // 2))
        sheet.save(HERE / "notebooks" / f"{name}.png")
        _shrink(HERE / "notebooks" / f"{name}.png")


def _shrink(path: Path) -> None:
    Image.open(path).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    for theme in INKS:
        method(theme)
    thumbnails()
