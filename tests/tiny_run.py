"""The smallest run that still has every part, for tests that need one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmtutorial.experiment import Plan, Request, Runner, parse_arms, write_results
from mmtutorial.settings.budgets import Preset
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import SMOKE

SETTINGS = {
    "proxy.schedule.steps": "12",
    "proxy.schedule.images": "2",
    "proxy.crop": "32",
    "proxy.points": "16",
    "tuning.schedule.steps": "12",
    "tuning.schedule.images": "2",
    "tuning.output_size": "16",
    "segmentation.schedule.steps": "16",
    "segmentation.schedule.images": "2",
    "segmentation.crop": "32",
    "labeled": "8",
    "unlabeled": "8",
    "evaluated": "6",
    "embedded": "6",
}


def arguments(**changes: object) -> list[str]:
    """The same settings for a command line; dots in the names of changes are written as two underscores."""
    settings = SETTINGS | {name.replace("__", "."): str(value) for name, value in changes.items()}
    return ["--preset", "smoke", *(word for name, value in settings.items() for word in ("--set", f"{name}={value}"))]


def preset(**changes: object) -> Preset:
    """The same as a preset."""
    return override(SMOKE, SETTINGS | {name.replace("__", "."): str(value) for name, value in changes.items()})


def runner(out: Path, *, arms: str, seeds: tuple[int, ...] = (0,), resume: bool = False, **options: Any) -> Runner:
    """A runner of tiny settings. Of ``options``, those of a request go there and the rest to the preset."""
    names = ("dataset", "root", "classes", "labeled", "validate")
    request = Request(**{name: options.pop(name) for name in names if name in options})
    plan = Plan(request, preset(**options), tuple(parse_arms(arms)), seeds)
    opened = Runner(plan, out, Machine("cpu"), command="mmtutorial run", resume=resume)
    opened.begin()
    return opened


def finish(tiny: Runner) -> dict[str, Any]:
    """Runs to the end, without pictures and page. Returns the results as the file has them."""
    write_results(tiny, tiny.run())
    found: dict[str, Any] = json.loads(tiny.folder.results.read_text())
    return found


def weights(out: Path) -> dict[str, bytes]:
    """The bytes of every model under a run's folder."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("model.safetensors"))}


def logs(out: Path) -> dict[str, str]:
    """The text of every log under a run's folder."""
    return {str(path.relative_to(out)): path.read_text() for path in sorted(out.rglob("log.jsonl"))}


def timeless(results: Path) -> dict[str, Any]:
    """A results file without the seconds measured, when it was begun by which commands, and the seal over all that."""
    found: dict[str, Any] = json.loads(results.read_text())
    assert found.pop("seal").startswith("mmtutorial sha256=")
    assert found.pop("date") == found.pop("commands")[-1]["date"]
    for arm in found["arms"]:
        assert arm.pop("seconds")
    return found
