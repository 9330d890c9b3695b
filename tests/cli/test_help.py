from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.calling import Call

OPTIONS: dict[tuple[str, ...], list[str]] = {
    (): ["doctor", "data", "run", "reproduce", "predict", "report", "lab", "progress", "--debug", "--version"],
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
        *("--scheduler", "--slurm", "--slurm-partition", "--slurm-minutes", "--slurm-gpus", "--slurm-cpus"),
    ],
    ("lab",): ["--folder", "--no-browser", "-- OPTIONS"],
    ("progress",): ["--picture"],
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


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("--version", 0, "mmtutorial "),
        ("data list", 0, "VOCdevkit/VOC2012"),
        ("run --preset smok", 2, "did you mean 'smoke'"),
        ("run --arms random+grahp", 2, "did you mean 'random+graph'"),
        ("run --network tinny", 2, "did you mean 'tiny'"),
        ("run --set tuning.marjin=1", 2, "did you mean 'tuning.margin'"),
        ("run --seeds 4-0", 2, "4-0"),
        ("run --dataset scnes", 2, "did you mean 'scenes'"),
        ("reproduce --dataset scenes,stretes", 2, "did you mean 'streets'"),
        ("reproduce --parts tabels", 2, "did you mean 'tables'"),
        ("reproduce --set tuning.marjin=1", 2, "did you mean 'tuning.margin'"),
        ("data get vocc", 2, "did you mean 'voc'"),
        ("data check scnes", 2, "did you mean 'scenes'"),
    ],
)
def test_what_needs_no_torch_is_answered_without_it(words: str, code: int, told: str) -> None:
    # A module that cannot be imported stands for torch: whoever asks for it fails.
    script = (
        f"import sys; sys.modules['torch'] = None; sys.argv[1:] = {words.split()}; import mmtutorial.cli as c; c.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr


def test_doctor(call: Call) -> None:
    said = call("doctor")
    assert said.code == int("[FAIL]" in said.out)
    assert "[OK]" in said.out
    assert "torch" in said.out
