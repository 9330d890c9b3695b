"""``python -m mmtutorial.artifacts.make NAME``: make an artefact again, with its sidecar."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmtutorial.artifacts import proxy_making, rows_adding, segmentation_making, tuning_frames
from mmtutorial.artifacts.loading import FOLDER, REPRODUCTION, about_artifact
from mmtutorial.files import write_json
from mmtutorial.results.origin import versions


@dataclass(frozen=True)
class Maker:
    """How an artefact is made.

    Attributes:
        save: given a folder and the options as keywords, writes files and returns those that get a sidecar.
        options: adds the options to the command's parser.
    """

    save: Callable[..., tuple[Path, ...]]
    options: Callable[[argparse.ArgumentParser], None]


MAKERS: Mapping[str, Maker] = {
    "tuning-frames": Maker(tuning_frames.save_tuning, tuning_frames.add_options),
    "proxy-tasks": Maker(proxy_making.save_proxies, proxy_making.add_options),
    "segmentation-results": Maker(segmentation_making.save_segmentation, segmentation_making.add_options),
    REPRODUCTION: Maker(rows_adding.save_rows, rows_adding.add_options),
}
"""Commands by name; ``tuning-frames`` makes ``tuning-arms`` too, from the same runs."""

_PACKAGES = ("torch", "numpy", "scikit-learn")
_ABOUT = {
    "tuning-frames": "t-SNE and PCA layouts of held-out patches (scenes, val) along tuning with the connected graph",
    "tuning-arms": "kNN purity along tuning and final embeddings, of the graph and its controls (scenes)",
    "proxy-tasks": "pictures, scores and features of proxy tasks on images kept for choosing (scenes, val)",
    "segmentation-results": "what one seed of a reproduction predicts on the test images of scenes, arm by arm",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mmtutorial.artifacts.make", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name, maker in MAKERS.items():
        command = commands.add_parser(name)
        maker.options(command)
        command.add_argument("--out", type=Path, default=FOLDER, help="folder; default: that of the package")
    settings = vars(parser.parse_args(arguments))
    name, out = settings.pop("name"), settings.pop("out")
    before = about_artifact(name, out) if settings.get("add") else {}
    for path in MAKERS[name].save(out, **settings):
        seal(path, name, settings, before)
    return 0


def seal(path: Path, name: str, settings: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Write the sidecar of a file: how it was made, and its checksum.

    Args:
        path: the file.
        name: the command's.
        settings: its options.
        before: the sidecar of the file to which this command added; it stays, and the command comes under ``added``.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    made: dict[str, Any] = {
        "command": " ".join(["python -m mmtutorial.artifacts.make", name, *(f"--{k} {v}" for k, v in given.items())]),
        "settings": given,
        "versions": versions(_PACKAGES),
    }
    if before:
        made = {**before, "added": [*before.get("added", []), made]}
    about = {"about": _ABOUT.get(path.stem, path.stem), **made, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    write_json(path.with_suffix(".json"), about)


if __name__ == "__main__":
    sys.exit(main())
