"""What the README shows must run and be there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command

from mmtutorial.cli.commands import app
from mmtutorial.downloads.registry import CATALOGUE

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
OWN_PHOTOS = (REPOSITORY / "docs" / "own_photos.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    return [text for kind, text in found if kind == language]


def test_its_python_runs_and_prints_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "80 patches" in printed
    assert "80 triplets, coverage 100%" in printed


def test_photos_are_made_small_and_upright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    turned = Image.Exif()
    turned[0x0112] = 6
    Path("originals").mkdir()
    Image.new("RGB", (1024, 512)).save("originals/a.JPG", exif=turned)
    Image.new("RGBA", (100, 80)).save("originals/b.png")
    (code,) = blocks("python", OWN_PHOTOS)
    exec(compile(code, "own_photos.md", "exec"), {})
    assert sorted(path.name for path in Path("photos").iterdir()) == ["a.jpg", "b.jpg"]
    for name, size in (("a.jpg", (256, 512)), ("b.jpg", (100, 80))):
        with Image.open(Path("photos", name)) as photo:
            assert photo.size == size


def test_its_table_of_downloads_agrees_with_the_catalogue() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (.+) \| (.+) \|$", README.split("| `data get` |")[1], re.MULTILINE)
    told = [(name, size, terms) for name, _, size, terms in rows[: len(CATALOGUE)]]
    assert told == [(entry.name, entry.size, entry.licence) for entry in CATALOGUE.values()]


def commands() -> list[list[str]]:
    lines = [line for page in (README, OWN_PHOTOS) for block in blocks("", page) for line in block.splitlines()]
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
