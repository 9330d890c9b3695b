"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports matplotlib: no test opens a window.
os.environ.setdefault("MPLBACKEND", "Agg")

# No deadline: the first example of a property often pays for an import, and test workers share the cores.
settings.register_profile("mmtutorial", deadline=None)
settings.load_profile("mmtutorial")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real photographs (VOCdevkit/, CamVid/); where there is none, the test is skipped."""
    named = os.environ.get("MMTUTORIAL_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real photographs at {folder}; set MMTUTORIAL_DATA to a folder that has them")
    return folder
