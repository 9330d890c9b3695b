"""Where everything lies that a run leaves. Nobody else builds such a path.

::

    OUT/run.json                                what was asked for
    OUT/seed0/proxy/colorization/               the stage's files, score.json, purity.json
    OUT/seed0/tuning/random+graph/              the stage's files, purity.json
    OUT/seed0/segmentation/random+graph/        the stage's files, evaluation.json
    OUT/pictures/*.npz                          arrays behind the report's pictures
    OUT/results.json, OUT/report.html           written at the end

The files of a stage are ``model.safetensors``, ``log.jsonl`` and ``stage.json``; while it trains,
``checkpoint.safetensors``. A reproduction is a folder of such folders::

    OUT/run.json                                what was asked for
    OUT/scenes-tiny/                            one run for each data set and network
    OUT/ablations/labeled-25/                   one for each value of an ablation that differs from the preset's
    OUT/reproduction.json, OUT/reproduction.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

StageName = Literal["proxy", "tuning", "segmentation"]


@dataclass(frozen=True)
class StageFolder:
    """One stage of one arm, or of several that share it, with one seed."""

    path: Path

    @property
    def model(self) -> Path:
        """The trained weights."""
        return self.path / "model.safetensors"

    @property
    def checkpoint(self) -> Path:
        """Where training stands, while it goes on."""
        return self.path / "checkpoint.safetensors"

    @property
    def log(self) -> Path:
        """A line of numbers for each epoch."""
        return self.path / "log.jsonl"

    @property
    def record(self) -> Path:
        """Steps and seconds; there when training is finished."""
        return self.path / "stage.json"

    @property
    def evaluation(self) -> Path:
        """The confusion matrix of the scored images."""
        return self.path / "evaluation.json"

    @property
    def purity(self) -> Path:
        """KNN purity before and after the stage."""
        return self.path / "purity.json"

    @property
    def score(self) -> Path:
        """How well a proxy task is solved."""
        return self.path / "score.json"


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    @property
    def request(self) -> Path:
        """What was asked for, and by which commands."""
        return self.path / "run.json"

    @property
    def begun(self) -> bool:
        """Whether there are weights of any stage."""
        return bool(self.weights())

    def weights(self) -> list[Path]:
        """The weights of every stage, of finished ones and of others."""
        return sorted(self.path.glob("seed*/*/*/*.safetensors"))

    def records(self) -> list[Path]:
        """What was measured of every stage: evaluations, purities, scores."""
        names = ("evaluation", "purity", "score")
        return sorted(path for name in names for path in self.path.glob(f"seed*/*/*/{name}.json"))

    @property
    def results(self) -> Path:
        """Every number of the run."""
        return self.path / "results.json"

    @property
    def page(self) -> Path:
        """The report."""
        return self.path / "report.html"

    def stage(self, seed: int, stage: StageName, name: str) -> StageFolder:
        """A stage's folder.

        Args:
            seed: its seed.
            stage: ``proxy``, ``tuning`` or ``segmentation``.
            name: the proxy task; otherwise the arm, or two arms joined by ``&``, an ensemble.

        Example:
            >>> RunFolder(Path("runs")).stage(0, "tuning", "random+graph").purity.as_posix()
            'runs/seed0/tuning/random+graph/purity.json'
        """
        return StageFolder(self.path / f"seed{seed}" / stage / name)

    def evaluated(self) -> list[tuple[str, int]]:
        """Name and seed of everything that is trained and scored: of one name after the other, seeds ascending."""
        found = []
        for record in self.path.glob("seed*/segmentation/*/evaluation.json"):
            seed = record.parents[2].name.removeprefix("seed")
            if seed.isdecimal():
                found.append((record.parent.name, int(seed)))
        return sorted(found)

    @property
    def patches(self) -> Path:
        """Arrays of one training batch and its graphs."""
        return self._picture("patches")

    @property
    def predictions(self) -> Path:
        """Arrays of a few scored images with every arm's mask."""
        return self._picture("predictions")

    def embedding(self, arm: str) -> Path:
        """Arrays of the maps before and after an arm's tuning."""
        return self._picture(f"embedding-{arm}")

    def proxy_picture(self, task: str) -> Path:
        """Arrays of what a proxy task sees, shall predict and predicts."""
        return self._picture(f"proxy-{task}")

    def _picture(self, name: str) -> Path:
        return self.path / "pictures" / f"{name}.npz"


@dataclass(frozen=True)
class ReproductionFolder:
    """The folder of a reproduction."""

    path: Path

    @property
    def request(self) -> Path:
        """What was asked for, and by which commands."""
        return self.path / "run.json"

    @property
    def results(self) -> Path:
        """Every number of the reproduction."""
        return self.path / "reproduction.json"

    @property
    def page(self) -> Path:
        """The slides' tables with ours beside them."""
        return self.path / "reproduction.html"

    def run(self, benchmark: str, network: str) -> RunFolder:
        """The run of one data set and one network."""
        return RunFolder(self.path / f"{benchmark}-{network}")

    def ablation(self, name: str, value: float) -> RunFolder:
        """The run at one value of an ablation's setting."""
        return RunFolder(self.path / "ablations" / f"{name}-{value:g}")
