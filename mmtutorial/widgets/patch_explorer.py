"""Mix: patches of one image as their settings change, and the classes of a whole batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from mmtutorial import words
from mmtutorial.datasets.classes import VOID
from mmtutorial.patches import LabelBy, PatchBatch, sample_patches
from mmtutorial.plots import style
from mmtutorial.randomness import generator_for
from mmtutorial.widgets.examples import Labelled, scene_images
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Button, Choice, Slider, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.marks import marker

LABELS_BY: dict[str, LabelBy] = {"centre pixel": "centre", "majority of pixels": "majority"}
_VIEW, _TOP = 416, 42
_MARGIN = 0.25
"""How far beyond the image its view reaches, as a share of its long side: boxes reach beyond it."""
_CUT, _BARS = 440, 880
_COLUMNS, _TILE = 4, 98
_MOST = 12


@dataclass(frozen=True, repr=False)
class PatchFacts(Facts):
    """What the patches of one state are.

    Attributes:
        patches: Number of patches in the batch.
        counts: Patches of each class in the batch, K of them.
        own_counts: Patches of each class in the image on show.
        differ: To how many patches centre and majority give different labels.
        batch: The patches.
    """

    patches: int
    counts: list[int]
    own_counts: list[int]
    differ: int
    batch: PatchBatch

    @property
    def classes(self) -> int:
        """Number of classes in the batch."""
        return sum(n > 0 for n in self.counts)

    @property
    def own_classes(self) -> int:
        """Number of classes in the image on show."""
        return sum(n > 0 for n in self.own_counts)


class PatchExplorer(Explorer[PatchFacts]):
    """Boxes on an image, the patches cut there, and the classes of a batch of images.

    Args:
        images: Images with masks; the built-in scenes by default.
    """

    name = "patch explorer"
    size = (1200, 600)

    def __init__(self, images: Labelled | None = None) -> None:
        self.images = images or scene_images(16)
        self._styles = style.class_styles(self.images.classes)
        # The centre is drawn among labelled pixels, so an image without any cannot be shown.
        long_side = max(max(mask.shape) for mask in self.images.masks)
        unit = long_side / 96
        low, high = max(1, round(8 * unit)), max(2, round(64 * unit))
        self.controls = (
            Slider("image", "image", 0, len(self.images.images) - 1, 0),
            Slider("smallest", "smallest side, pixels", low, high, round(24 * unit)),
            Slider("largest", "largest side, pixels", low, high, round(48 * unit)),
            Slider("background", "background share", 0.0, 1.0, 0.1, 0.1),
            Choice("label_by", "label by", tuple(LABELS_BY), "centre pixel"),
            Slider("per_image", "patches per image", 1, _MOST, 8),
            Slider("seed", "seed", 0, 99, 0),
            Button("again", "draw again", lambda state: {"seed": (state["seed"] + 1) % 100}),
        )

    def limits(self, state: State) -> Mapping[str, tuple[int, int]]:
        """Keep the largest side from falling below the smallest."""
        slider = self.slider("largest")
        return {"largest": (state["smallest"], int(slider.high))}

    def facts(self, state: State) -> PatchFacts:
        """Count patches per class in the image and in the batch, and how often centre and majority disagree."""
        batch = self._batch(state)
        labels = np.asarray(batch.labels)
        counts = np.bincount(labels, minlength=len(self.images.classes))
        own = np.bincount(labels[self._own(state)], minlength=len(self.images.classes))
        # The same seed puts the boxes at the same places, whichever way they are labelled.
        other = next(how for how in LABELS_BY if how != state["label_by"])
        differ = labels != np.asarray(self._batch(state.with_(label_by=other), output_size=1).labels)
        return PatchFacts(len(labels), counts.tolist(), own.tolist(), int(differ.sum()), batch)

    def draw(self, canvas: Canvas, state: State, facts: PatchFacts) -> None:
        """Draw image, patches and histogram."""
        batch = facts.batch
        canvas.text(8, 28, f"Image {state['image']}", size=TITLE, bold=True)
        self._image(canvas, state, batch)
        said = f"{words.count(facts.own_classes, 'class', 'classes')} among its patches"
        canvas.text(8, _TOP + _VIEW + 32, said)
        canvas.text(_CUT, 28, "Its patches", size=TITLE, bold=True)
        self._patches(canvas, state, batch)
        images = words.count(len(self.images.images), "image")
        canvas.text(_BARS, 28, f"Batch of {images}", size=TITLE, bold=True)
        self._histogram(canvas, facts)
        share = 100 * facts.differ / max(1, facts.patches)
        noise = (
            f"{words.count(facts.patches, 'patch', 'patches')} of "
            f"{words.count(facts.classes, 'class', 'classes')}. Centre pixel and majority give different labels "
            f"to {facts.differ} of them ({share:.0f} %)."
        )
        canvas.paragraph(_CUT, 532, 750, noise, lines=3)

    def alt(self, state: State, facts: PatchFacts) -> str:
        """Say the counts in words."""
        names = self.images.classes.names
        tally = [f"{n} {names[c]}" for c, n in enumerate(facts.counts) if n]
        own = [f"{n} {names[c]}" for c, n in enumerate(facts.own_counts) if n]
        return (
            f"Image {state['image']} with {words.count(state['per_image'], 'patch box', 'patch boxes')}, sides "
            f"{state['smallest']} to {state['largest']} pixels, labelled by {state['label_by']}: {words.listed(own)}. "
            f"Batch of {words.count(len(self.images.images), 'image')}, "
            f"{words.count(facts.patches, 'patch', 'patches')}: {words.listed(tally)}. Centre pixel and majority "
            f"differ for {facts.differ}."
        )

    def _batch(self, state: State, output_size: int = 32) -> PatchBatch:
        return sample_patches(
            self.images.images,
            self.images.masks,
            per_image=state["per_image"],
            side=(state["smallest"], state["largest"]),
            output_size=output_size,
            background_share=state["background"],
            label_by=LABELS_BY[state["label_by"]],
            generator=generator_for(state["seed"], "patch explorer"),
            background_ids=self.images.classes.background_ids,
        )

    def _own(self, state: State) -> slice:
        return slice(state["image"] * state["per_image"], (state["image"] + 1) * state["per_image"])

    def _image(self, canvas: Canvas, state: State, batch: PatchBatch) -> None:
        image, mask = self.images.images[state["image"]], self.images.masks[state["image"]]
        height, width = mask.shape
        scale = _VIEW / ((1 + 2 * _MARGIN) * max(height, width))
        left, top = 8 + (_VIEW - scale * width) / 2, _TOP + (_VIEW - scale * height) / 2
        canvas.box(8, _TOP, 8 + _VIEW, _TOP + _VIEW, edge=style.PALE, width=1)
        canvas.picture(image.numpy(), left, top, scale * width, scale * height)
        for box, label in zip(batch.boxes[self._own(state)], batch.labels[self._own(state)], strict=True):
            look = style.style_of(self._styles, int(label))
            x0, y0, x1, y1 = (float(v) for v in box)
            # Boxes end where the view does.
            x0, x1 = (min(max(left + scale * x, 8), 8 + _VIEW) for x in (x0, x1))
            y0, y1 = (min(max(top + scale * y, _TOP), _TOP + _VIEW) for y in (y0, y1))
            canvas.box(x0, y0, x1, y1, edge="#FFFFFF", width=5)
            canvas.box(x0 + 1, y0 + 1, x1 - 1, y1 - 1, edge=look.color, width=3)
        for box, label in zip(batch.boxes[self._own(state)], batch.labels[self._own(state)], strict=True):
            look = style.style_of(self._styles, int(label))
            half = int(box[2] - box[0]) // 2
            centre = (left + scale * (int(box[0]) + half + 0.5), top + scale * (int(box[1]) + half + 0.5))
            marker(canvas, centre, look.marker, look.color, 8)

    def _patches(self, canvas: Canvas, state: State, batch: PatchBatch) -> None:
        for place, index in enumerate(range(len(batch))[self._own(state)]):
            left = _CUT + (_TILE + 8) * (place % _COLUMNS)
            top = _TOP + (_TILE + 42) * (place // _COLUMNS)
            look = style.style_of(self._styles, int(batch.labels[index]))
            canvas.picture(batch.images[index].numpy(), left, top, _TILE, _TILE)
            canvas.box(left, top, left + _TILE, top + _TILE, edge=look.color, width=4)
            marker(canvas, (left + 8, top + _TILE + 17), look.marker, look.color, 7)
            canvas.text(left + 20, top + _TILE + 22, look.name, size=13, fit=_TILE - 14)

    def _histogram(self, canvas: Canvas, facts: PatchFacts) -> None:
        """Draw a bar a class that occurs in the data, for at most 22 classes as all bars must be seen."""
        counts = facts.counts
        shown = [c for c in self._present() if c < len(counts)][:22]
        step = min(44, 440 / max(1, len(shown)))
        most = max(1, *counts)
        size = 16 if step >= 24 else 13
        for row, label in enumerate(shown):
            look, base = style.style_of(self._styles, label), _TOP + step * (row + 0.5)
            marker(canvas, (_BARS + 8, base), look.marker, look.color, min(8, step * 0.4))
            canvas.text(_BARS + 22, base, look.name, size=size, anchor="lm", fit=104)
            end = _BARS + 130 + 140 * counts[label] / most
            if counts[label]:
                canvas.box(_BARS + 130, base - 0.36 * step, end, base + 0.36 * step, fill=look.color)
            canvas.text(end + 6, base, str(counts[label]), size=size, anchor="lm")

    def _present(self) -> list[int]:
        """Return the classes that occur in some mask."""
        found = torch.cat([mask.unique() for mask in self.images.masks]).unique().tolist()
        return [int(c) for c in found if c != VOID]
