"""Forty ways to be wrong that a slip of the hand makes: one line, exit code 2, nothing written, nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calling import Call, assert_refused
from tests.own_images import write_folder

SMOKE = "run --preset smoke --out new"
WRONG = {
    "": {
        "rum": "No such command 'rum'",
        "data lst": "No such command 'lst'",
        "data get": "Missing argument",
        "--verison": "--verison",
        "run extra": "unexpected extra argument",
        "run --arm random": "--arm",
        "run --out": "--out",
        "run --labeled ten": "'--labeled'",
        "run --devices 0": "'--devices'",
        "run --devices 9999": "'--devices'",
        "run --loaders -1": "'--loaders'",
        "run --loaders 9999999": "'--loaders'",
        "predict": "--checkpoint",
        "predict --checkpoint x --images y": "--out",
        "data masks": "Missing argument",
        "reproduce --workers many": "'--workers'",
        "reproduce --workers 0": "'--workers'",
        "reproduce --workers 9999": "'--workers'",
    },
    "names": {
        f"{SMOKE} --dataset Scenes": "did you mean 'scenes'",
        f"{SMOKE} --dataset scenes,streets": "unknown data set 'scenes,streets'",
        f"{SMOKE} --dataset ''": "unknown data set",
        f"{SMOKE} --network resnet": "unknown network 'resnet'",
        f"{SMOKE} --preset Class": "did you mean 'class'",
        f"{SMOKE} --arms random-graph": "unknown arm 'random-graph'",
        f"{SMOKE} --arms graph": "unknown arm 'graph'",
        f"{SMOKE} --arms random+graph+more": "unknown arm",
        f"{SMOKE} --arms ,": "no arm given",
        f"{SMOKE} --precision bf16": "unknown precision 'bf16'; known: 32-true, bf16-mixed",
        f"{SMOKE} --accelerator gpu": "unknown accelerator 'gpu'",
        "reproduce --networks tiny,vgg --out new": "unknown network 'vgg'",
        "reproduce --dataset , --out new": "unknown data set ''",
        "reproduce --parts table --out new": "did you mean 'tables'",
        "data get VOC": "did you mean 'voc'",
        "data check scene": "did you mean 'scenes'",
    },
    "numbers": {
        f"{SMOKE} --seeds 4-1": "ends below its start",
        f"{SMOKE} --seeds 0;1": "not whole numbers",
        f"{SMOKE} --seeds 0-99999": "more than 1000",
        f"{SMOKE} --set margin=1": "unknown setting 'margin'",
        f"{SMOKE} --set tuning.margin:1": "has no '='",
        f"{SMOKE} --set tuning.loss=hinge": "unknown value of tuning.loss",
        f"{SMOKE} --set tuning=1": "tuning",
        f"{SMOKE} --set batch_norm=yes": "give bool",
        f"{SMOKE} --labeled -1": "asked for -1 labeled images",
    },
    "paths": {
        f"{SMOKE} --root data": "--root data would not be read, as scenes is drawn",
        "reproduce --root data --out new": "would not be read, as scenes and streets are drawn",
        f"{SMOKE} --dataset folder": "needs a root folder",
        f"{SMOKE} --dataset folder --root notes.txt": "notes.txt",
        f"{SMOKE} --dataset folder --root data --classes leav": "did you mean 'leaf'",
        "run --preset smoke --out notes.txt": "notes.txt",
        "data check folder --root data --out data": "is a folder",
        "data check folder --root data --out notes.txt": "no .html file",
        "data masks nowhere --photos data/images --out new": "nowhere",
        "predict --checkpoint data --images data/images --out new": "data",
        "predict --checkpoint notes.txt --images data/images --out new": "notes.txt",
        "report notes.txt": "notes.txt",
        "lab --folder notes.txt": "notes.txt",
    },
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "data", 6)
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(("words", "told"), [use for uses in WRONG.values() for use in uses.items()])
def test_a_wrong_use_is_refused_in_one_line_and_leaves_no_trace(call: Call, place: Path, words: str, told: str) -> None:
    before = contents(place)
    assert_refused(call(*[word.strip("'") for word in words.split(" ")]), told)
    assert contents(place) == before


def test_there_are_forty() -> None:
    assert sum(map(len, WRONG.values())) >= 40
