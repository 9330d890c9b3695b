"""What is handed out: the wheel and the source archive, and the workflow that would publish them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("build", reason="build is not installed")
pytest.importorskip("twine", reason="twine is not installed")

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]
LEFT_BEHIND = (".git", ".venv", "runs", "data", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, so that building leaves nothing in it."""
    copy = tmp_path_factory.mktemp("source") / "mmtutorial"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    return copy


@pytest.fixture(scope="module")
def built(source: Path) -> tuple[Path, Path]:
    """The wheel and the source archive; the wheel is built from the archive, as it is for publishing."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", source / "dist", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (archive,) = (source / "dist").glob("*.whl"), (source / "dist").glob("*.tar.gz")
    return wheel, archive


@pytest.fixture(scope="module")
def in_wheel(built: tuple[Path, Path]) -> set[str]:
    with zipfile.ZipFile(built[0]) as opened:
        return set(opened.namelist())


@pytest.fixture(scope="module")
def in_archive(built: tuple[Path, Path]) -> set[str]:
    with tarfile.open(built[1]) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def files(folder: Path, pattern: str = "*") -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob(pattern) if path.is_file()}


def test_the_index_would_take_them(built: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *built]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_every_file_of_the_package(source: Path, in_wheel: set[str]) -> None:
    assert files(source / "mmtutorial") <= {name.removeprefix("mmtutorial/") for name in in_wheel}


def test_the_wheel_brings_the_notebooks_along(source: Path, in_wheel: set[str]) -> None:
    share = f"mmtutorial-{VERSION}.data/data/share/mmtutorial/notebooks/"
    brought = {name.removeprefix(share) for name in in_wheel if name.startswith(share)}
    assert brought == files(source / "notebooks", "*.ipynb")
    assert len(brought) >= 20


def test_the_wheel_installs_nothing_else(in_wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in in_wheel}
    assert tops == {"mmtutorial", f"mmtutorial-{VERSION}.dist-info", f"mmtutorial-{VERSION}.data"}
    assert [name for name in in_wheel if re.search(r"__pycache__|\.ipynb_checkpoints", name)] == []


def test_both_licences_are_in_both(in_wheel: set[str], in_archive: set[str]) -> None:
    licences = {"LICENSE", "LICENSE-CONTENT"}
    assert {f"mmtutorial-{VERSION}.dist-info/licenses/{name}" for name in licences} <= in_wheel
    assert licences <= in_archive
    assert "talk/reveal/LICENSE" in in_archive


def test_the_source_archive_holds_the_whole_repository(source: Path, in_archive: set[str]) -> None:
    whole = {name for name in files(source) if not name.startswith("dist/") and ".egg-info/" not in name}
    assert whole - in_archive == set()


def test_what_the_index_shows_of_it(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as opened:
        told = HeaderParser().parsestr(opened.read(f"mmtutorial-{VERSION}.dist-info/METADATA").decode())
    assert (told["Version"], told["License-Expression"]) == (VERSION, "MIT AND CC-BY-4.0")
    assert "Paper, https://arxiv.org/abs/1712.00661" in told.get_all("Project-URL", [])
    assert told["Requires-Python"] == ">=3.11"


def test_the_address_of_the_source_is_told_once_there_is_one() -> None:
    index = tomllib.loads((REPOSITORY / "notebooks" / "index.toml").read_text(encoding="utf-8"))
    address = index["address"].removeprefix("git+")
    assert not address or address in PROJECT["urls"].values(), (
        "pyproject.toml lacks the address of notebooks/index.toml"
    )


def test_citation_and_changelog_have_the_date_of_the_version() -> None:
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{VERSION}] - {citation['date-released']}\n" in changelog


def workflow() -> dict[Any, Any]:
    return yaml.safe_load((REPOSITORY / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8"))


def test_a_tag_publishes_what_was_built_and_tried() -> None:
    found = workflow()
    # YAML reads the key "on" as true.
    assert found[True] == {"push": {"tags": ["v*"]}}
    jobs = found["jobs"]
    assert (jobs["publish"]["needs"], jobs["try"]["needs"]) == ("try", "build")
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert found["permissions"] == {"contents": "read"}
    assert jobs["try"]["strategy"]["matrix"]["python"][0] == PROJECT["requires-python"].removeprefix(">=")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(("tag", "taken"), [(f"v{VERSION}", True), (VERSION, False), ("v99.0.0", False)])
def test_a_tag_that_is_not_the_version_is_refused(tag: str, taken: bool, tmp_path: Path) -> None:
    steps = workflow()["jobs"]["build"]["steps"]
    (check,) = (step["run"] for step in steps if step.get("name") == "the tag is the version")
    python = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", check],
        cwd=REPOSITORY,
        env={"GITHUB_REF_NAME": tag, "PATH": f"{python}:/usr/bin:/bin"},
        timeout=60,
        check=False,
    )
    assert (done.returncode == 0) is taken
