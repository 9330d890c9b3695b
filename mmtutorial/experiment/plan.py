"""What is to be run: data, budgets, arms, seeds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from mmtutorial.experiment.arms import Arm
from mmtutorial.experiment.data import Request
from mmtutorial.networks import NetworkSpec
from mmtutorial.proxies import PROXIES
from mmtutorial.settings.budgets import Preset, described


@dataclass(frozen=True)
class Plan:
    """An experiment as asked for.

    Attributes:
        request: the data.
        preset: every budget.
        arms: what is compared.
        seeds: each arm runs once with each.
    """

    request: Request
    preset: Preset
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]

    def settings(self) -> dict[str, Any]:
        """All that decides the numbers, but for arms and seeds, as plain JSON values."""
        preset = asdict(self.preset)
        preset |= {name: described(getattr(self.preset, name)) for name in ("tuning", "segmentation")}
        settings = {**asdict(self.request), "preset": preset}
        plain: dict[str, Any] = json.loads(json.dumps(settings, default=str))
        # Runs of earlier versions do not know these words.
        for name in ("weights", "frozen", "window"):
            if not plain["preset"][name]:
                del plain["preset"][name]
        return plain

    def checksum(self) -> str:
        """A SHA-256 of all settings but for the choice of scored images, which no training sees, in hexadecimal."""
        settings = {name: value for name, value in self.settings().items() if name != "validate"}
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def steps_until(self) -> list[int]:
        """Gradient steps up to the end of each arm, seed by seed; a stage that arms share counts once."""
        made: dict[tuple[int, str, str], int] = {}
        sums = []
        for seed in self.seeds:
            for arm in self.arms:
                for stage, steps in arm.steps(self.preset).items():
                    made[seed, stage, arm.pretraining if stage == "proxy" else arm.name] = steps
                sums.append(sum(made.values()))
        return sums

    def spec(self, arm: Arm) -> NetworkSpec:
        """The arm's network. Its input stays the same in every stage, as in the authors' code."""
        seen = PROXIES[arm.pretraining].input if arm.is_learned else "rgb"
        return NetworkSpec(self.preset.encoder, arm.head(self.preset), seen, self.preset.batch_norm)
