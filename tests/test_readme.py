"""What the README and the pages beside it show must run and be there."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command

from mmtutorial.cli.commands import app
from mmtutorial.downloads.registry import CATALOGUE
from mmtutorial.reports.reproduction_sentences import said_topics
from mmtutorial.results.reading import read_reproduction

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
OWN_PHOTOS = (REPOSITORY / "docs" / "own_photos.md").read_text(encoding="utf-8")
REFERENCE = (REPOSITORY / "docs" / "reference.md").read_text(encoding="utf-8")
RESULTS = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")
PAGES = {
    "README.md": README,
    "docs/own_photos.md": OWN_PHOTOS,
    "docs/reference.md": REFERENCE,
    "docs/results.md": RESULTS,
}


def blocks(language: str, page: str = README) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    return [text for kind, text in found if kind == language]


def test_its_python_runs_and_prints_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python", REFERENCE)
    exec(compile(code, "reference.md", "exec"), {})
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
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (.+) \| (.+) \|$", REFERENCE.split("| `data get` |")[1], re.MULTILINE)
    told = [(name, size, terms) for name, _, size, terms in rows[: len(CATALOGUE)]]
    assert told == [(entry.name, entry.size, entry.licence) for entry in CATALOGUE.values()]


def commands() -> list[list[str]]:
    lines = [line for page in PAGES.values() for block in blocks("", page) for line in block.splitlines()]
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


LINKS = sorted(
    {(page, target) for page, text in PAGES.items() for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text)}
    | {("README.md", target) for target in re.findall(r'(?:src|srcset)="([^"]+)"', README)}
)


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_every_file_they_link_to_is_there(page: str, target: str) -> None:
    assert target.startswith("https://") or (REPOSITORY / page).parent.joinpath(target).exists()


def test_the_readme_can_be_read_in_five_minutes() -> None:
    assert len(README.split()) <= 1200


def test_its_numbers_are_those_of_the_shipped_reproduction() -> None:
    found = json.loads((REPOSITORY / "mmtutorial/artifacts/reproduction.json").read_text(encoding="utf-8"))
    place = {"benchmark": "scenes", "network": "tiny"}
    miou = {row["arm"]: row["miou_mean"] for row in found["rows"] if place.items() <= row.items()}
    (lead,) = [
        pair
        for pair in found["comparisons"]
        if place.items() <= pair.items() and (pair["a"], pair["b"]) == ("random+more", "random+graph")
    ]
    assert f"from {miou['random']:.1f} to {miou['random+graph']:.1f}" in README
    assert f"gains nothing ({miou['random+shuffled']:.1f})" in README
    assert f"reaches {miou['random+more']:.1f}," in README
    high, low = (-end for end in lead["ci95"])
    assert f"({-lead['difference']:+.1f}; 95 % interval {low:.1f} to {high:.1f})" in " ".join(README.split())
    said = said_topics(read_reproduction(REPOSITORY / "mmtutorial/artifacts"))
    verdicts = Counter(finding.verdict.value for topic in said for finding in topic.findings)
    assert f"Of {sum(verdicts.values())} orderings on the slides, {verdicts['reproduced']} came out" in README
    assert f"{verdicts['contradicted']} the other way round, and {verdicts['not shown']} are not shown" in README
