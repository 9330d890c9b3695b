"""Artefacts by name, each checked against the checksum in its sidecar before it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmtutorial.artifacts.arms import TuningArms
from mmtutorial.artifacts.proxy_tasks import ProxyTasks
from mmtutorial.artifacts.segmentation_results import SegmentationResults
from mmtutorial.errors import InputError, unknown
from mmtutorial.files import read_json
from mmtutorial.results import read_reproduction
from mmtutorial.widgets.embedding_frames import EmbeddingFrames

FOLDER = Path(__file__).resolve().parent
ARTIFACTS: Mapping[str, Callable[[Path], Any]] = {
    "tuning-frames": EmbeddingFrames.load,
    "tuning-arms": TuningArms.load,
    "proxy-tasks": ProxyTasks.load,
    "segmentation-results": SegmentationResults.load,
}
"""What ships with a sidecar, and how each is read."""

REPRODUCTION = "reproduction"
"""The numbers of a finished reproduction ship as it wrote them, with their command and versions inside."""


def load_artifact(name: str, folder: Path = FOLDER) -> Any:
    """An artefact of the package.

    Args:
        name: one of :data:`ARTIFACTS`, or ``reproduction``.
        folder: where it lies; that of the package unless one has made it elsewhere.

    Returns:
        What the reader of that name in :data:`ARTIFACTS` gives, such as :class:`TuningArms` for ``tuning-arms``; a
        :class:`mmtutorial.results.Reproduction` for ``reproduction``.

    Raises:
        InputError: there is none of that name, a file is missing, or it is not the one its sidecar describes.
    """
    if name == REPRODUCTION:
        return read_reproduction(folder)
    about = about_artifact(name, folder)
    path = folder / f"{name}.npz"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; {_remedy(about)}") from None
    if found != about["sha256"]:
        raise InputError(
            f"{path} is not what its sidecar describes: sha256 {found[:12]}..., expected "
            f"{str(about['sha256'])[:12]}...; {_remedy(about)}"
        )
    return ARTIFACTS[name](path)


def about_artifact(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The sidecar of an artefact: command, seed, versions, checksum.

    Raises:
        InputError: there is none of that name, or its sidecar is missing or damaged.
    """
    if name == REPRODUCTION:
        found = read_reproduction(folder)
        return {"command": found.command, "settings": found.settings, "versions": found.versions}
    if name not in ARTIFACTS:
        raise unknown("artefact", name, [*ARTIFACTS, REPRODUCTION])
    path = folder / f"{name}.json"
    try:
        about = read_json(path)
        if {"command", "sha256"} <= set(about):
            return dict(about)
    except (InputError, TypeError):
        pass
    raise InputError(f"{path} is missing or damaged; install the package again, or take the file from the repository")


def _remedy(about: dict[str, Any]) -> str:
    return f"install the package again, take the file from the repository, or make it anew: {about['command']}"
