"""What a budget consists of: how many steps, images, patches and how fast to learn, for each stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Schedule:
    """How a stage is optimised.

    Attributes:
        steps: gradient steps.
        images: images a batch, which a device sees at once.
        lr: highest learning rate.
        optimizer: ``"adamw"``, or ``"sgd"`` with momentum 0.9.
        weight_decay: of the optimiser.
        warmup: share of the steps over which the rate climbs to ``lr``.
        decay: ``"cosine"`` to zero, or ``"step"``: a tenth from each milestone on.
        milestones: shares of the steps at which ``"step"`` decays.
        parts: batches whose gradients are averaged in a step. Several devices share them: four devices with a batch
            each do the same as one with four after the other.
    """

    steps: int
    images: int
    lr: float
    optimizer: Literal["adamw", "sgd"] = "adamw"
    weight_decay: float = 0.05
    warmup: float = 0.05
    decay: Literal["cosine", "step"] = "cosine"
    milestones: tuple[float, ...] = ()
    parts: int = 1

    @property
    def images_a_step(self) -> int:
        """Images of all batches of a step."""
        return self.images * self.parts


@dataclass(frozen=True)
class ProxyBudget:
    """Colorization: crops of the unlabelled images, points at which a colour is predicted.

    Images are never shrunk: the padding of a crop larger than its image would count as grey.
    """

    schedule: Schedule
    crop: int = 96
    points: int = 128
    scale: tuple[float, float] = (1.0, 1.5)


@dataclass(frozen=True)
class TuningBudget:
    """Mix-and-Match.

    Attributes:
        patches: patches an image (Mix).
        crop: side in pixels of a random crop of each image from which its patches come, as the authors do; None for
            the whole image.
        side: smallest and largest patch, as shares of the crop, or of the long side of the training images.
        output_size: pixels to which each patch is resized.
        graphs: graphs drawn over one batch's embeddings; their losses are averaged.
        loss: ``"triplet"``, or ``"contrastive"``, the modern comparison, which needs no graph.
        margin: alpha of the triplet loss.
        temperature: of the contrastive loss.
        pooling: how a patch's feature map becomes its embedding: ``"flatten"`` keeps the layout, as the
            authors do; ``"max"`` and ``"mean"`` pool over it.
        jitter: largest relative change of a patch's brightness and contrast; 0 for none.
    """

    schedule: Schedule
    patches: int = 10
    crop: int | None = None
    side: tuple[float, float] = (1 / 8, 1 / 2)
    output_size: int = 32
    background_share: float = 0.1
    label_by: Literal["centre", "majority"] = "centre"
    graphs: int = 4
    loss: Literal["triplet", "contrastive"] = "triplet"
    margin: float = 2.1
    temperature: float = 0.1
    pooling: Literal["flatten", "max", "mean"] = "flatten"
    jitter: float = 0.0


@dataclass(frozen=True)
class SegmentationBudget:
    """Fine-tuning: crops of the labelled images, flipped and scaled at random.

    Attributes:
        crop: side in pixels.
        scale: range of the random scale.
        jitter: largest relative change of an image's brightness and contrast; 0 for none.
        encoder_lr: learning rate of the encoder as a multiple of the head's.
        points: random pixels an image on which to train, as the hypercolumn head does; None for all.
    """

    schedule: Schedule
    crop: int = 96
    scale: tuple[float, float] = (0.75, 1.5)
    jitter: float = 0.0
    encoder_lr: float = 1.0
    points: int | None = None


@dataclass(frozen=True)
class Preset:
    """One size of experiment.

    Attributes:
        encoder: ``tiny``, ``alexnet``, ``alexnet-tv`` or ``vgg16``.
        head: ``fcn`` or ``hypercolumn``.
        batch_norm: whether the encoder has it.
        labeled: labelled training images where the command line names no number; None for the data set's own.
        unlabeled: unlabelled images for the proxy; None for all.
        evaluated: images to report on; None for all.
        embedded: images whose patches the embedding pictures show.
        size: long side in pixels to which images are shrunk; None keeps their size.
    """

    name: str
    proxy: ProxyBudget
    tuning: TuningBudget
    segmentation: SegmentationBudget
    encoder: Literal["tiny", "alexnet", "alexnet-tv", "vgg16"] = "tiny"
    head: Literal["fcn", "hypercolumn"] = "fcn"
    batch_norm: bool = True
    labeled: int | None = None
    unlabeled: int | None = None
    evaluated: int | None = None
    embedded: int = 100
    size: int | None = None
