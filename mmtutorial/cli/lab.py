"""Opens the notebooks in JupyterLab.

In a copy of the repository they are opened where they lie. A package installed without the repository brings them
along, in a folder that the user may not be able to write to; then they are copied to a folder of the user's first.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import mmtutorial
from mmtutorial.errors import InputError

COPY = "mmtutorial-notebooks"


def start_lab(folder: Path | None = None, *, browser: bool = True) -> int:
    """Runs JupyterLab until it is closed.

    Args:
        folder: where to copy the notebooks to. None: the repository's own, or ``mmtutorial-notebooks`` here.
        browser: whether to open a browser window.

    Returns:
        Its exit code.

    Raises:
        InputError: JupyterLab is not installed, or the notebooks are nowhere to be found.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError(
            f"JupyterLab is not installed in {sys.executable}; install it with: "
            f'"{sys.executable}" -m pip install jupyterlab ipywidgets'
        )
    place = notebook_folder(folder)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={place}"]
    return subprocess.run(command if browser else [*command, "--no-browser"], check=False).returncode


def notebook_folder(folder: Path | None = None) -> Path:
    """The folder in which to work on the notebooks, filled where it is a copy.

    What is there already stays: nobody's answers are overwritten.

    Raises:
        InputError: the notebooks are nowhere to be found, or the folder cannot be written to.
    """
    repository = Path(mmtutorial.__file__).resolve().parent.parent / "notebooks"
    in_repository = any(repository.glob("*.ipynb"))
    if in_repository and folder is None:
        return repository
    source = repository if in_repository else _installed()
    if source is None:
        raise InputError("this installation has no notebooks; clone the repository and run 'mmtutorial lab' in it")
    target = (folder or Path(COPY)).resolve()
    try:
        for original in sorted([*source.glob("*.ipynb"), *source.glob("solutions/*.ipynb")]):
            copy = target / original.relative_to(source)
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(original, copy)
    except OSError as error:
        raise InputError(f"cannot copy the notebooks to {target} ({error}); name another with --folder") from None
    return target


def _installed() -> Path | None:
    """The notebooks that a wheel brought along."""
    try:
        files = metadata.files("mmtutorial") or []
    except metadata.PackageNotFoundError:
        return None
    found = [
        Path(str(file.locate())).resolve().parent for file in files if file.match("share/mmtutorial/notebooks/*.ipynb")
    ]
    return next((folder for folder in found if folder.is_dir()), None)
