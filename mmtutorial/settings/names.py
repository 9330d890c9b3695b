"""The names that an experiment may be told, known without loading what they stand for.

A command line can so refuse a slip at once, before torch is imported, which takes seconds. Tests hold these lists
against what there is: ``proxies.PROXIES``, ``experiment.VARIANTS``, ``reproduction.ABLATIONS``.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmtutorial.errors import InputError, unknown

PROXY_TASKS = (
    "colorization",
    "colorization-2016",
    "colorful",
    "splitbrain",
    "jigsaw",
    "inpainting",
    "bigan",
    "kmeans",
    "vicreg",
    "classification",
)
"""What can be learned before, without masks."""

PRETRAININGS = ("random", "imagenet", *PROXY_TASKS)
"""What an arm starts from. ``imagenet``: weights that others trained, on 1.3 million labelled photos mostly."""

TUNINGS = (
    "graph",
    "triplets",
    "equal-triplets",
    "shuffled",
    "within",
    "one-size",
    "no-background",
    "majority",
    "supcon",
)
"""What can come between pre-training and fine-tuning."""

SUFFIXES = ("", "more", *TUNINGS, "probe")
"""What follows the pre-training in an arm's name.

``more``: the fair control, which gets the steps of tuning. ``probe``: a linear head on features that stay as they are,
the field's usual measure of them.
"""

ABLATIONS = ("labeled", "margin", "patches", "images", "steps")
PARTS = ("tables", "later", "variants", *ABLATIONS)
"""Parts of a reproduction: the slides' tables; starts of later years; variants of tuning; each ablation by its name."""


def arm_name(pretraining: str, suffix: str) -> str:
    """``random+graph``; the pre-training alone where nothing follows it."""
    return f"{pretraining}+{suffix}" if suffix else pretraining


ARM_NAMES = tuple(arm_name(pretraining, suffix) for pretraining in PRETRAININGS for suffix in SUFFIXES)
"""Every arm."""

# What ``run`` compares where nothing is named: with and without the paper's proxy, each with its controls.
DEFAULT_ARMS = tuple(
    arm_name(pretraining, suffix)
    for pretraining in ("random", "colorization")
    for suffix in ("", "more", "triplets", "graph")
)


# With weights that others trained no proxy task of ours is needed.
PRETRAINED_ARMS = tuple(
    arm_name("imagenet", suffix) for suffix in ("", "more", "triplets", "graph", "shuffled", "supcon")
)
"""What ``run`` compares where nothing is named and the network comes with such weights."""

ENCODERS = ("tiny", "alexnet", "alexnet-tv", "vgg16", "lite0")
"""Encoders with a name of their own."""

OUTLINE_FORMATS = ("labelme", "coco")
"""What a prediction's outlines can be written as."""

TIMM = "timm:"
"""What the name of any other network of timm begins with."""


def split_names(text: str) -> tuple[str, ...]:
    """Split names with commas between, each once, blanks around them taken off."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return a name that is known.

    Raises:
        InputError: it is not; the nearest is suggested.
    """
    names = list(known)
    if name not in names:
        raise unknown(kind, name, names)
    return name


def parse_arm_names(text: str | None, default: tuple[str, ...] = DEFAULT_ARMS) -> tuple[str, ...]:
    """Arms from names with commas between; the default ones for None.

    Raises:
        InputError: an unknown arm (the nearest name is suggested), or none at all.
    """
    names = default if text is None else split_names(text)
    for name in names:
        if name not in ARM_NAMES:
            raise unknown("arm", name, _like(name))
    if not names:
        raise InputError(f"no arm given; name some, such as {', '.join(default)}")
    return names


def parse_parts(text: str | None) -> tuple[str, ...]:
    """Parts of a reproduction from names with commas between; all for None. ``ablations`` stands for each of them.

    Raises:
        InputError: there is no such part.
    """
    if text is None:
        return PARTS
    names = [known_name("part", name, [*PARTS, "ablations"]) for name in split_names(text) or ("",)]
    if "ablations" in names:
        names += ABLATIONS
    return tuple(name for name in PARTS if name in names)


def _like(name: str) -> list[str]:
    """The arms that share the pre-training of a name, or else those that share what follows it."""
    pretraining, _, suffix = name.partition("+")
    if pretraining in PRETRAININGS:
        return [arm_name(pretraining, other) for other in SUFFIXES]
    return [arm_name(other, suffix) for other in PRETRAININGS] if suffix in SUFFIXES[1:] else list(PRETRAININGS)
