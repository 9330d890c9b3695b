"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmtutorial.errors import InputError

Root = Annotated[Path | None, typer.Option(help="Folder of the data set; none for the built-in scenes and streets.")]
Classes = Annotated[str | None, typer.Option(help="Class names to keep, with commas between; the rest is void.")]
Network = Annotated[
    str | None, typer.Option(help="tiny, tiny-vgg, alexnet, alexnet-tv or vgg16; default: the preset's own.")
]
Labeled = Annotated[int | None, typer.Option(help="Labelled training images; default: the data set's.")]
PresetName = Annotated[str, typer.Option("--preset", help="Size of the experiment: smoke, class or paper.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that this program did not write.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what was stopped.")]
Validate = Annotated[
    bool, typer.Option("--validate", help="Score on the images kept for choosing settings, not on the test.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a preset: tuning.margin=0.5.")
]
Accelerator = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Precision = Annotated[str, typer.Option(help="32-true, bf16-mixed or 16-mixed.")]
Devices = Annotated[
    int, typer.Option(help="Devices that share the batches of each step (schedule.parts); for several GPUs.", min=1)
]
Loaders = Annotated[
    int, typer.Option(help="Processes that read and crop images ahead of training; for large photos. 0: none.", min=0)
]


def names(text: str | None) -> tuple[str, ...] | None:
    """Names with commas between; None for None."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def seeds_of(text: str) -> tuple[int, ...]:
    """Whole numbers, 0 or more, with commas between, each once."""
    try:
        seeds = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise InputError(f"seeds '{text}' are not whole numbers; write them as in --seeds 0,1,2") from None
    if min(seeds) < 0:
        raise InputError(f"seeds '{text}' hold a negative number; give 0 or more")
    return seeds


def assignments(texts: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary."""
    for text in texts:
        if "=" not in text:
            raise InputError(f"--set {text} has no '='; write it as in --set tuning.margin=0.5")
    return dict(text.split("=", 1) for text in texts)
