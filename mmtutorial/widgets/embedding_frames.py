"""What the t-SNE explorer shows, computed beforehand: layouts of the same patches along tuning, aligned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.embedding import knn_purity, pca, tsne
from mmtutorial.errors import InputError
from mmtutorial.files import stored_arrays, write_arrays
from mmtutorial.patches import PatchBatch

HUES = ("red", "amber", "lime", "green", "cyan", "blue", "purple", "pink")
GREY = len(HUES)
"""The colour bin of patches without much colour."""
_LEAST_CHROMA = 0.08
_TABLE = ("names", "palette", "background_ids")
_Floats = NDArray[np.float32]
_Integers = NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class EmbeddingFrames:
    """Layouts of P patches at F moments of tuning, for Q perplexities.

    Attributes:
        steps: ``(F,)`` tuning steps taken, ascending.
        perplexities: ``(Q,)`` of t-SNE.
        tsne: ``(Q, F, P, 2)`` places, each layout started from and turned to the one before; -1 to 1.
        pca: ``(F, P, 2)`` places, each turned to the one before; -1 to 1.
        labels: ``(P,)`` class ids.
        groups: ``(P,)`` the image of each patch.
        colour_bins: ``(P,)`` place of its prevailing hue in :data:`HUES`, or :data:`GREY`.
        patches: ``(P, 3, S, S)`` uint8.
        purity: ``(F,)`` kNN purity across images, in the full embedding, 0 to 1.
        classes: The class table.
    """

    steps: _Integers
    perplexities: NDArray[np.float64]
    tsne: _Floats
    pca: _Floats
    labels: _Integers
    groups: _Integers
    colour_bins: _Integers
    patches: NDArray[np.uint8]
    purity: NDArray[np.float64]
    classes: ClassTable

    def __post_init__(self) -> None:
        q, f, p = len(self.perplexities), len(self.steps), len(self.labels)
        wanted = {"tsne": (q, f, p, 2), "pca": (f, p, 2), "groups": (p,), "colour_bins": (p,), "purity": (f,)}
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise InputError(
                    f"{name} has shape {getattr(self, name).shape}, not {shape}; build with embedding_frames()"
                )
        if q * f * p == 0 or len(self.patches) != p:
            raise InputError(
                f"{f} steps, {q} perplexities, {p} labels and {len(self.patches)} patches; "
                "give at least one of each and a patch for each label"
            )

    def __repr__(self) -> str:
        return f"EmbeddingFrames({len(self.labels)} patches, steps {self.steps[0]} to {self.steps[-1]})"

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file without pickles, whole or not at all.

        Raises:
            InputError: The place cannot be written.
        """
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "classes"}
        arrays |= {name: np.array(getattr(self.classes, name)) for name in _TABLE}
        write_arrays(path, arrays)

    @staticmethod
    def load(path: Path) -> EmbeddingFrames:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: The file is not there or not one of ours.
        """
        with stored_arrays(path, "embedding frames", "check the path or build them again") as arrays:
            names, palette, background = (arrays.pop(name).tolist() for name in _TABLE)
            table = ClassTable(tuple(names), tuple((r, g, b) for r, g, b in palette), tuple(map(int, background)))
            return EmbeddingFrames(classes=table, **arrays)


def embedding_frames(
    embeddings_per_step: Mapping[int, Tensor],
    patches: PatchBatch,
    classes: ClassTable,
    *,
    perplexities: Sequence[float] = (30.0,),
    thumbnail: int = 32,
    seed: int = 0,
) -> EmbeddingFrames:
    """Lay out the same patches at several moments of tuning.

    Args:
        embeddings_per_step: For each number of steps taken, the embeddings ``(P, D)`` or ``(P, C, H, W)``.
        patches: The P patches, none of them from an image that was tuned on.
        classes: Their class table.
        perplexities: Of t-SNE; each costs a layout a moment.
        thumbnail: Side of the patches kept for show.
        seed: Of t-SNE.

    Raises:
        InputError: There are no embeddings, or not one for each patch.
    """
    if not embeddings_per_step or not perplexities:
        raise InputError("no embeddings or no perplexity was given; give at least one of each")
    for step, found in embeddings_per_step.items():
        if len(found) != len(patches):
            raise InputError(f"{len(found)} embeddings at step {step} for {len(patches)} patches; give one for each")
    steps = sorted(embeddings_per_step)
    along = [embeddings_per_step[step].float() for step in steps]
    labels, groups = patches.labels, patches.image_index
    small = F.interpolate(patches.images.float(), thumbnail, mode="bilinear", antialias=True)
    scale = 255 if patches.images.is_floating_point() else 1
    pixels = (small * scale).round().clamp(0, 255).numpy().astype(np.uint8)
    return EmbeddingFrames(
        steps=np.array(steps, dtype=np.int64),
        perplexities=np.array(perplexities, dtype=np.float64),
        # The size of a t-SNE layout means nothing, so each fills its panel; that of PCA does, so all have one scale.
        tsne=np.stack([[_scaled(layout) for layout in _layouts(along, float(p), seed)] for p in perplexities]),
        pca=_scaled(_aligned([pca(e) for e in along])),
        labels=labels.numpy().astype(np.int64),
        groups=groups.numpy().astype(np.int64),
        colour_bins=colour_bins(pixels),
        patches=pixels,
        purity=np.array([knn_purity(e, labels, groups) for e in along]),
        classes=classes,
    )


def _layouts(along: Sequence[Tensor], perplexity: float, seed: int) -> list[NDArray[np.float64]]:
    """Return a t-SNE layout a moment, each started from the one before so that points stay where they can."""
    layouts: list[NDArray[np.float64]] = []
    for embeddings in along:
        layouts.append(tsne(embeddings, seed=seed, perplexity=perplexity, start=layouts[-1] if layouts else None))
    return _aligned(layouts)


def _aligned(layouts: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Turn and mirror each layout to fit the one before best (orthogonal Procrustes; Schönemann, 1966)."""
    turned: list[NDArray[np.float64]] = []
    for layout in layouts:
        centred = layout - layout.mean(axis=0)
        if turned:
            left, _, right = np.linalg.svd(centred.T @ turned[-1])
            centred = centred @ (left @ right)
        turned.append(centred)
    return turned


def _scaled(layouts: Any) -> _Floats:
    """Return layouts ``(..., P, 2)`` at one scale, each in the middle, so that the furthest reach is 1."""
    stacked = np.asarray(layouts, dtype=np.float64)
    middle = (stacked.max(axis=-2, keepdims=True) + stacked.min(axis=-2, keepdims=True)) / 2
    stacked = stacked - middle
    return np.asarray(stacked / max(float(np.abs(stacked).max()), 1e-12), dtype=np.float32)


def colour_bins(patches: NDArray[np.uint8]) -> _Integers:
    """Return the hue bin that has most of the colour of each patch ``(P, 3, S, S)``, or :data:`GREY`.

    Each pixel counts as much as it has chroma: the mean colour of a green butterfly on mauve would be grey.
    """
    rows = patches.reshape(len(patches), 3, -1).transpose(0, 2, 1)
    hue = np.asarray(Image.fromarray(np.ascontiguousarray(rows), "RGB").convert("HSV"))[..., 0].astype(np.float64) / 256
    chroma = np.ptp(rows.astype(np.int64), axis=2) / 255
    # Bins stand centred on red, so that red is one bin and not two.
    bins = np.floor(hue * len(HUES) + 0.5).astype(np.int64) % len(HUES)
    amount = np.stack([(chroma * (bins == b)).sum(axis=1) for b in range(len(HUES))], axis=1)
    return np.where(chroma.mean(axis=1) < _LEAST_CHROMA, GREY, amount.argmax(axis=1)).astype(np.int64)
