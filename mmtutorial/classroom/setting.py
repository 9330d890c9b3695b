"""The one switch of the notebooks, and what they ran with."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Literal

from mmtutorial.errors import unknown

Size = Literal["smoke", "class"]
SIZES: tuple[Size, ...] = ("smoke", "class")
SWITCH = "MMTUTORIAL_PRESET"


def preset_name() -> Size:
    """Return what a notebook runs at: ``"class"``, the lesson, or ``"smoke"``, seconds to prove that it runs.

    Reads the environment variable ``MMTUTORIAL_PRESET``; ``"class"`` where it is not set.

    Raises:
        InputError: it is set to something else.
    """
    given = os.environ.get(SWITCH) or "class"
    for size in SIZES:
        if given == size:
            return size
    raise unknown(SWITCH, given, SIZES)


def versions() -> str:
    """Return the versions of what the numbers of a notebook hang on, on one line."""
    packages = ("mmtutorial", "torch", "torchvision", "numpy", "scikit-learn", "matplotlib")
    found = [f"{name} {metadata.version(name)}" for name in packages]
    return ", ".join([f"Python {platform.python_version()}", *found])
