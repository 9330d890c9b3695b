"""Where the notebooks are: in the repository, or with an installed wheel."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import mmtutorial
from mmtutorial.errors import InputError


def notebooks_folder() -> Path:
    """Return the folder of the notebooks: that of the repository, or the one that a wheel brought along.

    Raises:
        InputError: there is none.
    """
    repository = Path(mmtutorial.__file__).resolve().parent.parent / "notebooks"
    found = repository if any(repository.glob("*.ipynb")) else _installed()
    if found is None:
        raise InputError("this installation has no notebooks; clone the repository and run 'mmtutorial lab' in it")
    return found


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
