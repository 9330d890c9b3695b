"""Commands in a notebook's shell: whatever display, encoding and settings it has, they draw and speak as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calling import Call
from tests.own_images import write_folder
from tests.plots.run_folder import write_run

# Hides matplotlib-inline, as in an environment without JupyterLab.
HIDDEN = """
import importlib.metadata as m
old = m.entry_points
m.entry_points = lambda **k: [] if k.get("group") == "matplotlib.backend" else old(**k)
"""
STYLE = "text.usetex: True\nfont.family: serif\nfigure.facecolor: black\nnonsense\n"


def called(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mmtutorial.cli", *map(str, words)]
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([*environment.pop("PYTHONPATH", "").split(os.pathsep), here])
    return subprocess.run(
        command, env=os.environ | environment | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "inline"])
def test_any_display(tmp_path: Path, backend: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    root = write_folder(tmp_path / "data", 6)
    done = called("data", "check", "folder", "--root", root, MPLBACKEND=backend, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_user_s_matplotlibrc_changes_no_page(call: Call, tmp_path: Path) -> None:
    write_run(tmp_path / "run", seeds=2)
    (tmp_path / "run/pictures/predictions.npz").unlink()
    assert call("report", tmp_path / "run").code == 0
    before = (tmp_path / "run/report.html").read_bytes()
    (tmp_path / "matplotlibrc").write_text(STYLE)
    # No home folder either, and no place for matplotlib's own files.
    nowhere = tmp_path / "nowhere"
    nowhere.write_text("")
    done = called("report", tmp_path / "run", MATPLOTLIBRC=str(tmp_path / "matplotlibrc"), MPLCONFIGDIR=str(nowhere))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/report.html").read_bytes() == before


def test_an_encoding_without_the_letters() -> None:
    done = called("data", "check", "folder", "--root", "Fl\u00fcsse", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert done.stderr.startswith("mmtutorial: ")
    assert done.stderr.count("\n") == 1
