"""The examples in docstrings run, and every public function of the method has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
from types import ModuleType

import pytest

import mmtutorial

METHOD = ("patches", "graph", "matching", "triplet", "contrastive", "metrics", "embedding", "tuning", "segmentation")
MODULES = (
    *METHOD,
    "randomness",
    "errors",
    "words",
    "datasets.opening",
    "classroom.checking",
    "plots.html_table",
    "plots.cost",
    "widgets.cost_calculator",
)


def module_of(name: str) -> ModuleType:
    return importlib.import_module(f"{mmtutorial.__name__}.{name}")


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    found = doctest.testmod(module_of(name))
    assert found.attempted > 0
    assert found.failed == 0, "see the captured output for what came out"


@pytest.mark.parametrize("name", [*METHOD, "randomness", "errors"])
def test_every_public_function_has_an_example(name: str) -> None:
    module = module_of(name)
    own = {key: value for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    functions = [key for key, value in own.items() if inspect.isfunction(value) and not key.startswith("_")]
    assert functions
    assert [key for key in functions if ">>>" not in (own[key].__doc__ or "")] == []


def test_the_front_door_has_an_example() -> None:
    assert ">>>" in (module_of("datasets").open_dataset.__doc__ or "")
    assert ">>>" in (module_of("classroom").check.__doc__ or "")
