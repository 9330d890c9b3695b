"""What hosts of notebooks and editors read: requirements.txt, the development container."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
EXTRAS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def asked_extras(text: str) -> set[str]:
    return set(text.partition("[")[2].partition("]")[0].split(","))


def test_requirements_ask_for_the_package_and_name_nothing_twice() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (only,) = (line for line in lines if line and not line.startswith("#"))
    assert only.startswith(".[")
    assert asked_extras(only) <= set(EXTRAS)


def test_the_container_installs_what_development_needs() -> None:
    container = json.loads((REPOSITORY / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert asked_extras(container["postCreateCommand"]) == {"dev"}
    assert container["image"].rpartition(":")[2] >= "3.11"
    assert container["forwardPorts"] == [8888]
