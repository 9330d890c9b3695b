"""What the README shows must run and be there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from mmtutorial.cli import app

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for kind, text in found if kind == language]


def test_its_python_runs_and_prints_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "80 patches" in printed
    assert "80 triplets, coverage 100%" in printed


def commands() -> list[list[str]]:
    lines = [line for block in blocks("") for line in block.splitlines()]
    found = [re.search(r"(?:^|[/\\])mmtutorial (.*)$", line) for line in lines]
    return [shlex.split(match[1].split("#")[0]) for match in found if match]


def test_it_shows_commands() -> None:
    assert len(commands()) >= 5


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_the_options_it_shows(words: list[str]) -> None:
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_file_it_links_to_is_there(target: str) -> None:
    assert target.startswith("https://") or (REPOSITORY / target).exists()
