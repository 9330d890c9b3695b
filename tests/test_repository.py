"""The repository keeps its own rules: what imports what, how long files are, which versions are asked for."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARY = REPOSITORY / "mmtutorial"
FILES = sorted(LIBRARY.rglob("*.py"))

# A room imports only from rooms on lower floors. A new room takes its place here and in CONTRIBUTING.md.
FLOORS = {
    -3: {"__init__", "errors"},
    -2: {"files", "locks", "randomness"},
    -1: {"ownership"},
    0: {"datasets", "networks", "budgets", "presets", "overrides"},
    1: {
        "patches",
        "crops",
        "graph",
        "class_places",
        "training_log",
        "optimisation",
        "devices",
        "matching",
        "triplet",
        "contrastive",
        "metrics",
        "embedding",
        "augment",
        "annotations",
        "sampling",
        "drawing_ahead",
        "downloads",
        "plots",
    },
    2: {"engine"},
    3: {"proxies", "tuning", "segmentation"},
    4: {"experiment", "report_data", "prediction"},
    5: {
        "report",
        "reproduce",
        "report_findings",
        "report_markdown",
        "reproduction_report",
        "widgets",
        "lab",
        "doctor",
        "dataset_check",
    },
    6: {"artifacts", "classroom", "cli", "cli_data", "cli_options", "__main__"},
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
# Neighbours that may import, in this direction: embeddings and the contrastive loss live on the sphere of the triplet
# loss; matching draws graphs over patches; the graph, patches, presets and the report have helpers of their own.
NEIGHBOURS = {
    ("embedding", "triplet"),
    ("contrastive", "triplet"),
    ("matching", "graph"),
    ("matching", "patches"),
    ("graph", "class_places"),
    ("patches", "crops"),
    ("report", "report_findings"),
    ("reproduction_report", "report"),
    ("dataset_check", "report"),
    ("presets", "budgets"),
    ("overrides", "presets"),
    ("cli", "cli_data"),
    ("cli", "cli_options"),
    ("cli_data", "cli_options"),
}
TRAINS = {"networks", "engine", "proxies", "tuning", "segmentation", "experiment"}
SHOWS = {"plots", "report", "reproduction_report", "widgets", "artifacts", "classroom", "cli"}
MAX_LINES = 250


def named(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


def room_of(file: Path) -> str:
    return file.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported_modules(file: Path) -> Iterator[str]:
    """Full names of all that a file imports, wherever in the file it does so."""
    package = ["mmtutorial", *file.relative_to(LIBRARY).parent.parts]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def imported_rooms(file: Path) -> frozenset[str]:
    modules = (module.split(".") for module in imported_modules(file))
    rooms = {parts[1] for parts in modules if parts[0] == "mmtutorial" and len(parts) > 1}
    return frozenset(rooms - {"__version__"})


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def environment() -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_imports_come_from_lower_floors(file: Path) -> None:
    room = room_of(file)
    for name in {room, *imported_rooms(file)}:
        assert name in FLOOR_OF, f"{name} has no floor: add it to FLOORS in this test and to CONTRIBUTING.md"
    others = {name for name in imported_rooms(file) - {room} if (room, name) not in NEIGHBOURS}
    too_high = {name for name in others if FLOOR_OF[name] >= FLOOR_OF[room]}
    assert not too_high, f"{named(file)} (floor {FLOOR_OF[room]}) imports {sorted(too_high)} of its own floor or above"


@pytest.mark.parametrize("file", [file for file in FILES if room_of(file) in TRAINS], ids=named)
def test_what_trains_imports_nothing_that_shows(file: Path) -> None:
    assert not imported_rooms(file) & SHOWS


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_short_enough_to_read(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{named(file)} has {lines} lines: divide it"


def test_relative_imports_are_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules[__name__], "LIBRARY", tmp_path)
    file = tmp_path / "plots" / "curves.py"
    file.parent.mkdir()
    lines = ["from . import style", "from ..engine import run", "from .. import report", "def f():"]
    file.write_text("\n".join([*lines, "    import mmtutorial.cli as c"]))
    assert imported_rooms(file) == {"plots", "engine", "report", "cli"}


def test_contributing_lists_every_room() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = {int(row[1]): row[2] for row in re.finditer(r"^\| (\d) \| (.*?) \|$", text, re.MULTILINE)}
    for room, floor in FLOOR_OF.items():
        if floor >= 0 and room != "__main__":
            assert f"`{room}`" in rows[floor], f"CONTRIBUTING.md does not have {room} on floor {floor}"


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
