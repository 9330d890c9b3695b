from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmtutorial import cli
from mmtutorial.errors import InputError
from tests.cli.calling import Call, Said, assert_refused
from tests.cli.spoiling import NOTHING_OPENS, ONE_FILE_IS_BAD


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (
            ["--dataset", "scnes"],
            ["unknown data set 'scnes'; did you mean 'scenes'?", "voc, camvid, cityscapes, stanford, pets, folder"],
        ),
        (["--arms", "random+grahp"], ["unknown arm 'random+grahp'; did you mean 'random+graph'?"]),
        (["--arms", " , "], ["no arm given"]),
        (["--classes", "fish,mushrom"], ["unknown class 'mushrom'; did you mean 'mushroom'?"]),
        (["--preset", "smok"], ["unknown preset 'smok'; did you mean 'smoke'?"]),
        (["--set", "tuning.marjin=1"], ["did you mean 'tuning.margin'?"]),
        (["--set", "tuning.margin=wide"], ["tuning.margin='wide'", "give float"]),
        (["--set", "tuning.schedule.steps=0"], ["give 1 or more"]),
        (["--set", "tuning.side=0.5"], ["is not 2 numbers"]),
        (["--set", "tuning.margin"], ["has no '='", "--set tuning.margin=0.5"]),
        (["--set", "=3"], ["unknown setting ''"]),
        (["--seeds", "0,one"], ["seeds '0,one' are not whole numbers", "--seeds 0,1,2"]),
        (["--seeds", ""], ["not whole numbers"]),
        (["--seeds", "1.5"], ["not whole numbers"]),
        (["--seeds", "0,-1"], ["negative"]),
        (["--labeled", "1001"], ["asked for 1001 labeled images", "1000"]),
        (["--labeled", "0"], ["asked for 0 labeled images"]),
        (["--labeled", "-4"], ["asked for -4 labeled images"]),
        (["--dataset", "voc"], ["data set 'voc' needs a root folder", "VOCdevkit"]),
        (["--dataset", "folder", "--root", "nowhere"], ["root nowhere", "is not a folder", "images/ and masks/"]),
        (["--accelerator", "gpus"], ["accelerator 'gpus'"]),
        (["--precision", "8"], ["precision '8'"]),
    ],
)
def test_bad_words(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], parts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    preset = [] if "--preset" in words else ["--preset", "smoke", "--set", "labeled=none"]
    assert_refused(call("run", *preset, *words), *parts)
    assert list(tmp_path.iterdir()) == [], "nothing may be in the way of the corrected command"


@pytest.mark.parametrize("spoil", [*NOTHING_OPENS, *ONE_FILE_IS_BAD])
def test_bad_files(call: Call, tmp_path: Path, listed: Path, spoil: Callable[[Path], str]) -> None:
    said, out = spoil(listed), tmp_path / "out"
    assert_refused(call("run", "--dataset", "folder", "--preset", "smoke", "--root", listed, "--out", out), said)
    assert not out.exists()


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["--debug", "run", "--preset", "smok"], ["run", "--preset", "smok", "--debug"]):
        monkeypatch.setattr(sys, "argv", ["mmtutorial", *words])
        with pytest.raises(InputError, match="did you mean 'smoke'"):
            cli.main()


def test_a_real_process_is_refused_in_one_line() -> None:
    command = [sys.executable, "-m", "mmtutorial.cli", "run", "--preset", "smok"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert_refused(Said(ended.returncode, ended.stdout, ended.stderr), "did you mean 'smoke'")


@pytest.mark.parametrize(
    "words", [["run", "--presett", "x"], ["runn"], ["predict"], ["run", "--labeled", "ten"], ["data", "check"]]
)
def test_usage_errors_exit_with_two_as_well(call: Call, words: list[str]) -> None:
    said = call(*words)
    assert said.code == 2
    assert "Traceback" not in said.err
    assert said.err
