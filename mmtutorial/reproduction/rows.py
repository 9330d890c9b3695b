"""Which arms are run for which table, and why those that no table has are run as well."""

from __future__ import annotations

from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.reproduction.paper import ALEXNET, CITYSCAPES, VGG, VOC, rank_tables
from mmtutorial.settings.names import PARTS as PARTS
from mmtutorial.settings.names import parse_parts as parse_parts
from mmtutorial.settings.presets import NETWORKS

BENCHMARK_OF = {
    "scenes": VOC,
    "voc": VOC,
    "folder": VOC,
    "streets": CITYSCAPES,
    "camvid": CITYSCAPES,
    "cityscapes": CITYSCAPES,
    "stanford": CITYSCAPES,
    "pets": VOC,
}
"""The benchmark of the slides for which each data set stands: objects on a background, or streets without one."""

# The slides have no such rows. Without them nobody could tell what tuning adds to mere longer training, nor what the
# graph adds to triplets.
_CONTROLS = {
    ALEXNET: (
        "random+more",
        "random+triplets",
        "random+equal-triplets",
        "jigsaw+more",
        "colorization+more",
        "classification+more",
        "classification+graph",
    ),
    VGG: ("random+more", "colorization+more"),
}


def arms_of_tables(benchmark: str, backbone: str) -> list[str]:
    """Arms for the rows that the slides' tables have of a benchmark and a backbone, and their controls.

    There are none for AlexNet on CityScapes, as the slides have none.
    """
    found = [
        row.arm
        for table in rank_tables()
        if (table.benchmark, table.backbone) == (benchmark, backbone)
        for row in table.rows
        if "&" not in row.arm
    ]
    started = {name.split("+")[0] for name in found}
    controls = [name for name in _CONTROLS[backbone] if name.split("+")[0] in started]
    return list(dict.fromkeys([*found, *controls]))


def with_imagenet(arms: list[str], preset: str, network: str) -> list[str]:
    """At the scale of the paper the row "ImageNet" starts from ImageNet's weights, where torchvision has them.

    Elsewhere ``classification`` stands for it: the same task on the data set's own image-level labels.
    """
    if preset != "paper" or not NETWORKS[network].imagenet:
        return arms
    return [arm.replace("classification", "imagenet") for arm in arms]


def arms_of_variants() -> list[str]:
    """Arms that show what each part of the method is worth, from random weights; and the modern loss after a proxy."""
    return [*(f"random+{name}" for name in VARIANTS), "random+more", "random", "colorization+supcon"]
