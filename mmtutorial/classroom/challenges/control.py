"""Challenge of notebook 05: tune within 200 steps, and beat the fair control."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from mmtutorial.classroom.challenges.task import Challenge
from mmtutorial.classroom.setting import preset_name
from mmtutorial.errors import InputError, unknown
from mmtutorial.experiment import Plan, Request, Runner, parse_arms
from mmtutorial.metrics import mean_iou
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import get_preset

NAME = "05.beat_the_control"
_SETTINGS = {
    "steps": "tuning.schedule.steps",
    "rate": "tuning.schedule.lr",
    "margin": "tuning.margin",
    "images": "tuning.schedule.images",
    "patches": "tuning.patches",
}
_MOST_STEPS, _FINE_TUNING, _SEEDS = 200, 100, (0, 1)


def _changes(answer: object) -> dict[str, str]:
    """The settings of the run.

    Raises:
        InputError: they are no settings of this challenge, or cost too many steps.
    """
    if not isinstance(answer, dict):
        names = ", ".join(_SETTINGS)
        raise InputError(f"{NAME} asks for a dictionary with any of {names}, got {type(answer).__name__}")
    for name, value in answer.items():
        if name not in _SETTINGS:
            raise unknown("setting", str(name), _SETTINGS)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InputError(f"{NAME}: {name} is a number, got {value!r}"[:200])
    steps = answer.get("steps", 100)
    if not 1 <= steps <= _MOST_STEPS:
        raise InputError(f"{NAME}: steps is {steps}; give 1 to {_MOST_STEPS}")
    small = preset_name() == "smoke"
    changes = {_SETTINGS[name]: f"{value:g}" for name, value in answer.items()}
    changes["tuning.schedule.steps"] = "3" if small else f"{steps:g}"
    changes["segmentation.schedule.steps"] = "3" if small else str(_FINE_TUNING)
    return changes | {"batch_norm": "true", "evaluated": "4" if small else "100"}


def _score(answer: object) -> float:
    plan = Plan(
        request=Request("scenes", validate=True),
        preset=override(get_preset("class"), _changes(answer)),
        arms=tuple(parse_arms("random+graph,random+more")),
        seeds=_SEEDS,
    )
    with tempfile.TemporaryDirectory() as folder:
        done = Runner(plan, Path(folder) / "run", Machine("cpu"), command=NAME, resume=False).run()
    found = {key: 100 * mean_iou(run.confusion) for key, run in done.items()}
    return float(np.mean([found["random+graph", seed] - found["random+more", seed] for seed in _SEEDS]))


CHALLENGE = Challenge(
    NAME,
    f"Hand in a dictionary with any of {', '.join(_SETTINGS)}, with at most {_MOST_STEPS} steps of tuning. Scored by "
    f"the mIoU after {_FINE_TUNING} steps of fine-tuning, less that of plain fine-tuning at equal cost: two seeds, 100 "
    "images kept for choosing. It takes about a minute.",
    "points above the fair control",
    {"steps": 100},
    _score,
)
