"""Where ``mmtutorial lab`` finds the notebooks, what it copies and keeps, and what it starts."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
import urllib.request
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import mmtutorial
from mmtutorial.cli import lab
from mmtutorial.cli.commands import app
from mmtutorial.errors import InputError
from tests.cli.calling import Call, assert_refused

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOK = "03_match.ipynb"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package without its repository, whose wheel brought two notebooks along. Returns their folder."""
    share = tmp_path / "share" / "mmtutorial" / "notebooks"
    (share / "solutions").mkdir(parents=True)
    for name in (NOTEBOOK, f"solutions/{NOTEBOOK}"):
        (share / name).write_text(f"original {name}")
    files = [
        SimpleNamespace(match=Path(str(path)).match, locate=lambda path=path: path) for path in share.rglob("*.ipynb")
    ]
    monkeypatch.setattr(mmtutorial, "__file__", str(tmp_path / "site" / "mmtutorial" / "__init__.py"))
    monkeypatch.setattr(metadata, "files", lambda name: files)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return share


def test_they_are_copied_to_the_home_folder(installed: Path, tmp_path: Path) -> None:
    copied = lab.copy_notebooks()
    assert copied.folder == tmp_path / "mmtutorial-notebooks"
    assert copied.new == (NOTEBOOK, f"solutions/{NOTEBOOK}")
    assert (copied.folder / NOTEBOOK).read_text() == f"original {NOTEBOOK}"
    assert str(copied) == f"notebooks in {copied.folder}; 2 copied"


def test_what_was_changed_is_kept_and_what_is_missing_comes_again(installed: Path) -> None:
    folder = lab.copy_notebooks().folder
    (folder / NOTEBOOK).write_text("my answers")
    (folder / "solutions" / NOTEBOOK).unlink()
    again = lab.copy_notebooks()
    assert (again.new, again.refreshed, again.kept) == ((f"solutions/{NOTEBOOK}",), (), ())
    assert (folder / NOTEBOOK).read_text() == "my answers"
    # A newer version changes nothing of that, but is named.
    (installed / NOTEBOOK).write_text("newer")
    later = lab.copy_notebooks()
    assert (later.new, later.refreshed, later.kept) == ((), (), (NOTEBOOK,))
    assert (folder / NOTEBOOK).read_text() == "my answers"
    assert "yours kept" in str(later)


def test_what_is_as_it_was_copied_is_brought_up_to_date(installed: Path) -> None:
    folder = lab.copy_notebooks().folder
    (installed / NOTEBOOK).write_text("newer")
    again = lab.copy_notebooks()
    assert again.refreshed == (NOTEBOOK,)
    assert (folder / NOTEBOOK).read_text() == "newer"
    assert lab.copy_notebooks().refreshed == ()


@pytest.mark.parametrize("record", [None, "{", "[1]", '{"03_match.ipynb": 3}', b"\xff"])
def test_without_a_sound_record_whatever_differs_is_the_learner_s(installed: Path, record: str | bytes | None) -> None:
    folder = lab.copy_notebooks().folder
    path = folder / lab.RECORD
    path.unlink()
    if record is not None:
        path.write_bytes(record if isinstance(record, bytes) else record.encode())
    (installed / NOTEBOOK).write_text("newer")
    assert lab.copy_notebooks().kept == (NOTEBOOK,)
    assert (folder / NOTEBOOK).read_text() == f"original {NOTEBOOK}"


def test_the_repository_s_own_come_without_masters_and_generator(tmp_path: Path) -> None:
    folder = lab.copy_notebooks(tmp_path / "mine").folder
    listed = {entry["file"] for entry in _index()}
    assert {path.stem for path in folder.glob("*.ipynb")} == listed
    assert {path.name for path in folder.iterdir() if path.suffix != ".ipynb"} == {"solutions", lab.RECORD}
    assert not list(folder.rglob("*.py"))


def _index() -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads((REPOSITORY / "notebooks/index.toml").read_text("utf-8"))["notebook"]
    return found


def test_the_originals_are_no_place_to_work(call: Call) -> None:
    before = sorted((REPOSITORY / "notebooks").iterdir())
    assert_refused(call("lab", "--folder", REPOSITORY / "notebooks"), "holds the originals", "--folder")
    assert sorted((REPOSITORY / "notebooks").iterdir()) == before


def test_a_folder_that_cannot_be_made(installed: Path) -> None:
    Path("file").write_text("")
    with pytest.raises(InputError, match="name another with --folder"):
        lab.copy_notebooks(Path("file") / "below")


@pytest.mark.parametrize("home", ["", "nowhere/at/all"])
def test_without_a_home_folder_the_message_names_the_variable(
    installed: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("HOME", home)
    with pytest.raises(InputError, match=r"HOME names none.*--folder"):
        lab.copy_notebooks()


def test_no_notebooks_at_all(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "files", lambda name: None)
    with pytest.raises(InputError, match="clone the repository"):
        lab.copy_notebooks()


def test_without_jupyterlab_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="-m pip install jupyterlab ipywidgets"):
        lab.start_lab()


@pytest.mark.parametrize(("user", "as_root"), [(0, ["--allow-root"]), (1000, [])])
def test_what_is_started(monkeypatch: pytest.MonkeyPatch, user: int, as_root: list[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    command = lab.lab_command(Path("/mine"), browser=False, more=["--port", "9000"])
    assert command == [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.root_dir=/mine"),
        *("--LabApp.default_url=/lab/tree/00_start.ipynb", "--JupyterApp.answer_yes=True", "--no-browser"),
        *(*as_root, "--port", "9000"),
    ]


def test_it_has_help() -> None:
    done = CliRunner().invoke(app, ["lab", "--help"])
    assert done.exit_code == 0
    assert "JupyterLab" in done.output


def test_it_serves_the_notebooks_until_it_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mmtutorial.cli", "lab", "--folder", tmp_path / "mine", "--no-browser"]
    environment = os.environ | {"HOME": "", "PYTHONPATH": str(REPOSITORY)}
    running = subprocess.Popen([*command, "--", "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment)
    too_late = threading.Timer(120, running.kill)
    too_late.start()
    try:
        assert running.stdout is not None
        first, second = running.stdout.readline(), running.stdout.readline()
        assert first.startswith(f"notebooks in {tmp_path / 'mine'}; 20 copied")
        address = re.fullmatch(r"JupyterLab: (\S+)  \(Ctrl-C ends it\)\n", second)
        assert address is not None
        assert "/lab/tree/00_start.ipynb?token=" in address[1]
        with urllib.request.urlopen(address[1].replace("lab/tree", "api/contents")) as answer:
            assert json.load(answer)["type"] == "notebook"
    finally:
        running.send_signal(signal.SIGTERM)
        rest = running.communicate()[0]
        too_late.cancel()
    assert (running.returncode, rest) == (143, "")
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address[1])


def test_what_jupyterlab_refuses_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mmtutorial.cli", "lab", "--folder", tmp_path / "mine", "--no-browser"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    bad = "--ServerApp.root_dir=" + str(tmp_path / "nowhere")
    ended = subprocess.run([*command, "--", bad], capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode != 0
    assert "nowhere" in ended.stderr
