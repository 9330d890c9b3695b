"""Runs of notebooks as tests run them: preset ``smoke``, and no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = REPOSITORY / "notebooks"
NO_NETWORK = Path(__file__).resolve().parent / "no_network"
SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
LEARNERS = sorted(NOTEBOOKS.glob("*.ipynb"))
MASTERS = sorted((NOTEBOOKS / "src").glob("*.py"))


def environment() -> dict[str, str]:
    """Variables of a notebook test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "JPY_"))}
    path = os.pathsep.join(filter(None, [str(NO_NETWORK), str(REPOSITORY), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "MMTUTORIAL_PRESET": "smoke", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Outcome:
    """What pytest said: numbers of cells, the failed ones by number, and its text."""

    passed: int
    failed: frozenset[int]
    text: str


def nbval_lax(notebook: Path) -> Outcome:
    """Runs ``pytest --nbval-lax`` on one notebook."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "-q",
        "-p",
        "no:cacheprovider",
        "--color=no",
        str(notebook),
    ]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, timeout=400, check=False
    )
    text = done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", text)
    failed = frozenset(int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", text, flags=re.MULTILINE))
    return Outcome(int(passed[1]) if passed else 0, failed, text)
