"""Which arms are run for which table, and why those that no table has are run as well."""

from __future__ import annotations

from mmtutorial.errors import unknown
from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.reproduction.ablations import ABLATIONS
from mmtutorial.reproduction.paper import ALEXNET, CITYSCAPES, VGG, VOC, rank_tables
from mmtutorial.settings.presets import NETWORKS

BENCHMARK_OF = {
    "scenes": VOC,
    "voc": VOC,
    "folder": VOC,
    "streets": CITYSCAPES,
    "camvid": CITYSCAPES,
    "cityscapes": CITYSCAPES,
}
"""The benchmark of the slides for which each data set stands: objects on a background, or streets without one."""

PARTS = ("tables", "variants", *(ablation.name for ablation in ABLATIONS))
"""The slides' tables; the variants of tuning; each ablation by its name."""

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


def parse_parts(text: str | None) -> tuple[str, ...]:
    """Parts of the reproduction from names with commas between; all for None. ``ablations`` stands for each of them.

    Raises:
        InputError: there is no such part.
    """
    if text is None:
        return PARTS
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names or [""]:
        if name not in (*PARTS, "ablations"):
            raise unknown("part", name, [*PARTS, "ablations"])
    if "ablations" in names:
        names += [ablation.name for ablation in ABLATIONS]
    return tuple(name for name in PARTS if name in names)
