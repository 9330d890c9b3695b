"""Options that several commands share, how their texts are read, and which names they accept.

Names are checked while the command line is read: a slip is answered at once, before torch is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from mmtutorial.datasets import DATASETS
from mmtutorial.errors import InputError
from mmtutorial.settings.machine import ACCELERATORS, MOST_PROCESSES, PRECISIONS, Machine
from mmtutorial.settings.names import OUTLINE_FORMATS, known_name, split_names
from mmtutorial.settings.presets import NETWORKS, PHOTO_NETWORK, PRESETS, known_network
from mmtutorial.settings.workers import CLUSTERS, MOST_MINUTES, Workers
from mmtutorial.words import listed

MOST_SEEDS = 1000


def among(kind: str, known: Iterable[str], *, several: bool = False) -> Callable[[str | None], str | None]:
    """A callback for typer that refuses a name which is not known, or one of ``several`` with commas between."""

    def check(text: str | None) -> str | None:
        if text is not None:
            for name in (split_names(text) or ("",)) if several else (text,):
                known_name(kind, name, known)
        return text

    return check


DATA_SET = f"Data set: {listed(list(DATASETS), 'or')}."
DatasetName = Annotated[str, typer.Option("--dataset", help=DATA_SET, callback=among("data set", DATASETS))]
Root = Annotated[Path | None, typer.Option(help="Folder of the data set; none for the built-in scenes and streets.")]
Classes = Annotated[str | None, typer.Option(help="Class names to keep, with commas between; the rest is void.")]
Network = Annotated[
    str | None,
    typer.Option(
        help=f"{listed([*NETWORKS, PHOTO_NETWORK, 'timm:NAME'], 'or')}; default: {PHOTO_NETWORK} on photos, or the "
        "preset's own.",
        callback=lambda name: None if name is None else known_network(name),
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(help=f"File of weights (safetensors, state dict) for {PHOTO_NETWORK} or timm:NAME, arms imagenet."),
]
Labeled = Annotated[int | None, typer.Option(help="Labelled training images; default: the data set's.")]
PresetName = Annotated[
    str,
    typer.Option(
        "--preset", help=f"Size of the experiment: {listed(list(PRESETS), 'or')}.", callback=among("preset", PRESETS)
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that this program did not write.")]
Outlines = Annotated[
    str | None,
    typer.Option(
        "--format",
        help=f"Outlines to correct as well: {listed(list(OUTLINE_FORMATS), 'or')}.",
        callback=among("format", OUTLINE_FORMATS),
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what was stopped.")]
Validate = Annotated[
    bool, typer.Option("--validate", help="Score on the images kept for choosing settings, not on the test.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a preset: tuning.margin=0.5.")
]


@dataclass(frozen=True)
class Part:
    """Which part of a data set is asked for."""

    root: Root = None
    classes: Classes = None
    labeled: Labeled = None
    validate: Validate = False

    def fields(self) -> dict[str, Any]:
        """The same as fields of a request."""
        return {**vars(self), "classes": names(self.classes)}


@dataclass(frozen=True)
class Place:
    """Where files are written, and what may lie there."""

    out: Annotated[
        Path | None,
        typer.Option(help="Folder for all files; default: runs/DATASET-PRESET or runs/reproduction-PRESET."),
    ] = None
    resume: Resume = False
    force: Force = False


_MACHINE = {
    "accelerator": Annotated[
        str, typer.Option(help=f"{listed(ACCELERATORS, 'or')}.", callback=among("accelerator", ACCELERATORS))
    ],
    "precision": Annotated[
        str, typer.Option(help=f"{listed(PRECISIONS, 'or')}.", callback=among("precision", PRECISIONS))
    ],
    "devices": Annotated[
        int,
        typer.Option(
            help="Devices that share the batches of each step (schedule.parts); for several GPUs.",
            min=1,
            max=MOST_PROCESSES,
        ),
    ],
    "loaders": Annotated[
        int,
        typer.Option(
            help="Processes that read and crop images ahead of training; for large photos. 0: none.",
            min=0,
            max=MOST_PROCESSES,
        ),
    ],
}
OnMachine = Annotated[Machine, _MACHINE]

Processes = Annotated[
    int | None,
    typer.Option(
        "--workers", help="Processes; default: one a core, or one where a GPU works.", min=1, max=MOST_PROCESSES
    ),
]
_WORKERS = {
    "workers": Processes,
    "scheduler": Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers do the jobs, tcp://HOST:8786."),
    ],
    "slurm": Annotated[bool, typer.Option("--slurm", help="Have SLURM do the jobs.")],
    "slurm_partition": Annotated[str | None, typer.Option(help="SLURM's partition; default: its own.")],
    "slurm_minutes": Annotated[
        int, typer.Option(help="Time of a job, after which it is queued again.", min=1, max=MOST_MINUTES)
    ],
    "slurm_gpus": Annotated[int, typer.Option(help="GPUs of a job.", min=0, max=MOST_PROCESSES)],
    "slurm_cpus": Annotated[int, typer.Option(help="Cores of a job.", min=1, max=MOST_PROCESSES)],
    "slurm_cluster": Annotated[
        str,
        typer.Option(
            help="slurm, or local: this machine stands for the cluster, to try it out.",
            callback=among("cluster", CLUSTERS),
        ),
    ],
}
WithWorkers = Annotated[Workers, _WORKERS]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take records: for each of their fields typer sees an option, which it knows by that name.

    A record is a dataclass whose fields are annotated as options; or, where the dataclass knows of no command line,
    it is annotated with theirs, and a field without one keeps its default.
    """
    records: dict[str, tuple[Any, list[str]]] = {}
    flat = []
    for name, parameter in signature(command, eval_str=True).parameters.items():
        record, *options = get_args(parameter.annotation) or (parameter.annotation,)
        if is_dataclass(record):
            hints = options[0] if options else get_type_hints(record, include_extras=True)
            asked = [field for field in fields(record) if field.name in hints]
            records[name] = record, [field.name for field in asked]
            flat += [(field.name, field.default, hints[field.name]) for field in asked]
        else:
            flat.append((name, parameter.default, parameter.annotation))

    def call(**given: Any) -> None:
        for name, (record, asked) in records.items():
            given[name] = record(**{field: given.pop(field) for field in asked})
        command(**given)

    call.__name__, call.__doc__ = command.__name__, command.__doc__
    call.__annotations__ = {name: hint for name, _, hint in flat}
    parameters = [Parameter(n, Parameter.KEYWORD_ONLY, default=default, annotation=hint) for n, default, hint in flat]
    call.__signature__ = signature(call).replace(parameters=parameters)  # type: ignore[attr-defined]
    return call


def names(text: str | None) -> tuple[str, ...] | None:
    """Names with commas between; None for None."""
    return None if text is None else split_names(text)


def refuse_needless_root(root: Path | None, datasets: Sequence[str]) -> None:
    """Refuse a folder that would not be read: whoever names one wants results of what is in it.

    Raises:
        InputError: there is a folder, and all data sets are drawn.
    """
    drawn = [name for name in datasets if DATASETS[name].layout is None]
    if root is not None and len(drawn) == len(datasets):
        raise InputError(
            f"--root {root} would not be read, as {listed(drawn)} {'are' if len(drawn) > 1 else 'is'} drawn; "
            "name the data set that lies there, as in --dataset folder, or leave --root out"
        )


def seeds_of(text: str) -> tuple[int, ...]:
    """Whole numbers, 0 or more, and ranges of them, with commas between, each once.

    Raises:
        InputError: something else stands there, or more than `MOST_SEEDS`.

    Example:
        >>> seeds_of("0,2-4")
        (0, 2, 3, 4)
    """
    seeds: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(-?[0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?", part)
        if match is None:
            raise InputError(f"seeds '{text}' are not whole numbers; write them as in --seeds 0,1,2 or --seeds 0-4")
        first, last = int(match[1]), int(match[2] or match[1])
        if first < 0:
            raise InputError(f"seeds '{text}' hold a negative number; give 0 or more")
        if last < first:
            raise InputError(f"seeds '{text}' hold the range {part.strip()}, which ends below its start; turn it round")
        if last - first + len(seeds) >= MOST_SEEDS:
            raise InputError(f"seeds '{text}' are more than {MOST_SEEDS}; give fewer, as in --seeds 0-4")
        seeds |= dict.fromkeys(range(first, last + 1))
    return tuple(seeds)


def assignments(texts: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary."""
    for text in texts:
        if "=" not in text:
            raise InputError(f"--set {text} has no '='; write it as in --set tuning.margin=0.5")
    return dict(text.split("=", 1) for text in texts)
