"""Looks over the machine before anything is trained, and says what to do about what is missing.

The functions here only look: nothing is installed, downloaded or left behind.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from mmtutorial.cli.threads import said_of_threads

MINIMUM_PYTHON = (3, 11)
MINIMUM_FREE_GB = 1.0

# The module that proves that a dependency works, where its name is not that of the package.
PROOFS = {
    "torchvision": "torchvision.ops",
    "safetensors": "safetensors.torch",
    "scipy": "scipy.sparse",
    "scikit-learn": "sklearn",
    "kornia": "kornia.color",
    "tqdm": "tqdm.auto",
    "pillow": "PIL.Image",
    "pyyaml": "yaml",
    "defusedxml": "defusedxml.ElementTree",
}

# Data sets made of files: the name on the command line, and the folder to look for below a root.
DATA_FOLDERS = {
    "voc": Path("VOCdevkit", "VOC2012"),
    "camvid": Path("CamVid"),
    "cityscapes": Path("cityscapes"),
    "stanford": Path("iccv09Data"),
    "pets": Path("oxford-iiit-pet"),
}


@dataclass(frozen=True)
class Check:
    """What one look at the machine found.

    Attributes:
        name: What was looked at, for example ``"torchvision"``.
        ok: False where mmtutorial will not work as things stand.
        detail: What was found, on one line.
        remedy: What to do about it, on one line; empty where nothing need be done. A check that is ``ok`` and
            has a remedy is a note: something optional is missing.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""

    @property
    def state(self) -> str:
        """``"OK"``, ``"NOTE"`` or ``"FAIL"``."""
        if not self.ok:
            return "FAIL"
        return "NOTE" if self.remedy else "OK"


def check(root: Path | None = None) -> list[Check]:
    """Looks at Python, the dependencies, the devices, the disk, the data sets and JupyterLab.

    Args:
        root: Folder with the user's data sets, searched beside ``./data``. None searches ``./data`` alone.

    Returns:
        One entry for each thing looked at, in the order in which to show them. The machine is fit for use
        when every entry is ``ok``.
    """
    # A copy of the source that was never installed has no metadata.
    asked = minimum_versions() or dict.fromkeys(("torch", *PROOFS))
    dependencies = [check_dependency(name, minimum) for name, minimum in asked.items()]
    usable = {entry.name for entry in dependencies if entry.ok}
    checks = [check_python(), *dependencies]
    if "torch" in usable:
        checks += [check_devices(), check_threads()]
    return [*checks, check_folder(Path.cwd()), check_disk(Path.cwd()), *check_data(root), check_lab()]


def failed(checks: list[Check]) -> int:
    """Counts the checks that are not ``ok``: with none, the machine is fit for use."""
    return sum(not entry.ok for entry in checks)


def format_checks(checks: list[Check]) -> str:
    """Sets out checks for a terminal: a line each, the remedy below it, and a closing line."""
    width = max((len(entry.name) for entry in checks), default=0)
    lines = []
    for entry in checks:
        lines.append(f"{f'[{entry.state}]':<6} {entry.name:<{width}}  {entry.detail}".rstrip())
        if entry.remedy:
            lines.append(f"{'':<6} {'':<{width}}  -> {entry.remedy}")
    count = failed(checks)
    lines.append(f"{count} to mend before mmtutorial can run: see [FAIL]." if count else "All is ready.")
    return "\n".join(lines)


def minimum_versions() -> dict[str, str]:
    """Reads what mmtutorial asks for, as ``{"torch": "2.4"}``; empty where it is not installed."""
    try:
        requirements = metadata.requires("mmtutorial") or []
    except metadata.PackageNotFoundError:
        return {}
    found = (re.fullmatch(r"([\w.-]+)\s*>=\s*([\d.]+)", requirement) for requirement in requirements)
    return {match[1].lower(): match[2] for match in found if match}


def check_python() -> Check:
    """Compares the running Python with the oldest one that will do."""
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    ok = sys.version_info[:2] >= MINIMUM_PYTHON
    remedy = "" if ok else f"install Python {wanted} or newer and make a new environment with it"
    return Check("Python", ok, f"{platform.python_version()} on {platform.system()} {platform.machine()}", remedy)


def check_threads() -> Check:
    """Says how torch's threads wait for one another."""
    return Check("threads", True, said_of_threads())


def check_dependency(name: str, minimum: str | None = None) -> Check:
    """Imports one dependency and compares its version.

    Args:
        name: Its name on the package index.
        minimum: The lowest version that will do; None accepts any.
    """
    upgrade = f"python -m pip install --upgrade {name}"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", f"python -m pip install {name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(PROOFS.get(name, name.replace("-", "_")))
            if name == "torchvision":
                _run_torchvision_operator()
    except Exception as error:  # a broken installation raises whatever it likes: OSError, RuntimeError, ...
        return Check(name, False, f"{version} does not work: {_one_line(error)}", _import_remedy(name))
    if minimum and _as_numbers(version) < _as_numbers(minimum):
        return Check(name, False, f"{version} is older than {minimum}", upgrade)
    return Check(name, True, version)


def check_devices() -> Check:
    """Counts processor cores and names the accelerators that torch can use."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parts = [f"CPU: cores {cores}, torch threads {torch.get_num_threads()}"]
    # torch warns, rather than fails, about a GPU whose driver is too old for it.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for index in range(count):
        gpu = torch.cuda.get_device_properties(index)
        parts.append(f"cuda:{index} {gpu.name} ({gpu.total_memory / 2**30:.0f} GiB)")
    if torch.backends.mps.is_available():
        parts.append("mps (Apple GPU)")
    remedy = ""
    if caught and not count:
        parts.append(f"a GPU that torch cannot use: {_one_line(caught[0].message)}")
        remedy = "update the GPU's driver, or carry on with the CPU: presets smoke and class are made for it"
    elif len(parts) == 1:
        parts.append("no GPU (presets smoke and class need none)")
    return Check("devices", True, "; ".join(parts), remedy)


def check_folder(folder: Path) -> Check:
    """Writes a nameless file to see whether results can be stored in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"mmtutorial")
    except OSError as error:
        remedy = "change to a folder of your own, or name one with --out"
        return Check("working folder", False, f"{folder} cannot be written: {_one_line(error)}", remedy)
    return Check("working folder", True, f"{folder} can be written")


def check_disk(folder: Path) -> Check:
    """Compares the free space on a folder's disk with `MINIMUM_FREE_GB`."""
    free = shutil.disk_usage(folder).free / 1e9
    ok = free >= MINIMUM_FREE_GB
    remedy = "" if ok else f"free at least {MINIMUM_FREE_GB:g} GB, or change to a folder on another disk"
    return Check("disk", ok, f"{free:.1f} GB free", remedy)


def check_data(root: Path | None) -> list[Check]:
    """Looks for data sets under a root and ``./data``; a root that does not exist is a failure."""
    built_in = "built in: drawn by the program, no files"
    checks = [Check("data: scenes", True, built_in), Check("data: streets", True, built_in)]
    if root is not None and not root.is_dir():
        detail = f"the root {root} is not a folder" if root.exists() else f"the root {root} does not exist"
        checks.append(Check("data: root", False, detail, "correct --root, or leave it out"))
    roots = [*([root] if root is not None else []), Path("data")]
    for name, below in DATA_FOLDERS.items():
        found = next((place / below for place in roots if (place / below).is_dir()), None)
        if found is not None:
            checks.append(Check(f"data: {name}", True, str(found)))
            continue
        detail = "not found under " + " or ".join(map(str, roots))
        remedy = f"optional: mmtutorial data get {name}, or give the folder above your {below.parts[0]} as --root"
        checks.append(Check(f"data: {name}", True, detail, remedy))
    return checks


def check_lab(find: Callable[[str], object | None] = importlib.util.find_spec) -> Check:
    """Looks for JupyterLab and ipywidgets, which only the notebooks need, by means of ``find(module)``."""
    missing = [module for module in ("jupyterlab", "ipywidgets") if find(module) is None]
    if missing:
        remedy = "for the notebooks only: python -m pip install 'mmtutorial[lab]'"
        return Check("JupyterLab", True, f"without {' and '.join(missing)}", remedy)
    return Check("JupyterLab", True, metadata.version("jupyterlab"))


def _run_torchvision_operator() -> None:
    # A torchvision built for another torch may import and fail only when its compiled operators are called.
    import torch
    from torchvision import ops

    ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)


def _import_remedy(name: str) -> str:
    if name in ("torch", "torchvision"):
        # Both in one command and from one index: a CPU build of one does not fit a GPU build of the other.
        return "take both from one place: python -m pip install --force-reinstall torch torchvision"
    return f"python -m pip install --force-reinstall {name}"


def _one_line(error: object) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."


def _as_numbers(version: str) -> tuple[int, ...]:
    # "2.15.0+cu130" -> (2, 15, 0): enough to compare with a lower bound.
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
