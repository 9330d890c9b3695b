"""The repository keeps its own rules: what imports what, how long files are, which versions are asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARY = REPOSITORY / "mmtutorial"
FILES = sorted(LIBRARY.rglob("*.py"))

# A file is one idea. The limit is soft: what is one idea is not cut in two for it.
MAX_LINES = 320


def named(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def environment() -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_short_enough_to_read(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{named(file)} has {lines} lines: divide it"


def test_every_module_stands_on_a_floor() -> None:
    """Who imports whom is checked by import-linter; here only that no room is left out of its contract."""
    layers = next(c["layers"] for c in project()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    named_rooms = {room.strip(" ()") for layer in layers for room in layer.split("|")}
    rooms = {path.stem for path in LIBRARY.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__", "_moved"} <= named_rooms


def test_contributing_shows_every_room() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {path.stem for path in LIBRARY.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    missing = [room for room in sorted(rooms - {"__init__", "_moved"}) if f"`{room}`" not in text]
    assert not missing, f"CONTRIBUTING.md does not show {missing}"


def test_importing_the_package_is_light() -> None:
    code = "import sys, mmtutorial as m; print(m.__version__, *{'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    assert re.fullmatch(r"\d\S*\n", done.stdout)


def requirements() -> list[Requirement]:
    table = project()["project"]
    extras = table["optional-dependencies"].values()
    return [Requirement(line) for lines in (table["dependencies"], *extras) for line in lines]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_versions_are_lower_bounds_only(requirement: Requirement) -> None:
    assert [bound.operator for bound in requirement.specifier] == [">="]
    assert requirement.url is None


def test_the_environment_has_what_a_learner_needs() -> None:
    packages = {entry.split()[0] for entry in environment()["dependencies"] if isinstance(entry, str)}
    asked = {
        "python",
        "pip",
        "pytorch",
        "torchvision",
        "matplotlib",
        "scikit-learn",
        "jupyterlab",
        "ipywidgets",
        "nbval",
    }
    assert asked <= packages
    assert {"pip": ["-e ."]} in environment()["dependencies"]


def test_every_line_of_the_environment_says_why() -> None:
    lines = (REPOSITORY / "environment.yml").read_text(encoding="utf-8").split("dependencies:\n")[1].splitlines()
    silent = [line for line in lines if not re.search(r"\S\s+# \w", line)]
    assert lines
    assert not silent


def test_environment_and_package_ask_for_the_same_versions() -> None:
    asked = {requirement.name: str(requirement.specifier) for requirement in requirements()}
    asked |= {"pytorch": asked["torch"], "python": project()["project"]["requires-python"]}
    for entry in environment()["dependencies"]:
        if isinstance(entry, str) and entry != "pip":
            name, bound = entry.split()
            assert asked[name] == bound, name


def test_pre_commit_uses_the_environment_s_own_tools() -> None:
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {entry["repo"] for entry in config["repos"]} == {"local"}
    tools = {hook["entry"].split()[0] for entry in config["repos"] for hook in entry["hooks"]}
    assert tools == {"ruff", "mypy"}
    assert tools <= {requirement.name for requirement in requirements()}


def test_the_citation_names_the_paper() -> None:
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == project()["project"]["version"]
    [paper] = citation["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Zhan", "Liu", "Luo", "Tang", "Loy"]
    assert paper["identifiers"][0]["value"] == "arXiv:1712.00661"


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{project()['project']['version']}]" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no executable bit")
def test_the_ci_script_can_be_executed() -> None:
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)
