"""Every budget in one place: how many steps, images, patches and how fast to learn.

``smoke`` only proves that all parts work together. ``class`` is the lesson: an arm takes less than a minute
on two cores. ``paper`` has the schedules of the authors' code. How the numbers of ``class`` were chosen
stands in ``docs/hyperparameters.md``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from mmtutorial.errors import unknown


@dataclass(frozen=True)
class Schedule:
    """How a stage is optimised.

    Attributes:
        steps: gradient steps.
        images: images a step.
        lr: highest learning rate.
        optimizer: ``"adamw"``, or ``"sgd"`` with momentum 0.9.
        weight_decay: of the optimiser.
        warmup: share of the steps over which the rate climbs to ``lr``.
        decay: ``"cosine"`` to zero, or ``"step"``: a tenth from each milestone on.
        milestones: shares of the steps at which ``"step"`` decays.
    """

    steps: int
    images: int
    lr: float
    optimizer: Literal["adamw", "sgd"] = "adamw"
    weight_decay: float = 0.05
    warmup: float = 0.05
    decay: Literal["cosine", "step"] = "cosine"
    milestones: tuple[float, ...] = ()


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
        side: smallest and largest patch, as shares of the long side of the training images.
        output_size: pixels to which each patch is resized.
        graphs: graphs drawn over one batch's embeddings; their losses are averaged.
        margin: alpha of the triplet loss.
        pooling: how a patch's feature map becomes its embedding: ``"flatten"`` keeps the layout, as the
            authors do; ``"max"`` and ``"mean"`` pool over it.
        jitter: largest relative change of a patch's brightness and contrast; 0 for none.
    """

    schedule: Schedule
    patches: int = 10
    side: tuple[float, float] = (1 / 8, 1 / 2)
    output_size: int = 32
    background_share: float = 0.1
    label_by: Literal["centre", "majority"] = "centre"
    graphs: int = 4
    margin: float = 2.1
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
        encoder: ``tiny``, ``alexnet`` or ``vgg16``.
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
    encoder: Literal["tiny", "alexnet", "vgg16"] = "tiny"
    head: Literal["fcn", "hypercolumn"] = "fcn"
    batch_norm: bool = True
    labeled: int | None = None
    unlabeled: int | None = None
    evaluated: int | None = None
    embedded: int = 100
    size: int | None = None


SMOKE = Preset(
    name="smoke",
    proxy=ProxyBudget(Schedule(steps=10, images=8, lr=2e-3), points=32),
    tuning=TuningBudget(Schedule(steps=10, images=8, lr=1e-3), patches=5),
    segmentation=SegmentationBudget(Schedule(steps=15, images=8, lr=2e-3)),
    labeled=20,
    unlabeled=40,
    evaluated=30,
    embedded=20,
)

# Without batch norm, as the network whose row rises most on the slides: plain training hardly gets it going.
CLASS = Preset(
    name="class",
    proxy=ProxyBudget(Schedule(steps=1200, images=8, lr=2e-3), points=256),
    tuning=TuningBudget(
        Schedule(steps=500, images=8, lr=4e-3),
        patches=5,
        side=(1 / 4, 1 / 2),
        margin=0.3,
        pooling="max",
        jitter=0.3,
    ),
    segmentation=SegmentationBudget(Schedule(steps=300, images=4, lr=3e-3)),
    batch_norm=False,
)

# Schedules, patch sizes and counts of the authors' AlexNet configurations on VOC 2012; crops of 512 pixels.
# (They accumulate four batches of 16 images in a fine-tuning step; here a step has the 16.)
PAPER = Preset(
    name="paper",
    proxy=ProxyBudget(
        Schedule(steps=100_000, images=8, lr=1e-3, optimizer="adamw", decay="step", milestones=(0.5, 0.75, 0.875)),
        crop=352,
    ),
    tuning=TuningBudget(
        Schedule(8_000, 40, 0.01, "sgd", 5e-4, warmup=0, decay="step", milestones=(0.75,)),
        output_size=128,
        graphs=1,
    ),
    segmentation=SegmentationBudget(
        Schedule(42_000, 16, 0.01, "sgd", 5e-4, warmup=0, decay="step", milestones=(24 / 42, 36 / 42, 40 / 42)),
        crop=512,
        scale=(1.0, 1.0),
    ),
    embedded=400,
)

PRESETS = {preset.name: preset for preset in (SMOKE, CLASS, PAPER)}

# Photos take longer than drawings to leave "all background": after 300 steps every arm but ``+more`` is still there.
_FOR_PHOTOS = {
    "class": dataclasses.replace(
        CLASS,
        segmentation=dataclasses.replace(
            CLASS.segmentation, schedule=dataclasses.replace(CLASS.segmentation.schedule, steps=1200)
        ),
    )
}


def get_preset(name: str, dataset: str = "scenes") -> Preset:
    """The preset of a name, with longer fine-tuning in ``class`` where the data set has photos.

    Raises:
        InputError: there is none; the nearest name is suggested.
    """
    if name not in PRESETS:
        raise unknown("preset", name, PRESETS)
    return PRESETS[name] if dataset == "scenes" else _FOR_PHOTOS.get(name, PRESETS[name])
