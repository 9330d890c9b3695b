"""The method on one page runs from a shell, says three numbers, and says the same ones again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "mix_and_match.py"
CUT = ["--labeled", "6", "--tested", "4", "--tuning", "9", "--steps", "3"]
LINE = re.compile(r"(\S+) +(\d+) steps of tuning, +(\d+) of fine-tuning: mIoU +(\d+\.\d) %")


def rows_of(*arguments: str) -> list[tuple[str, ...]]:
    # One thread: on a busy machine two wait for each other. The folder's own code, where another copy is installed.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(EXAMPLE.parent.parent)}
    command = [sys.executable, str(EXAMPLE), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = [LINE.fullmatch(line) for line in done.stdout.splitlines()]
    assert all(found), done.stdout
    return [match.groups() for match in found if match]


@pytest.mark.slow
def test_the_example_compares_the_method_with_its_fair_control() -> None:
    rows = rows_of(*CUT)
    # Nine steps of 8 images of 5 patches of 32 x 32 are as many pixels as ten steps of 4 images of 96 x 96.
    assert [row[:3] for row in rows] == [("random", "0", "3"), ("random+more", "0", "13"), ("random+graph", "9", "3")]
    assert all(0 <= float(row[3]) <= 100 for row in rows)
    assert rows_of(*CUT) == rows


def test_the_example_stays_one_page() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 130
    assert all(len(line) <= 120 for line in lines)
