"""The cells that every notebook gets: head, set-up and foot."""

from __future__ import annotations

import math
from typing import Literal

from notebooks.generator.catalogue import Catalogue, Entry
from notebooks.generator.timings import Timing

PICTURE = "first.webp"
"""Name of the picture that stands above all code, in the head's attachments."""
HIDDEN = "hide-input"
"""Tag of a cell whose code is out of sight: in JupyterLab, in Colab's form, and in a Jupyter book."""

Edition = Literal["learner", "solution"]

# No import of the package before it is there. Pip is told the versions of what Colab brings, so that it cannot
# replace them: a second torch would take minutes and break what was compiled for the first.
SET_UP = """\
# @title Set-up: run this first
# On your own machine this only looks for the package; on Colab it installs it and leaves torch as it is.
import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

ADDRESS = "{address}"  # where pip finds the package; a wheel beside this notebook comes first

if importlib.util.find_spec("mmtutorial") is None:
    source = max(map(str, Path().glob("mmtutorial-*.whl")), default=ADDRESS)
    if "google.colab" not in sys.modules or not source:
        raise ModuleNotFoundError(
            f"mmtutorial is not installed in {{sys.executable}}. On your machine: in the repository's folder, run "
            "'pip install -e .' with this Python. On Colab: upload mmtutorial-*.whl beside this notebook and try again."
        )
    keep = [name for name in ("torch", "torchvision", "numpy") if importlib.util.find_spec(name)]
    Path("keep.txt").write_text("\\n".join(f"{{name}}=={{importlib.metadata.version(name)}}" for name in keep))
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-c", "keep.txt", source], check=True)
    importlib.invalidate_caches()

import mmtutorial
from mmtutorial.classroom import preset_name, progress, solution, todo  # todo(...) marks the blanks of the exercises

print(f"mmtutorial {{mmtutorial.__version__}}, preset {{preset_name()}}")"""

FOOT = """\
# What the numbers above were made with.
from mmtutorial.classroom import versions

print(versions())"""


def head(catalogue: Catalogue, entry: Entry, timing: Timing | None, edition: Edition) -> str:
    """Title, badge, picture, question, objectives, times and ways to the neighbours."""
    lines = [f"# {entry.number} {entry.title}", ""]
    if catalogue.colab:
        lines += [f"{badge(catalogue, entry)}", ""]
    if entry.picture:
        lines += [f"![{entry.picture}](attachment:{PICTURE})", ""]
    lines += [f"### {entry.question}", "", "**After this notebook you can**", ""]
    lines += [f"- {objective}" for objective in entry.objectives]
    lines += ["", _times(entry, timing), "", _ways(catalogue, entry, edition)]
    return "\n".join(lines)


def badge(catalogue: Catalogue, entry: Entry) -> str:
    """The button that opens the notebook in Colab; empty until there is an address."""
    if not catalogue.colab:
        return ""
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({image})]({catalogue.colab.rstrip('/')}/{entry.file}.ipynb)"


def set_up(catalogue: Catalogue) -> str:
    """Source of the cell that finds or installs the package."""
    return SET_UP.format(address=catalogue.address)


def rounded_up(seconds: float) -> str:
    """A time that does not change with each measurement: the next 10 seconds, or half minute, that it stays below."""
    step = 10 if seconds < 60 else 30
    bound = max(step, math.ceil(seconds / step) * step)
    return f"{bound} seconds" if bound < 120 else f"{bound / 60:g} minutes"


def _times(entry: Entry, timing: Timing | None) -> str:
    text = f"*{entry.minutes} minutes with the exercises."
    if timing:
        text += f" All cells together run in under {rounded_up(timing.lesson)} on two cores."
    return f"{text}*"


def _ways(catalogue: Catalogue, entry: Entry, edition: Edition) -> str:
    place = catalogue.entries.index(entry)
    ways = []
    if place > 0:
        ways.append(f"[back: {catalogue.entries[place - 1].title}]({catalogue.entries[place - 1].file}.ipynb)")
    if place + 1 < len(catalogue.entries):
        ways.append(f"[next: {catalogue.entries[place + 1].title}]({catalogue.entries[place + 1].file}.ipynb)")
    if edition == "learner":
        ways.append(f"[with solutions](solutions/{entry.file}.ipynb)")
    else:
        ways.append(f"[without solutions](../{entry.file}.ipynb)")
    return " | ".join(ways)
