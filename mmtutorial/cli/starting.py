"""What a run starts from where the command line leaves it open: the network, its weights, the arms."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.settings.budgets import Preset
from mmtutorial.settings.names import DEFAULT_ARMS, PRETRAINED_ARMS
from mmtutorial.settings.presets import (
    DRAWN,
    EXTRA,
    PHOTO_NETWORK,
    default_network,
    get_preset,
    is_pretrained,
    photos_installed,
)


@dataclass(frozen=True)
class Start:
    """What was chosen for a run.

    Attributes:
        preset: with its network.
        arms: names.
        said: a line on what was chosen unasked; empty where nothing was.
    """

    preset: Preset
    arms: tuple[str, ...]
    said: str


def starting_point(
    preset: str, dataset: str, network: str | None, arms: tuple[str, ...] | None, weights: Path | None
) -> Start:
    """Choose network and arms: on photos those with trained weights, where the extra that brings them is installed.

    Args:
        preset: its name.
        dataset: its name.
        network: as asked for.
        arms: as asked for.
        weights: file from which the arms ``imagenet`` start.

    Raises:
        InputError: no such preset or network, or a file of weights that no arm would use.
    """
    chosen = network or default_network(preset, dataset, arms)
    names = arms or (PRETRAINED_ARMS if chosen is not None and is_pretrained(chosen) else DEFAULT_ARMS)
    pretrained = any(name.partition("+")[0] == "imagenet" for name in names)
    if weights is not None and not pretrained:
        raise InputError(f"--weights {weights} is where the arms imagenet start; ask for one: --arms imagenet")
    budgets = get_preset(preset, dataset, chosen)
    if weights is not None:
        budgets = dataclasses.replace(budgets, weights=str(weights))
    return Start(budgets, names, _said(preset, dataset, network, chosen, arms))


def _said(preset: str, dataset: str, network: str | None, chosen: str | None, arms: tuple[str, ...] | None) -> str:
    if network is not None or preset != "class" or dataset in DRAWN:
        return ""
    if chosen is not None:
        return f"network: {chosen} with ImageNet weights, as these are photos; --network tiny has random ones"
    if photos_installed() or arms is not None:
        return ""
    return (
        "network: tiny from random weights, which does poorly on photos; "
        f"{EXTRA} brings {PHOTO_NETWORK} with ImageNet weights"
    )
