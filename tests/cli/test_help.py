from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.calling import Call

OPTIONS: dict[tuple[str, ...], list[str]] = {
    (): ["doctor", "data", "run", "reproduce", "predict", "report", "lab", "--debug"],
    ("doctor",): ["--root"],
    ("data",): ["list", "get", "check", "masks"],
    ("data", "list"): [],
    ("data", "get"): ["--root", "--from"],
    ("data", "check"): ["--root", "--classes", "--out"],
    ("data", "masks"): ["--photos", "--out", "--classes"],
    ("run",): [
        *("--dataset", "--root", "--classes", "--labeled", "--preset", "--arms", "--seeds", "--out", "--resume"),
        *("--network", "--validate", "--set", "--accelerator", "--precision", "--devices", "--loaders"),
    ],
    ("reproduce",): [
        *("--dataset", "--root", "--classes", "--labeled", "--preset", "--networks", "--parts", "--seeds", "--out"),
        *("--workers", "--resume", "--validate", "--set", "--accelerator", "--precision", "--devices", "--loaders"),
    ],
    ("lab",): [],
    ("predict",): ["--checkpoint", "--images", "--out"],
    ("report",): [],
}


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_help(call: Call, words: tuple[str, ...]) -> None:
    said = call(*words, "--help")
    assert said.code == 0
    assert said.err == ""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said.out)
    for option in OPTIONS[words]:
        assert option in plain, option


def test_help_is_quick_since_it_imports_nothing_heavy() -> None:
    code = "import sys, mmtutorial.cli; print([m for m in ('torch', 'matplotlib', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_doctor(call: Call) -> None:
    said = call("doctor")
    assert said.code == int("[FAIL]" in said.out)
    assert "[OK]" in said.out
    assert "torch" in said.out
