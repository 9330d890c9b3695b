"""Where ``mmtutorial lab`` finds the notebooks, and what it starts."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import mmtutorial
from mmtutorial.cli import lab
from mmtutorial.cli.commands import app
from mmtutorial.errors import InputError

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package without its repository, whose wheel brought two notebooks along."""
    share = tmp_path / "share" / "mmtutorial" / "notebooks"
    (share / "solutions").mkdir(parents=True)
    for name in ("03_match.ipynb", "solutions/03_match.ipynb"):
        (share / name).write_text(f"original {name}")
    files = [
        SimpleNamespace(match=Path(str(path)).match, locate=lambda path=path: path) for path in share.rglob("*.ipynb")
    ]
    monkeypatch.setattr(mmtutorial, "__file__", str(tmp_path / "site" / "mmtutorial" / "__init__.py"))
    monkeypatch.setattr(lab.metadata, "files", lambda name: files)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def test_in_the_repository_they_are_opened_where_they_lie() -> None:
    assert lab.notebook_folder() == REPOSITORY / "notebooks"


def test_without_the_repository_they_are_copied_once(installed: Path) -> None:
    folder = lab.notebook_folder()
    assert folder == installed / "mmtutorial-notebooks"
    (folder / "03_match.ipynb").write_text("my answers")
    (folder / "solutions" / "03_match.ipynb").unlink()
    assert lab.notebook_folder() == folder
    assert (folder / "03_match.ipynb").read_text() == "my answers"
    assert (folder / "solutions" / "03_match.ipynb").read_text() == "original solutions/03_match.ipynb"


def test_a_folder_of_the_user_s_choice(installed: Path) -> None:
    assert lab.notebook_folder(Path("mine")) == installed / "mine"
    assert (installed / "mine" / "03_match.ipynb").exists()


def test_the_repository_s_own_can_be_copied_too(tmp_path: Path) -> None:
    lab.notebook_folder(tmp_path / "mine")
    assert (tmp_path / "mine" / "03_match.ipynb").exists()


def test_a_folder_that_cannot_be_made(installed: Path) -> None:
    (installed / "file").write_text("")
    with pytest.raises(InputError, match="name another with --folder"):
        lab.notebook_folder(Path("file") / "below")


def test_no_notebooks_at_all(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.metadata, "files", lambda name: None)
    with pytest.raises(InputError, match="clone the repository"):
        lab.notebook_folder()


def test_without_jupyterlab_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="-m pip install jupyterlab ipywidgets"):
        lab.start_lab()


def test_what_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def run(command: list[str], check: bool) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    done = CliRunner().invoke(app, ["lab", "--no-browser"])
    assert done.exit_code == 3
    root = f"--ServerApp.root_dir={REPOSITORY / 'notebooks'}"
    assert started == [[sys.executable, "-m", "jupyterlab", root, "--no-browser"]]


def test_it_has_help() -> None:
    done = CliRunner().invoke(app, ["lab", "--help"])
    assert done.exit_code == 0
    assert "JupyterLab" in done.output
