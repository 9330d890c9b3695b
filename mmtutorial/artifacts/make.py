"""``python -m mmtutorial.artifacts.make NAME``: make an artefact again, with its sidecar."""

from __future__ import annotations

import argparse
import hashlib
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.artifacts.tuning_frames import save_tuning
from mmtutorial.files import write_json

MAKERS: Mapping[str, Callable[..., tuple[Path, ...]]] = {"tuning-frames": save_tuning}
"""Commands by name; ``tuning-frames`` makes ``tuning-arms`` too, from the same runs."""

_PACKAGES = ("torch", "numpy", "scikit-learn")
_ABOUT = {
    "tuning-frames": "t-SNE and PCA layouts of held-out patches (scenes, val) along tuning with the connected graph",
    "tuning-arms": "kNN purity along tuning and final embeddings, of the graph and its controls (scenes)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mmtutorial.artifacts.make", description=__doc__)
    parser.add_argument("name", choices=sorted(MAKERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=None, help="tuning steps; default: those of preset class")
    parser.add_argument("--every", type=int, default=50, help="steps between two looks")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder; default: that of the package")
    options = parser.parse_args(arguments)
    settings = {"seed": options.seed, "steps": options.steps, "every": options.every}
    for path in MAKERS[options.name](options.out, **settings):
        seal(path, options.name, settings)
    return 0


def seal(path: Path, name: str, settings: Mapping[str, Any]) -> None:
    """Write the sidecar of a file: how it was made, and its checksum."""
    changed = " ".join(f"--{key} {value}" for key, value in settings.items() if value is not None)
    about = {
        "about": _ABOUT.get(path.stem, path.stem),
        "command": f"python -m mmtutorial.artifacts.make {name} {changed}".strip(),
        "settings": dict(settings),
        "versions": {
            "python": platform.python_version(),
            **{package: metadata.version(package) for package in _PACKAGES},
        },
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    write_json(path.with_suffix(".json"), about)


if __name__ == "__main__":
    sys.exit(main())
