"""The set-up cell, on a machine like Colab's: torch is there, the package is not, and nothing may replace torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
import torch

import mmtutorial
from tests.notebooks.running import LEARNERS, REPOSITORY, environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links to installed packages need rights that Windows asks for")

ON_COLAB = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
LOOK = "\nimport torch\nprint(mmtutorial.__file__)\nprint(torch.__version__)\n"


def set_up_cell() -> str:
    notebook = nbformat.read(LEARNERS[0], as_version=4)
    return next(cell.source for cell in notebook.cells if cell.cell_type == "code")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel, built from a copy so that nothing is left in the repository."""
    copy = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("mmtutorial", "notebooks"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT"):
        shutil.copy(REPOSITORY / name, copy)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        copy / "dist",
        copy,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A new environment that sees all installed packages but this one. It has no files of its own yet."""
    there = tmp_path / "there"
    there.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "mmtutorial" not in path.name and not path.name.endswith(".pth"):
            (there / path.name).symlink_to(path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "fresh"], check=True, timeout=120)
    (own_packages(tmp_path / "fresh") / "there.pth").write_text(str(there))
    return tmp_path / "fresh"


def own_packages(venv: Path) -> Path:
    (found,) = venv.glob("lib/python*/site-packages")
    return found


def run(venv: Path, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    variables = {**environment(), "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # Without the repository on the path: a notebook on Colab has none.
    variables["PYTHONPATH"] = variables["PYTHONPATH"].split(os.pathsep)[0]
    return subprocess.run(
        [venv / "bin" / "python", "-c", code],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_on_colab_a_wheel_beside_the_notebook_is_installed_and_torch_left_alone(
    wheel: Path, fresh: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    shutil.copy(wheel, folder)
    done = run(fresh, ON_COLAB + set_up_cell() + LOOK, folder)
    assert done.returncode == 0, done.stderr
    said, place, version = done.stdout.splitlines()[-3:]
    assert said == f"mmtutorial {mmtutorial.__version__}, preset smoke"
    assert Path(place).is_relative_to(fresh)
    assert version == torch.__version__
    assert f"torch=={metadata.version('torch')}" in (folder / "keep.txt").read_text()
    own = {path.name.split("-")[0] for path in own_packages(fresh).iterdir()}
    assert own <= {"mmtutorial", "there.pth", "__pycache__"}
    again = run(fresh, set_up_cell(), folder)
    assert again.returncode == 0, again.stderr
    assert (fresh / "share" / "mmtutorial" / "notebooks" / LEARNERS[0].name).exists()
    copy = "from pathlib import Path; from mmtutorial.cli.lab import copy_notebooks; copy_notebooks(Path('mine'))"
    copied = run(fresh, copy, folder)
    assert copied.returncode == 0, copied.stderr
    assert (folder / "mine" / LEARNERS[0].name).exists()


def test_on_colab_in_a_bare_folder_the_remedy_is_named(fresh: Path, tmp_path: Path) -> None:
    done = run(fresh, ON_COLAB + set_up_cell(), tmp_path)
    assert done.returncode == 1
    assert "upload mmtutorial-*.whl beside this notebook" in done.stderr.splitlines()[-1]


def test_elsewhere_nothing_is_installed(wheel: Path, fresh: Path, tmp_path: Path) -> None:
    shutil.copy(wheel, tmp_path)
    done = run(fresh, set_up_cell(), tmp_path)
    assert done.returncode == 1
    assert "run 'pip install -e .' with this Python" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "keep.txt").exists()


def test_where_the_package_is_there_the_cell_only_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object, **__: object) -> None:
        pytest.fail("the set-up cell started a program")

    monkeypatch.setattr(subprocess, "run", no)
    monkeypatch.chdir(tmp_path)
    exec(compile(set_up_cell(), "set-up", "exec"), {})
    assert list(tmp_path.iterdir()) == []
