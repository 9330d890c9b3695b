"""Modules that moved are still found under their old names, and are the same objects."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys

import pytest

from mmtutorial._moved import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_gives_the_very_module(old: str) -> None:
    module = importlib.import_module(MOVED[old])
    assert importlib.import_module(old) is module
    assert module.__spec__ is not None
    assert module.__spec__.name == module.__name__ == MOVED[old]


def test_a_setting_made_under_the_old_name_holds_under_the_new_one() -> None:
    code = """
import mmtutorial.engine as old
old.SECONDS_BETWEEN_CHECKPOINTS = 0.5
from mmtutorial.training import engine
print(engine.SECONDS_BETWEEN_CHECKPOINTS)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0.5\n"


def test_a_class_is_pickled_by_its_new_name() -> None:
    from mmtutorial.training.engine import StageResult

    importlib.import_module("mmtutorial.engine")
    assert b"mmtutorial.training.engine" in pickle.dumps(StageResult(1, 1.0))


def test_other_names_are_refused_as_ever() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"mmtutorial\.no_such"):
        importlib.import_module("mmtutorial.no_such")
